"""The query of a list's URL: read from it, and written into the links of the page."""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any, Self
from urllib.parse import urlencode


class URLQuery:
    """What a URL asks of a list; a subclass says which parameters there are."""

    def parameters(self) -> Mapping[str, object]:
        """The parameters as they are in force, by name."""
        raise NotImplementedError

    def url(self, **changes: object) -> str:
        """`?…` with some parameters changed: defaults are left out, and it leads to page 1 unless `page` is given."""
        named = {**self.parameters(), "page": 1, **changes}
        kept = {name: value for name, value in named.items() if value not in ("", None, self._default(name))}
        return f"?{urlencode(kept)}"

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for; "" and None ask for nothing."""
        return any(value not in ("", None) for value in self.parameters().values())

    def _default(self, name: str) -> object:
        return 1 if name == "page" else ""


@dataclass(frozen=True)
class ParsedQuery(URLQuery):
    """A query as a dataclass whose fields are made by `text`, `choice` and `number`."""

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> Self:
        """Whatever is missing or makes no sense becomes the default."""
        chosen = {}
        for one in fields(cls):
            with suppress(KeyError, ValueError):
                chosen[one.name] = one.metadata["read"](values[one.name])
        return cls(**chosen)

    def parameters(self) -> Mapping[str, object]:
        return vars(self)

    def _default(self, name: str) -> object:
        return getattr(type(self), name, super()._default(name))


def text(*, longest: int) -> Any:
    """A field for words that are searched for; what is too long is cut."""
    return _field("", lambda value: value.strip()[:longest].strip())


def choice(default: str, *others: str) -> Any:
    """A field for one of some words."""
    return _field(default, lambda value: _one_of((default, *others), value))


def number(default: int, allowed: Collection[int]) -> Any:
    """A field for one of some numbers, such as a range."""
    return _field(default, lambda value: _one_of(allowed, int(value) if value.isdecimal() else default))


def _field(default: object, read: Callable[[str], object]) -> Any:
    return field(default=default, metadata={"read": read})


def _one_of(allowed: Collection[Any], value: object) -> object:
    if value not in allowed:
        raise ValueError(value)
    return value
