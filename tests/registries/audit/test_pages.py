"""The audit log's pages: what is found, page by page, over time, and one event with its difference."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client as Browser
from django.utils import timezone

from dashboard.events import Event, Outcome
from dashboard.people.models import User
from registries.audit_words import WORDS, sentence
from registries.events import ProfileEvent
from registries.models import AuditEvent, ConnectionProfile
from registries.services.audit import histogram
from registries.services.audit import query as audit_query
from registries.services.audit.histogram import BARS, draw_graph
from registries.services.audit.query import AuditQuery, find_page
from registries.services.audit.write import write_audit_event
from tests import audit_table

pytestmark = pytest.mark.django_db
LIST = "/audit/"


@pytest.fixture
def reader(browse: Callable[[User], Browser], auditor: User) -> Browser:
    return browse(auditor)


@pytest.fixture(autouse=True)
def _log_of_a_year(db: None) -> None:
    audit_table.restart(timezone.now() - timedelta(days=365))


def rows_of(page: str) -> list[int]:
    """Which events of the test, the first one being 1, are on the page; row 1 of the log is from before it."""
    return [int(one) - 1 for one in re.findall(r'<tr data-id="(\d+)"', page) if one != "1"]


def get(reader: Browser, query: str = "") -> str:
    return reader.get(f"{LIST}{query}").content.decode()


def fill(count: int, *, minutes_apart: int = 1) -> None:
    """So many events, the last one now."""
    start = timezone.now() - timedelta(minutes=minutes_apart * (count - 1))
    for number in range(count):
        at = start + timedelta(minutes=minutes_apart * number)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("registries.services.audit.write.timezone.now", lambda at=at: at)
            write_audit_event(Event(action="team.create" if number % 2 else "team.rename", actor_name=f"name{number}"))


def test_shows_the_newest_first_and_pages_by_id(reader: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_query, "PAGE_SIZE", 4)
    fill(10)
    newest = get(reader)
    assert rows_of(newest) == [10, 9, 8, 7]
    older = re.search(r'href="(\?before=\d+)">Older', newest).group(1)  # type: ignore[union-attr]
    second = get(reader, older)
    assert rows_of(second) == [6, 5, 4, 3]
    assert rows_of(get(reader, re.search(r'href="(\?after=\d+)">', second).group(1))) == [10, 9, 8, 7]  # type: ignore[union-attr]
    last = get(reader, re.search(r'href="(\?before=\d+)">Older', second).group(1))  # type: ignore[union-attr]
    assert (rows_of(last), "Older" in last) == ([2, 1], False)


def test_goes_back_to_newer_events_page_by_page(reader: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_query, "PAGE_SIZE", 3)
    fill(10)
    page, seen = get(reader, "?after=2"), []
    while newer := re.search(r'href="(\?after=\d+)">', page):
        seen.append(rows_of(page))
        page = get(reader, newer.group(1))
    assert [*seen, rows_of(page)] == [[4, 3, 2], [7, 6, 5], [10, 9, 8]]


@pytest.mark.parametrize(
    "query", ["?before=0", "?before=1", "?before=x", "?after=999999999", "?before=99999999999999999"]
)
def test_a_page_that_is_not_there_is_a_page_all_the_same(reader: Browser, query: str) -> None:
    fill(3)
    assert reader.get(f"{LIST}{query}").status_code == 200


def test_every_page_takes_the_same_few_queries(
    reader: Browser, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    fill(120)
    get(reader)  # notes once that the person was seen
    for query in ("", "?before=60", "?before=2", "?action=team.create", "?range=1h", "?q=name7"):
        with django_assert_max_num_queries(12):
            get(reader, query)


def test_filters_by_person_team_profile_action_outcome_and_text(
    reader: Browser, operator: User, profile: ConnectionProfile
) -> None:
    team = Group.objects.create(name="Payments")
    operator.groups.add(team)
    write_audit_event(Event(action="team.create", actor_name="somebody", target_name="Logistics"))
    write_audit_event(
        ProfileEvent(action="registry.create", actor=operator, profile=profile, target_name="quay.io", outcome="failed")
    )
    write_audit_event(ProfileEvent(action="profile.check", actor_name="x", profile=profile, reason="OPS-2198"))
    found = {
        "?person=operator": [2],
        f"?team={team.pk}": [2],
        "?profile=staging": [3, 2],
        "?action=team.create": [1],
        "?outcome=failed": [2],
        "?q=QUAY": [2],
        "?q=ops-2198": [3],
        "?q=logistics&action=team.create": [1],
        "?q=nothing+like+it": [],
        "?profile=staging&outcome=succeeded": [3],
    }
    assert {query: rows_of(get(reader, query)) for query in found} == found
    operator.groups.clear()
    assert rows_of(get(reader, f"?team={team.pk}")) == []


def test_filters_by_time_with_presets_and_moments(reader: Browser) -> None:
    fill(5, minutes_apart=40)
    assert rows_of(get(reader, "?range=1h")) == [5, 4]
    third = AuditEvent.objects.get(pk=4).at.astimezone(UTC)
    assert rows_of(get(reader, f"?from={third:%Y-%m-%dT%H:%M:%S}")) == [5, 4, 3]
    assert rows_of(get(reader, f"?to={third:%Y-%m-%dT%H:%M:%S}")) == [2, 1]
    assert rows_of(get(reader, "?from=2031-01-01")) == []
    page = get(reader, "?from=yesterday&action=nonsense")
    assert rows_of(page) == [5, 4, 3, 2, 1]
    assert page.count("It filters nothing") == 1


def test_a_change_is_one_row_its_end(reader: Browser, profile: ConnectionProfile) -> None:
    ends: tuple[tuple[Outcome, int], ...] = (("begun", 7), ("begun", 8), ("succeeded", 7))
    for outcome, operation_id in ends:
        write_audit_event(
            ProfileEvent(
                action="registry.create",
                actor_name="a",
                profile=profile,
                outcome=outcome,
                operation_id=operation_id,
            )
        )
    assert rows_of(get(reader)) == [3, 2]


def test_a_search_says_how_far_it_looked_and_goes_on(reader: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_query, "MOST_READ", 5)
    fill(12)
    first = get(reader, "?q=name1")  # name11, name10, name1
    assert rows_of(first) == [12, 11]
    further = re.search(r'href="(\?q=name1&amp;before=\d+)"', first).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    second = get(reader, further)
    assert (rows_of(second), "Nothing matches so far" in second) == ([], True)
    further = re.search(r'href="(\?q=name1&amp;before=\d+)"', second).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    assert rows_of(get(reader, further)) == [2]


def test_bars_count_what_the_list_shows(reader: Browser, django_assert_num_queries: Callable[..., Any]) -> None:
    fill(20, minutes_apart=5)
    until = (timezone.now() + timedelta(seconds=1)).replace(microsecond=0)
    whole = AuditQuery(since=until - timedelta(hours=2), until=until)
    with django_assert_num_queries(1):
        graph = draw_graph(whole)
    assert (len(graph.bars), sum(bar.count for bar in graph.bars), graph.is_whole) == (BARS, 20, True)
    for query, expected in ((replace(whole, action="team.create"), 10), (replace(whole, q="name1"), 11)):
        narrow = draw_graph(query)
        assert (sum(bar.count for bar in narrow.bars), narrow.is_whole) == (expected, True)
    for bar in graph.bars:
        events = AuditEvent.objects.filter(at__gte=bar.since, at__lt=bar.until)
        assert events.count() == bar.count


@pytest.mark.parametrize(("limit", "query"), [("MOST_READ", "?q=name"), ("MOST_COUNTED", "?action=team.create")])
def test_a_graph_says_when_it_does_not_count_all_that_match(
    reader: Browser, monkeypatch: pytest.MonkeyPatch, limit: str, query: str
) -> None:
    fill(12)
    assert "the newest events that match" not in get(reader, query)
    monkeypatch.setattr(histogram, limit, 5)
    assert "the newest events that match" in get(reader, query)


def test_a_bar_leads_to_its_own_time(reader: Browser) -> None:
    fill(4, minutes_apart=60 * 24 * 5)
    page = get(reader)
    links = re.findall(r'<a href="(\?from=[^"]+)" aria-label="1 event,', page)
    assert len(links) == 4
    assert [rows_of(get(reader, link.replace("&amp;", "&"))) for link in links] == [[1], [2], [3], [4]]


def test_an_event_shows_its_difference_its_reason_and_no_secret(reader: Browser) -> None:
    write_audit_event(
        Event(
            action="team.rename",
            actor_name="alice",
            target_name="<b>Payments</b>",
            reason="OPS-1",
            before={"name": "Old", "size": 3},
            after={"name": "New", "size": 3},
        )
    )
    page = reader.get("/audit/2/").content.decode()
    assert re.search(r'class="diff-old">.*?>Old<', page, re.S)
    assert re.search(r'class="diff-new">.*?>New<', page, re.S)
    assert re.search(r'class="diff-same">.*?>3<', page, re.S)
    assert ("OPS-1" in page, "<b>Payments" in page, "&lt;b&gt;Payments" in page) == (True, False, True)
    assert reader.get("/audit/3/").status_code == 404


def test_a_row_opens_in_place_and_closes_again(reader: Browser) -> None:
    write_audit_event(Event(action="team.rename", actor_name="alice", before={"name": "Old"}, after={"name": "New"}))
    headers = {"HX-Request": "true", "HX-Target": "event-2"}
    opened = reader.get("/audit/2/", headers=headers).content.decode()
    assert opened.count("<tbody") == 1
    assert ("row-detail" in opened, 'aria-expanded="true"' in opened, "?close=1" in opened) == (True, True, True)
    closed = reader.get("/audit/2/?close=1", headers=headers).content.decode()
    assert ("row-detail" in closed, 'aria-expanded="false"' in closed) == (False, True)


def test_an_export_is_an_event_and_holds_what_is_filtered(reader: Browser) -> None:
    fill(6)
    answer = reader.get("/audit/export/?format=jsonl&action=team.create")
    lines = b"".join(answer).decode().splitlines()
    assert len(lines) == 3 + 1
    assert answer["Content-Disposition"].startswith('attachment; filename="corral-audit-')
    event = AuditEvent.objects.get(action="audit.export")
    assert event.after_values == {"filter": "action=team.create", "format": "jsonl"}


def test_an_auditor_lands_on_it(client: Browser, auditor: User) -> None:
    from tests.registries.conftest import PASSWORD  # noqa: PLC0415

    answer = client.post("/accounts/login/", {"login": "auditor", "password": PASSWORD})
    assert answer.headers["Location"] == LIST
    assert 'href="/audit/"' in client.get("/").content.decode()


def test_every_action_reads_as_a_sentence() -> None:
    assert sentence("team.add") == "added somebody to team"
    assert sentence("fleet.fold_up") == "fold up fleet"
    assert [word for word in WORDS.values() if not word[0].islower()] == []


def test_a_page_of_nothing_invites_nobody_to_write(reader: Browser) -> None:
    with audit_table.unguarded():
        audit_table.empty()
    assert "No events yet" in get(reader)
    assert find_page(AuditQuery()).events == ()


def test_an_export_of_registries_is_an_event_of_its_profile(reader: Browser, profile: ConnectionProfile) -> None:
    reader.get("/profiles/staging/registries/export/?format=json&q=quay")
    event = AuditEvent.objects.get(action="registry.export")
    assert (event.profile_id, event.actor_name) == (profile.pk, "auditor")
    assert event.after_values == {"format": "json", "rows": 0, "filter": "q=quay"}
