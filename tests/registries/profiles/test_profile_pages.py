"""Connection profiles: checked before they are saved, keys that never come out, and what happens when they move."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client as Browser
from django.utils import timezone

from dashboard.people.models import User
from registries.models import AllowedTarget, ConnectionProfile, Operation
from registries.rancher.errors import ReadOnlyKey
from registries.services.inventory.reading import read_registries
from registries.services.upstream import connection
from tests.registries.conftest import Rancher

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "/profiles/new/"
CANARY = "canary-5ecret-key"


@pytest.fixture
def web(browse: Callable[[User], Browser], admin: User, loopback: AllowedTarget) -> Browser:
    return browse(admin)


def form(rancher: Rancher, role: str = "env", **fields: Any) -> dict[str, Any]:
    access_key, secret_key = rancher.sandbox.keys[role]
    values = {"name": "Production EU", "base_url": rancher.base_url, "access_key": access_key, "secret_key": secret_key}
    return values | fields


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_makes_a_profile_in_one_step_after_a_check_that_passed(web: Browser, rancher: Rancher) -> None:
    answer = web.post(NEW, form(rancher, project_id="1a5", protection="protected", tags="eu, prod"))
    assert answer.status_code == 303, text_of(answer)
    made = ConnectionProfile.objects.get()
    assert (made.slug, made.project_id, made.protection, made.tags) == (
        "production-eu",
        "1a5",
        "protected",
        ["eu", "prod"],
    )
    assert (made.check_passed, made.rights, made.key_kind) == (True, "full", "environment")
    page = text_of(web.get(made.get_absolute_url()))
    for words in ("The key is accepted", "An environment key", "Full: registries can be read and changed"):
        assert words in page


def test_takes_anything_that_people_paste(web: Browser, rancher: Rancher) -> None:
    pasted = f"  {rancher.base_url}/v2-beta/projects/1a5/registries/1sp1?x=1 "
    assert web.post(NEW, form(rancher, base_url=pasted)).status_code == 303
    made = ConnectionProfile.objects.get()
    assert (made.base_url, made.api_version, made.project_id) == (rancher.base_url, "v2-beta", "1a5")


def test_shows_what_cleaning_does_while_the_address_is_typed(web: Browser) -> None:
    page = text_of(web.get("/profiles/address/", {"base_url": "rancher.example.com:8080/env/1a5/apps"}))
    assert "http://rancher.example.com:8080" in page
    assert "It names the project 1a5." in page
    assert "user" in text_of(web.get("/profiles/address/", {"base_url": "http://a:b@rancher.example.com"}))


def test_checks_without_saving(web: Browser, rancher: Rancher) -> None:
    page = text_of(web.post(NEW, form(rancher, intent="check")))
    assert "Nothing was saved yet" in page
    assert not ConnectionProfile.objects.exists()


@pytest.mark.parametrize(
    ("change", "step", "remedy"),
    [
        ({"base_url": "http://127.0.0.1:9"}, "Rancher refuses the connection", "Check the port"),
        ({"secret_key": "wrong"}, "Rancher rejects the keys", "Make a new key in Rancher"),
        ({"project_id": "1a7"}, "no right to this project", "This key opens 1a5, not 1a7"),
    ],
)
def test_says_which_step_failed_and_saves_all_the_same_only_when_asked(
    web: Browser, rancher: Rancher, change: dict[str, str], step: str, remedy: str
) -> None:
    answer = web.post(NEW, form(rancher, **change))
    page = text_of(answer)
    assert answer.status_code == 422
    assert step in page
    assert remedy in page
    assert not ConnectionProfile.objects.exists()
    assert web.post(NEW, form(rancher, intent="save_anyway", **change)).status_code == 303
    made = ConnectionProfile.objects.get()
    assert made.check_passed is False
    assert "did not pass" in text_of(web.get(made.get_absolute_url()))


def test_tells_something_else_from_rancher(web: Browser, rancher: Rancher) -> None:
    rancher.fail("html", match="GET /ping")
    page = text_of(web.post(NEW, form(rancher)))
    assert "what answers there is not the API of Rancher" in page.replace("&#x27;", "'")


def test_speaks_no_tls_to_a_port_without_it(web: Browser, rancher: Rancher) -> None:
    AllowedTarget.objects.create(scheme="https", host="127.0.0.1")
    connection.forget_targets()
    page = text_of(web.post(NEW, form(rancher, base_url=rancher.base_url.replace("http:", "https:"))))
    assert "The port speaks plain http" in page


def test_connects_only_where_an_admin_allowed_it(web: Browser, rancher: Rancher, loopback: AllowedTarget) -> None:
    loopback.delete()
    connection.forget_targets()
    page = text_of(web.post(NEW, form(rancher)))
    assert "not among the allowed targets" in page
    assert rancher.calls() == 0


def test_offers_every_project_of_an_account_key_and_makes_a_profile_for_each(web: Browser, rancher: Rancher) -> None:
    first = web.post(NEW, form(rancher, "admin"))
    assert first.status_code == 422
    assert text_of(first).count('name="projects"') == 2
    answer = web.post(NEW, form(rancher, "admin", projects=["1a5", "1a7"]))
    assert answer.status_code == 303, text_of(answer)
    made = ConnectionProfile.objects.order_by("project_id")
    assert [(one.project_id, one.rights, one.check_passed) for one in made] == [
        ("1a5", "full", True),
        ("1a7", "full", True),
    ]
    assert len({one.slug for one in made}) == 2


def test_reads_with_a_read_only_key_and_sends_no_write(web: Browser, rancher: Rancher) -> None:
    web.post(NEW, form(rancher, "readonly"))
    made = ConnectionProfile.objects.get()
    assert made.rights == "read-only"
    assert "Corral offers nothing that writes" in text_of(web.get(made.get_absolute_url()))
    with pytest.raises(ReadOnlyKey):
        connection.client_for(made).registries.create(server_address="quay.io")
    assert rancher.calls("POST ") == 0


def test_keeps_the_keys_when_their_fields_stay_blank(web: Browser, rancher: Rancher) -> None:
    web.post(NEW, form(rancher))
    before = ConnectionProfile.objects.get()
    url = f"{before.get_absolute_url()}edit/"
    assert web.post(url, form(rancher, name="Renamed", access_key="", secret_key="")).status_code == 303
    after = ConnectionProfile.objects.get()
    assert (after.name, after.slug) == ("Renamed", "production-eu")
    assert after.secret_key.reveal() == rancher.sandbox.keys["env"][1]


def test_clears_the_keys_when_the_origin_changes(web: Browser, rancher: Rancher) -> None:
    web.post(NEW, form(rancher))
    url = f"{ConnectionProfile.objects.get().get_absolute_url()}edit/"
    moved = form(rancher, base_url="http://127.0.0.1:9", access_key="", secret_key="")
    answer = web.post(url, moved)
    assert answer.status_code == 422
    assert "the stored keys are cleared" in text_of(answer)
    assert web.post(url, moved | {"intent": "save_anyway"}).status_code == 303
    after = ConnectionProfile.objects.get()
    assert not after.has_keys
    assert "Without keys" in text_of(web.get(after.get_absolute_url())) or "Needs keys" in text_of(
        web.get("/profiles/")
    )


def test_asks_for_both_parts_of_a_key(web: Browser, rancher: Rancher) -> None:
    answer = web.post(NEW, form(rancher, secret_key=""))
    assert answer.status_code == 422
    assert "one alone is of no use" in text_of(answer)


def test_refuses_what_is_no_certificate(web: Browser, rancher: Rancher) -> None:
    assert "no certificate in PEM form" in text_of(web.post(NEW, form(rancher, ca_certificate="hello")))


def test_checks_again_without_anything_to_type(web: Browser, rancher: Rancher) -> None:
    web.post(NEW, form(rancher))
    made = ConnectionProfile.objects.get()
    rancher.sandbox.switch_key("env", active=False)
    answer = web.post(f"{made.get_absolute_url()}check/", follow=True)
    assert "Rancher rejects the keys" in text_of(answer)
    made.refresh_from_db()
    assert (made.check_passed, made.failure_reason) == (False, "unauthorized")
    rancher.sandbox.switch_key("env", active=True)
    web.post(f"{made.get_absolute_url()}check/")
    made.refresh_from_db()
    assert (made.check_passed, made.failing_since) == (True, None)


def test_removes_the_profile_and_nothing_in_rancher(web: Browser, rancher: Rancher, admin: User) -> None:
    web.post(NEW, form(rancher, protection="protected"))
    made = ConnectionProfile.objects.get()
    words = {"profile": made, "profile_name": made.name, "actor_name": "admin", "verb": "create", "state": "succeeded"}
    Operation.objects.create(**words)
    rancher.sandbox.lines.clear()
    url = f"{made.get_absolute_url()}remove/"
    assert "Nothing is removed in Rancher" in text_of(web.get(url))
    key = {"operation_key": "6f1f1b5e-6d3c-4a57-9a3c-0d4b1b4f9d11"}
    assert web.post(url, key).status_code == 422
    assert web.post(url, key | {"confirm": "Production EU", "reason": "closed"}).status_code == 303
    assert not ConnectionProfile.objects.exists()
    assert Operation.objects.get().profile_name == "Production EU"
    assert rancher.calls() == 0


def test_shows_and_logs_and_stores_no_key_in_the_clear(
    web: Browser, rancher: Rancher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pages = [
        text_of(web.post(NEW, form(rancher, secret_key=CANARY, intent=intent)))
        for intent in ("check", "save", "save_anyway")
    ]
    made = ConnectionProfile.objects.get()
    pages += [text_of(web.get(made.get_absolute_url())), text_of(web.get(f"{made.get_absolute_url()}edit/"))]
    assert made.secret_key.reveal() == CANARY
    assert [page for page in pages if CANARY in page] == []
    assert CANARY not in caplog.text
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM registries_connectionprofile")
        assert CANARY not in repr(cursor.fetchall())
    assert CANARY not in repr(made.secret_key) + str(vars(made))


def test_lists_and_finds_profiles(web: Browser, make_profile: Callable[..., ConnectionProfile]) -> None:
    for name in ("Staging", "Sandbox"):
        make_profile(name=name, slug=name.lower())
    assert text_of(web.get("/profiles/", {"q": "stag"})).count("<tr data-id") == 1
    assert "No profile matches" in text_of(web.get("/profiles/", {"q": "nothing"}))


@pytest.mark.parametrize("name", ["New", "Address"])
def test_takes_no_reserved_word_for_a_slug(web: Browser, rancher: Rancher, name: str) -> None:
    web.post(NEW, form(rancher, name=name))
    assert ConnectionProfile.objects.get().slug == f"{name.lower()}-2"


def test_counts_no_registries_before_they_were_read(web: Browser, profile: ConnectionProfile) -> None:
    page = text_of(web.get(profile.get_absolute_url()))
    assert "Never read" in page
    assert "0 active" not in page
    read_registries(profile)
    assert "0 active" in text_of(web.get(profile.get_absolute_url()))


def test_keeps_a_profile_while_something_is_under_way(
    browse: Callable[[User], Browser], admin: User, profile: ConnectionProfile, rancher: Rancher
) -> None:
    rancher.fail("reset")
    lost = Operation.objects.create(actor=admin, profile=profile, verb="create", state="unknown")
    form = {"operation_key": "6f1f1b5e-6d3c-4a57-9a3c-0d4b1b4f9d12", "confirm": profile.name, "reason": "old"}
    answer = browse(admin).post(f"{profile.get_absolute_url()}remove/", form)
    assert answer.status_code == 422
    assert "still under way" in answer.content.decode()
    Operation.objects.filter(pk=lost.pk).update(started_at=timezone.now() - timedelta(hours=1))
    assert browse(admin).post(f"{profile.get_absolute_url()}remove/", form).status_code == 303
