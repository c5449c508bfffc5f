"""Searching, sorting and paging what was read whole."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.rancher.types import Registry, RegistryCredential
from registries.services.inventory.listing import ListQuery, find_registries, users_of

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def registry(number: int, address: str, **fields: object) -> Registry:
    values = {"state": "active", "created_at": NOW - timedelta(days=number)}
    return Registry(id=f"1sp{number}", server_address=address, **(values | fields))  # type: ignore[arg-type]


ROWS = [
    registry(1, "quay.io", name="Quay", description="Robots of Zürich"),
    registry(2, "Index.docker.io", name="Hub"),
    registry(3, "https://old.example", state="inactive"),
    registry(10, "ghcr.io", state="registering", transitioning="yes"),
    registry(11, "broken.example", transitioning="error"),
]
ATTENTION = frozenset({"1sp3", "1sp11"})


def addresses(**query: object) -> list[str | None]:
    return [row.server_address for row in find_registries(ROWS, ListQuery(**query), attention=ATTENTION).rows]  # type: ignore[arg-type]


def test_sorts_by_address_whatever_the_letters_case() -> None:
    assert addresses() == ["broken.example", "ghcr.io", "https://old.example", "Index.docker.io", "quay.io"]


def test_sorts_by_every_column_both_ways() -> None:
    assert addresses(sort="age")[0] == "quay.io"
    assert addresses(sort="age", order="desc")[0] == "broken.example"
    assert addresses(sort="name")[:2] == ["Index.docker.io", "quay.io"]
    assert addresses(sort="state")[-1] == "ghcr.io"


def test_searches_address_name_and_description_without_case_and_accents() -> None:
    assert addresses(q="QUAY") == ["quay.io"]
    assert addresses(q="zurich") == ["quay.io"]
    assert addresses(q="hub") == ["Index.docker.io"]
    assert addresses(q="nothing like it") == []


def test_counts_every_facet_of_the_search_whichever_is_chosen() -> None:
    page = find_registries(ROWS, ListQuery(state="inactive"), attention=ATTENTION)
    assert [row.server_address for row in page.rows] == ["https://old.example"]
    assert page.total == 5
    assert page.counts == {"active": 2, "inactive": 1, "changing": 1, "error": 1, "attention": 2}


def test_shows_what_needs_attention() -> None:
    assert addresses(state="attention") == ["broken.example", "https://old.example"]


def test_pages_and_takes_a_page_past_the_end_for_the_last() -> None:
    many = [registry(number, f"r{number:03}.example") for number in range(1, 121)]
    page = find_registries(many, ListQuery(page=9))
    assert (page.page, page.pages, page.first, page.last) == (3, 3, 101, 120)
    assert len(page.matching) == 120


def test_names_the_user_that_rancher_takes_first() -> None:
    credentials = (
        RegistryCredential(id="1c9", public_value="later", state="active"),
        RegistryCredential(id="1c2", public_value="off", state="inactive"),
        RegistryCredential(id="1c10", public_value="latest", state="active"),
    )
    assert users_of(registry(1, "quay.io", credentials=credentials)) == ["later", "latest", "off"]


def test_keeps_what_differs_from_the_defaults_in_the_url() -> None:
    query = ListQuery.parse(
        {"q": " quay ", "state": "active", "sort": "age", "order": "desc", "page": "3", "size": "100"}
    )
    assert query.url(page=3) == "?q=quay&state=active&sort=age&order=desc&page=3&size=100"
    assert query.url(state="") == "?q=quay&sort=age&order=desc&size=100"
    assert ListQuery().url() == "?"


@given(st.dictionaries(st.sampled_from(["q", "state", "sort", "order", "page", "size"]), st.text(max_size=12)))
def test_makes_something_of_every_url(values: dict[str, str]) -> None:
    query = ListQuery.parse(values)
    assert find_registries(ROWS, query).page >= 1
    assert query.size in {50, 100, 200}


@pytest.mark.parametrize("typed", ["0", "-1", "x", "10001", "1" + "0" * 5000, "000001" + "0" * 5000, ""])
def test_a_page_that_makes_no_sense_is_the_first(typed: str) -> None:
    assert ListQuery.parse({"page": typed}).page == 1
