"""Filters, sorting and paging of collections, as the recordings in `registry-lists.json` show them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import parse_qsl, quote

from registries.sandbox import collation
from registries.sandbox.answers import Document
from registries.sandbox.state import number_in

DEFAULT_LIMIT, MAX_LIMIT = 100, 3000
Value = str | int | None
Thing = TypeVar("Thing")

# References are compared by the number in the id, and shown so in `filters`.
REFERENCES = frozenset(
    {"accountId", "registryId", "resourceId", "authenticatedAsAccountId", "agentId", "zoneId", "physicalHostId"}
)
TIMES = frozenset({"created", "removed", "removeTime", "startTime", "endTime"})
NUMBERS = frozenset({"id", "priority", "runtime", "physicalTotalSizeMb", "virtualTotalSizeMb"})


@dataclass(frozen=True, slots=True)
class Condition:
    name: str
    modifier: str
    value: str

    def holds(self, actual: Value) -> bool:
        """Whether the condition is true, by SQL's rules: never for null, nor for a value of another type."""
        if self.modifier in ("null", "notnull"):
            return (actual is None) == (self.modifier == "null")
        if self.name == "kind":
            return True  # Rancher ignores the value: every resource type has its own kind
        if actual is None:
            return False
        if isinstance(actual, int):
            wanted = self._number()
            return wanted is not None and _compare(self.modifier, actual, wanted)
        return self._text_holds(actual)

    def _number(self) -> int | None:
        if self.name in TIMES and (at := milliseconds_of(self.value)) is not None:
            return at
        return int(self.value) if re.fullmatch(r"-?\d{1,18}", self.value, re.ASCII) else None

    def _text_holds(self, actual: str) -> bool:
        tests: dict[str, Callable[[], bool]] = {
            "eq": lambda: collation.equal(actual, self.value),
            "ne": lambda: not collation.equal(actual, self.value),
            "prefix": lambda: collation.fold(actual).startswith(collation.fold(self.value)),
            "like": lambda: collation.like(actual, self.value),
            "notlike": lambda: not collation.like(actual, self.value),
        }
        return tests[self.modifier]()


def _compare(modifier: str, actual: int, wanted: int) -> bool:
    outcomes = {
        "eq": actual == wanted,
        "ne": actual != wanted,
        "lt": actual < wanted,
        "lte": actual <= wanted,
        "gt": actual > wanted,
        "gte": actual >= wanted,
    }
    return outcomes[modifier]


def milliseconds_of(text: str) -> int | None:
    """An ISO 8601 time in milliseconds since 1970; None for other text."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


class Query:
    """A request's query against one resource type's filters."""

    def __init__(self, query: str, *, filters: dict[str, tuple[str, ...]]) -> None:
        self.pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
        self._raw = [pair for pair in query.split("&") if pair]
        self._filters = filters
        given = dict(self.pairs)
        self.include = [link for name, value in self.pairs if name == "include" for link in value.split(",")]
        self.sort = given["sort"] if given.get("sort") in filters else None
        self.descending = self.sort is not None and given.get("order", "").lower() == "desc"
        self.limit = _limit(given.get("limit"))
        self.offset = int(found[1]) if (found := re.fullmatch(r"m(\d{1,9})", given.get("marker", ""))) else 0
        self.conditions = [condition for pair in self.pairs if (condition := self._condition(*pair))]

    def _condition(self, name: str, value: str) -> Condition | None:
        field, _, modifier = name.rpartition("_")
        if name in self._filters:
            field, modifier = name, "eq"
        if modifier not in self._filters.get(field, ()):
            return None
        if field in REFERENCES and (number := number_in(value)) is not None:
            value = str(number)
        return Condition(field, modifier, value)

    def select(self, things: Iterable[Thing], column: Callable[[Thing, str], Value]) -> tuple[list[Thing], bool]:
        """One page of the matching things, sorted by id unless asked otherwise, and whether more follow."""
        kept = [thing for thing in things if all(one.holds(column(thing, one.name)) for one in self.conditions)]
        if (name := self.sort) is not None:
            kept.sort(key=lambda thing: _sort_key(column(thing, name)))
        if self.descending:
            kept.reverse()
        return kept[self.offset : self.offset + self.limit], len(kept) > self.offset + self.limit

    def head(self, url: str, *, more: bool) -> Document:
        """A collection's members besides its data: links to sort by, paging, sort and the filters that were set."""
        unsorted = self._without("sort", "order")
        shown: dict[str, list[Document] | None] = dict.fromkeys(self._filters)
        for condition in self.conditions:
            entries = shown[condition.name] or []
            shown[condition.name] = [*entries, {"value": condition.value, "modifier": condition.modifier}]
        following = _url(url, [*self._without("marker"), f"marker=m{self.offset + self.limit}"]) if more else None
        sort = None
        if self.sort:
            back = "asc" if self.descending else "desc"
            reverse = _url(url, [*self._without("order", "marker"), f"order={back}"])
            sort = {"name": self.sort, "reverse": reverse, "order": "desc" if self.descending else "asc"}
        return {
            "sortLinks": {name: _url(url, [*unsorted, f"sort={name}"]) for name in self._filters},
            "pagination": {
                "first": None,
                "previous": None,
                "next": following,
                "limit": self.limit,
                "total": None,
                "partial": more,
            },
            "sort": sort,
            "filters": shown,
            "createDefaults": {},
        }

    def _without(self, *names: str) -> list[str]:
        return [pair for pair in self._raw if pair.partition("=")[0] not in names]


def _limit(text: str | None) -> int:
    if text is None or not re.fullmatch(r"-?\d{1,9}", text, re.ASCII):
        return DEFAULT_LIMIT
    return int(text) if 0 < int(text) <= MAX_LIMIT else MAX_LIMIT


def _sort_key(value: Value) -> tuple[int, int, str]:
    """Sort key with nulls first, as in the database."""
    if value is None:
        return (0, 0, "")
    return (1, value, "") if isinstance(value, int) else (1, 0, collation.fold(value))


def _url(url: str, pairs: Sequence[str]) -> str:
    return f"{url}?{'&'.join(quote(pair, safe='%=+~!*().,:;/@$-_') for pair in pairs)}"
