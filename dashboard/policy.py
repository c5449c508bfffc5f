"""The stamp that says who may use a view; a check walks the URLconf and refuses a view without one."""

from collections.abc import Callable
from typing import TypeVar

V = TypeVar("V", bound=Callable[..., object])

PUBLIC = "public"


def stamp(policy: str) -> Callable[[V], V]:
    """Marks a view with its policy: `PUBLIC`, or the right that its guard asks for."""

    def decorate(view: V) -> V:
        view.policy = policy  # type: ignore[attr-defined]
        return view

    return decorate
