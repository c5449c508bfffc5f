"""The query of a list's URL: nonsense becomes the default, links hold nothing that goes without saying."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.url_query import ParsedQuery, URLQuery, choice, number, text


@dataclass(frozen=True)
class Query(ParsedQuery):
    q: str = text(longest=5)
    sort: str = choice("name", "age")
    page: int = number(1, range(1, 10))
    size: int = number(50, (50, 100))


class Filled(URLQuery):
    """A query that keeps its parameters as they were sent, as a form does."""

    def parameters(self) -> Mapping[str, object]:
        return {"q": "a b", "team": "", "from": None}


def test_reads_what_makes_sense() -> None:
    assert Query.parse({"q": " quay.io ", "sort": "age", "page": "3", "size": "100"}) == Query("quay.", "age", 3, 100)


@pytest.mark.parametrize(
    "values",
    [{}, {"sort": "colour", "page": "0", "size": "70"}, {"page": "-1", "size": "1e2"}, {"page": "1" + "0" * 5000}],
)
def test_nonsense_becomes_the_default(values: dict[str, str]) -> None:
    assert Query.parse(values) == Query("", "name", 1, 50)


@given(st.dictionaries(st.sampled_from(["q", "sort", "page", "size", "other"]), st.text(max_size=8)))
def test_a_link_leads_to_the_query_that_it_was_made_of(values: dict[str, str]) -> None:
    query = Query.parse(values)
    url = query.url(page=query.page)
    sent = {name: last for name, (*_, last) in parse_qs(url[1:], strict_parsing=bool(url[1:])).items()}
    assert Query.parse(sent) == query


@pytest.mark.parametrize(
    ("query", "changes", "url"),
    [
        pytest.param(Query(), {}, "?", id="defaults"),
        pytest.param(Query("quay", "age", 3, 100), {}, "?q=quay&sort=age&size=100", id="page 1"),
        pytest.param(Query("quay", page=3), {"page": 4}, "?q=quay&page=4", id="another page"),
        pytest.param(Query("quay", "age", 3), {"sort": "name"}, "?q=quay", id="back to a default"),
        pytest.param(Query("quay"), {"q": ""}, "?", id="emptied"),
        pytest.param(Filled(), {}, "?q=a+b", id="no empty parameters"),
        pytest.param(Filled(), {"q": None, "page": 2, "before": 7}, "?page=2&before=7", id="left out and added"),
    ],
)
def test_links_leave_out_what_goes_without_saying(query: URLQuery, changes: dict[str, object], url: str) -> None:
    assert query.url(**changes) == url


def test_says_whether_anything_is_asked_for() -> None:
    assert Filled().is_narrowed
    assert not type("Empty", (Filled,), {"parameters": lambda _: {"q": "", "from": None}})().is_narrowed
