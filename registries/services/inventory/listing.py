"""Searches, sorts and pages a list of registries that was read whole. Pure."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dashboard.url_query import ParsedQuery, choice, number, text
from registries.images.credential_lookup import number_of
from registries.rancher.types import Registry

SIZES = (50, 100, 200)
SORTS = ("address", "name", "state", "description", "credentials", "age")
FACETS = ("active", "inactive", "changing", "error", "attention", "removed")


@dataclass(frozen=True)
class ListQuery(ParsedQuery):
    """What the URL says: `q state sort order page size`; whatever makes no sense becomes the default."""

    q: str = text(longest=200)
    state: str = choice("", *FACETS)
    sort: str = choice(*SORTS)
    order: str = choice("asc", "desc")
    page: int = number(1, range(1, 10_001))
    size: int = number(50, SIZES)


@dataclass(frozen=True)
class ListPage:
    """One page of the result. `counts` ignore the chosen facet, so that every facet shows its own number."""

    rows: tuple[Registry, ...]
    matching: tuple[Registry, ...]
    total: int
    counts: Mapping[str, int]
    page: int
    pages: int
    first: int
    last: int

    def with_counts(self, counts: Mapping[str, int], *, total: int) -> "ListPage":
        return replace(self, counts=counts, total=total)


def facet_of(registry: Registry) -> str:
    """State facet of the registry; all transitional states are `changing`."""
    if registry.transitioning == "error":
        return "error"
    if registry.is_moving:
        return "changing"
    return registry.state if registry.state in {"active", "inactive", "removed"} else "changing"


def find_registries(
    registries: Sequence[Registry], query: ListQuery, *, attention: Collection[str] = frozenset()
) -> ListPage:
    """Finds one page of matching registries; a page past the end becomes the last. `attention` are registry ids."""
    found = [registry for registry in registries if _matches(registry, fold(query.q))] if query.q else list(registries)
    counts = Counter(map(facet_of, found))
    counts["attention"] = sum(registry.id in attention for registry in found)
    if query.state == "attention":
        shown = [registry for registry in found if registry.id in attention]
    elif query.state:
        shown = [registry for registry in found if facet_of(registry) == query.state]
    else:
        shown = found
    shown.sort(key=_by_id)
    shown.sort(key=SORT_KEYS[query.sort], reverse=query.order == "desc")
    pages = max(1, -(-len(shown) // query.size))
    page = min(query.page, pages)
    start = (page - 1) * query.size
    rows = tuple(shown[start : start + query.size])
    return ListPage(rows, tuple(shown), len(found), counts, page, pages, start + 1 if rows else 0, start + len(rows))


def fold(text: str) -> str:
    """Folds letters' case and accents, for searching."""
    if text.isascii():
        return text.lower()
    return "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))


def users_of(registry: Registry) -> list[str]:
    """Users of the registry's credentials in Rancher's order: active ones first, then by id."""
    credentials = sorted(registry.credentials or (), key=lambda one: (one.state != "active", number_of(one.id)))
    return [credential.public_value or "" for credential in credentials]


def _matches(registry: Registry, needle: str) -> bool:
    return any(needle in fold(text) for text in (registry.server_address, registry.name, registry.description) if text)


def _by_id(registry: Registry) -> tuple[int, str]:
    return len(registry.id), registry.id


def _age(registry: Registry) -> float:
    return -registry.created_at.timestamp() if registry.created_at else 0.0


SORT_KEYS: dict[str, Callable[[Registry], Any]] = {
    "address": lambda registry: fold(registry.server_address or ""),
    "name": lambda registry: (not registry.name, fold(registry.name or "")),
    "state": lambda registry: registry.state,
    "description": lambda registry: (not registry.description, fold(registry.description or "")),
    "credentials": lambda registry: (len(registry.credentials or ()), fold(" ".join(users_of(registry)))),
    "age": _age,
}
