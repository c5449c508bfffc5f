"""Rows by joining strings: what isn't marked safe is escaped, whichever field it is."""

import pytest
from django.utils.safestring import SafeString

from dashboard.prerender import RowTemplate, load_row_template
from registries.views.registry_list_rows import FIELDS

HOSTILE = '"><b hx-post="/people/2/role/" hx-trigger="load">&\''
ESCAPED = "&quot;&gt;&lt;b hx-post=&quot;/people/2/role/&quot; hx-trigger=&quot;load&quot;&gt;&amp;&#x27;"


def test_escapes_what_is_not_marked_safe_and_leaves_what_is() -> None:
    template = RowTemplate(("<td>", "</td><td>", "</td>"), ("name", "mark"))
    assert template.render({"name": HOSTILE, "mark": SafeString("<b>1</b>")}) == f"<td>{ESCAPED}</td><td><b>1</b></td>"


@pytest.mark.parametrize("forgotten", FIELDS)
def test_escapes_every_field_of_a_registrys_row(forgotten: str) -> None:
    row = load_row_template("registries/_registry_row.html", FIELDS)
    html = row.render(dict.fromkeys(FIELDS, SafeString()) | {forgotten: HOSTILE})
    assert ESCAPED in html
    assert "<b " not in html
