"""Row templates, rendered once with placeholders by the template engine and then filled in by joining strings."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe


@dataclass(frozen=True)
class RowTemplate:
    """Literal pieces of HTML and, between them, the names of the fields that stand there."""

    pieces: tuple[str, ...]
    fields: tuple[str, ...]

    def render(self, values: Mapping[str, str]) -> SafeString:
        """The HTML of one row. A value that isn't marked safe is escaped, as in any template."""
        parts = [self.pieces[0]]
        for field, piece in zip(self.fields, self.pieces[1:], strict=True):
            value = values[field]
            parts += (value if isinstance(value, SafeString) else html.escape(value), piece)
        return mark_safe("".join(parts))  # noqa: S308 - pieces of a template of ours, values that are safe


@lru_cache(maxsize=32)
def load_row_template(template: str, fields: Sequence[str]) -> RowTemplate:
    """The row template whose variables are `row.<field>`; rendered once a process."""
    row = {field: mark_safe(f"\0{field}\0") for field in fields}  # noqa: S308 - placeholders of our own
    parts = render_to_string(template, {"row": row}).strip().split("\0")
    return RowTemplate(tuple(parts[::2]), tuple(parts[1::2]))
