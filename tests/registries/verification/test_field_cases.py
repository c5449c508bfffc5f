"""What an image, or a registry that asks nobody, does to badge, schedule and alerts of a credential: nothing."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from dashboard.people.models import User
from registries.access import Access
from registries.models import Alert
from registries.rancher.client import Client
from registries.services.verification import verify
from tests.oci.servers import VERSION, Reply, Server
from tests.registries.conftest import settled
from tests.registries.verification.conftest import Registry, Watch, fresh, login, run_now

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("status", [404, 403])
def test_a_mistyped_image_condemns_no_good_credential(
    access: Access, server: Server, registry: Registry, watch: Watch, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = run_now(watch())
    assert watched.reason == "ok"
    original = Registry.__call__

    def answer(self: Registry, asked: object) -> Reply:
        path = asked.path  # type: ignore[attr-defined]
        return original(self, asked) if path == "/v2/" else Reply(status, VERSION)  # type: ignore[arg-type]

    monkeypatch.setattr(Registry, "__call__", answer)
    wanted = login(server, registry_id="1r1", credential_id="1rc1", image="team/typo:9")
    made = verify.verify_typed(access, wanted, source=verify.Source.PERSON)
    assert made.reason in {"image_not_found", "no_pull_right"}
    now = fresh(watched)
    assert (now.reason, now.failing_since, now.refusals, now.notified_reason) == ("ok", None, 0, "")
    assert not Alert.objects.exists()


def test_a_registry_that_asks_nobody_is_neutral(registry: Registry, watch: Watch) -> None:
    registry.reply = Reply(headers=VERSION)
    watched = run_now(watch())
    assert (watched.reason, watched.failing_since) == ("not_proven", None)
    assert watched.next_check_at is not None
    assert not Alert.objects.exists()


def test_a_list_shows_the_newest_result_at_once(
    browse: Callable[[User], Browser],
    operator: User,
    registry: Registry,
    watch: Watch,
    server: Server,
    upstream: Client,
) -> None:
    made = upstream.registries.create(server_address=server.address).id
    settled(upstream, made, "active")
    credential = upstream.credentials.create(registry_id=made, public_value="ann", secret_value="x")
    watched = run_now(watch(credential.id, registry_id=made))
    browser = browse(operator)
    assert "Works" in browser.get("/profiles/staging/registries/").content.decode()
    registry.secret = "another"
    run_now(watched)
    assert "Refused" in browser.get("/profiles/staging/registries/").content.decode()
