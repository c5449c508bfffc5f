"""The page that says which credential Rancher will use: for every kind of answer, live and out of reach."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from dashboard import timed_cache
from dashboard.people.models import User
from registries.models import ConnectionProfile
from registries.rancher.client import Client
from tests.registries.conftest import Rancher, settled

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/profiles/staging/resolve/"


@pytest.fixture
def web(browse: Callable[[User], Browser], viewer: User) -> Browser:
    return browse(viewer)


@pytest.fixture
def registries(upstream: Client) -> dict[str, str]:
    """Ids by address: quay.io with two credentials, one address that never matches and one on another port."""
    made = {}
    for address in ("quay.io", "https://s.example", "reg.example:5000"):
        made[address] = upstream.registries.create(server_address=address).id
    for user in ("first", "second"):
        upstream.credentials.create(registry_id=made["quay.io"], public_value=user, secret_value="canary-5ecret")
    for rancher_id in made.values():
        settled(upstream, rancher_id, "active")
    timed_cache.clear_all()
    return made


def ask(web: Browser, image: str, **headers: str) -> str:
    answer = web.get(PAGE, {"image": image}, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_names_the_credential_that_wins_and_why_the_others_do_not(web: Browser, registries: dict[str, str]) -> None:
    text = ask(web, "QUAY.io/team/app:1")
    assert "Rancher uses first of quay.io." in text
    assert text.count('data-used="true"') == 1
    assert "1c9 has the lower id." in text
    assert "canary-5ecret" not in text


def test_shows_how_the_name_is_read(web: Browser, registries: dict[str, str]) -> None:
    text = ask(web, "nginx:1.25")
    assert 'none: Docker Hub, which is</span> <span class="mono">index.docker.io' in text
    assert '<dd><span class="mono">1.25</span></dd>' in text


@pytest.mark.parametrize(
    ("image", "remedy"),
    [
        ("s.example/app", "<code>https://s.example</code> never matches: make a registry <code>s.example</code>."),
        ("reg.example/app", "<code>reg.example:5000</code> is another port of the same host"),
    ],
)
def test_tells_a_near_miss_with_its_remedy(web: Browser, registries: dict[str, str], image: str, remedy: str) -> None:
    text = ask(web, image)
    assert "no registry has the address" in text
    assert remedy in text


def test_reads_the_list_once_for_many_questions(web: Browser, registries: dict[str, str], rancher: Rancher) -> None:
    before = rancher.calls("GET .*/registries"), rancher.calls("/settings/registry")
    for image in ("quay.io/a", "s.example/b", "nginx"):
        ask(web, image)
    assert (rancher.calls("GET .*/registries") - before[0], rancher.calls("/settings/registry") - before[1]) == (1, 2)


def test_asks_rancher_nothing_without_an_image(web: Browser, registries: dict[str, str], rancher: Rancher) -> None:
    before = rancher.calls()
    assert "Rancher uses" not in ask(web, "  ")
    assert rancher.calls() == before


def test_applies_the_servers_settings(web: Browser, registries: dict[str, str], rancher: Rancher) -> None:
    rancher.sandbox.state.settings |= {"registry.default": "quay.io", "registry.whitelist": "quay.io"}
    text = ask(web, "team/app")
    assert "registry.default makes it quay.io/team/app." in text
    assert "Rancher uses first of quay.io." in text
    refused = ask(web, "ghcr.io/team/app")
    assert "Rancher refuses this image" in refused
    assert 'data-setting="registry.whitelist" data-effect="refuses"' in refused


def test_says_what_of_the_settings_it_cannot_read(
    web: Browser, registries: dict[str, str], rancher: Rancher, profile: ConnectionProfile
) -> None:
    rancher.fail("status", "/settings/registry", status=403, times=None)
    text = ask(web, "team/app")
    assert text.count("can&#x27;t be read with this key") == 2
    profile.refresh_from_db()
    assert profile.failing_since is None


def test_answers_from_the_last_known_list_when_rancher_is_away(
    web: Browser, registries: dict[str, str], rancher: Rancher
) -> None:
    ask(web, "quay.io/a")
    timed_cache.clear_all()
    rancher.fail("reset", times=None)
    text = ask(web, "quay.io/a")
    assert "Rancher uses first of quay.io." in text
    assert "From the list of" in text
    assert text.count('data-effect="unknown"') == 1


def test_says_that_a_project_was_never_read(web: Browser, rancher: Rancher) -> None:
    rancher.fail("reset", times=None)
    assert "This project was never read." in ask(web, "quay.io/a")


def test_takes_nothing_in_a_name_for_markup(web: Browser, registries: dict[str, str]) -> None:
    text = ask(web, 'x.example/<script>alert("`")</script>')
    assert "<script>alert" not in text


def test_gives_htmx_the_answer_alone_and_everybody_else_the_page(web: Browser, registries: dict[str, str]) -> None:
    part = ask(web, "quay.io/a", **{"HX-Request": "true", "HX-Target": "resolution"})
    assert part.lstrip().startswith('<div id="resolution">')
    assert "<html" not in part
    assert "<html" in ask(web, "quay.io/a")


def test_the_page_of_a_registry_leads_there(web: Browser, registries: dict[str, str]) -> None:
    text = web.get(f"/profiles/staging/registries/{registries['quay.io']}/").content.decode()
    assert f'action="{PAGE}" method="get" hx-get="{PAGE}"' in text
    assert f'href="{PAGE}"' in text
