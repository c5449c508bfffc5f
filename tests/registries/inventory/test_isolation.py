"""One dead or hanging Rancher costs its own card: every other page answers while it still waits."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection as database
from django.test import Client as Browser

from dashboard.people.models import User
from registries.models import ConnectionProfile
from registries.outbound.call_limits import CallLimits
from registries.services.inventory.reading import PATIENT_READERS
from tests.registries.conftest import Rancher, standing

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 6


@pytest.fixture
def other_rancher() -> Iterator[Rancher]:
    yield from standing("1.6")


def test_answers_every_other_page_while_one_rancher_hangs(
    browse: Callable[[User], Browser],
    auditor: User,
    make_profile: Callable[..., ConnectionProfile],
    other_rancher: Rancher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_profile(name="Alive", slug="alive")
    make_profile(server=other_rancher, name="Dead", slug="dead")
    monkeypatch.setattr("registries.outbound.transport.CallLimits", lambda: CallLimits(read_s=60, wall_s=60))
    other_rancher.sandbox.goes_on.clear()
    ended: list[int] = []

    def wait_for_the_dead() -> None:
        ended.append(browse(auditor).get("/profiles/dead/registries/").status_code)
        database.close()

    threads = [threading.Thread(target=wait_for_the_dead) for _ in range(PEOPLE)]
    for thread in threads:
        thread.start()
    while not other_rancher.calls("GET .*/registries"):
        time.sleep(0.01)
    browser = browse(auditor)
    for url in ("/", "/profiles/alive/registries/", "/profiles/alive/", "/operations/", "/profiles/", "/healthz"):
        assert browser.get(url).status_code == 200, url
    told_at_once = PEOPLE - 1 - PATIENT_READERS
    patience = time.monotonic() + 30  # a busy machine starts threads late
    while len(ended) < told_at_once and time.monotonic() < patience:
        time.sleep(0.01)
    waiting = PEOPLE - len(ended)  # all those pages came while the hanging Rancher still kept somebody waiting
    other_rancher.sandbox.goes_on.set()
    for thread in threads:
        thread.join()
    assert 0 < waiting <= 1 + PATIENT_READERS  # the others were told at once
    assert ended == [200] * PEOPLE


def test_counts_the_dead_one_out_and_asks_it_no_more_for_a_while(
    browse: Callable[[User], Browser], auditor: User, make_profile: Callable[..., ConnectionProfile]
) -> None:
    make_profile(base_url="http://127.0.0.1:9", name="Dead", slug="dead")
    browser = browse(auditor)
    pages = [browser.get("/profiles/dead/registries/").content.decode() for _ in range(6)]
    assert "refuses the connection" in pages[0]
    assert "failed several times in a row" in pages[-1]
