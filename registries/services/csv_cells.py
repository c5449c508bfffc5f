"""Cells of CSV files that a spreadsheet shows and never runs.

A cell that begins like a formula would be run (OWASP, "CSV Injection"), and so would what follows a line break or,
where the list separator is a semicolon, a semicolon within a cell. An apostrophe before it makes it text. What already
is an apostrophe there gets another one, so that every cell can be read back as it was.
"""

import csv
import io
import re
from collections.abc import Iterable

_RUNS = re.compile(r"(?:^|(?<=[;\t\r\n]))(?= *[=+\-@＝＋－＠]|[\t\r\n'])")
_GUARD = re.compile(r"(?:^|(?<=[;\t\r\n]))'")


def write_csv(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV, every text guarded; None becomes an empty cell. Every export is written by this."""
    text = io.StringIO()
    writer = csv.writer(text)  # quotes both of its line breaks, \r and \n
    writer.writerows([guard_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue()


def guard_cell(text: str) -> str:
    """The text as a harmless cell: ``=1+1`` becomes ``'=1+1``."""
    return _RUNS.sub("'", text)


def read_cell(cell: str) -> str:
    """The text that `guard_cell` made a cell of."""
    return _GUARD.sub("", cell)
