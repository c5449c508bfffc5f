"""How the production database compares text: utf8_general_ci, where neither letters' case nor accents count."""

from __future__ import annotations

import functools
import re
import unicodedata


@functools.lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The text as the collation sees it: `Délta` and `delta` become the same. ß weighs as much as one s."""
    return "".join(_weight(character) for character in text)


@functools.lru_cache(maxsize=4096)
def _weight(character: str) -> str:
    if character == "ß":
        return "S"
    upper = unicodedata.normalize("NFD", character)[0].upper()
    return upper if len(upper) == 1 else character


def equal(one: str, other: str) -> bool:
    """`=`: blanks at the end do not count either (PAD SPACE)."""
    return fold(one).rstrip(" ") == fold(other).rstrip(" ")


def like(text: str, pattern: str) -> bool:
    """`LIKE`: `%` is any text, `_` any character, a backslash takes the meaning from the next one."""
    return _like_expression(fold(pattern)).fullmatch(fold(text)) is not None


@functools.lru_cache(maxsize=256)
def _like_expression(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    expression = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.compile(expression, re.DOTALL)


def has_four_byte_character(text: str) -> bool:
    """Whether the database's three-byte utf8 cannot hold the text; Rancher then answers 409 Conflict."""
    return any(character > "\uffff" for character in text)
