"""No cell of any exported CSV is run as a formula, and every cell can be read back."""

import ast
import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.events import Event
from dashboard.people.models import User
from registries.rancher.types import Registry, RegistryCredential
from registries.services.audit.export import export_audit_log
from registries.services.audit.query import AuditQuery
from registries.services.audit.write import write_audit_event
from registries.services.csv_cells import guard_cell, read_cell
from registries.services.inventory.export import export_registries
from tests.settings import BASE_DIR

FORMULAS = [
    "=1+1",
    "＝1+1",
    "a;=1+1",
    "a; =1+1",
    "\n=1+1",
    "a\r\n@SUM(1)",
    " =1+1",
    "-2",
    "\t+1",
    "a\t＠SUM(1)",
    "'=1+1",
]
RUNS = re.compile(r"(?:^|[;\t\r\n]) *[=+\-@＝＋－＠]")  # what a spreadsheet takes for the start of a formula


def cells_of(file: bytes) -> list[str]:
    text = file.decode("utf-8-sig")
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


def registries_with(text: str) -> list[Registry]:
    """A registry whose every text that people choose is `text`, its users too."""
    users = tuple(RegistryCredential(id=f"1c{place}", public_value=user) for place, user in enumerate(("robot", text)))
    return [Registry(id="1sp1", server_address=text, name=text, description=text, state="active", credentials=users)]


@pytest.mark.parametrize("text", FORMULAS)
def test_the_export_of_registries_runs_nothing(text: str) -> None:
    cells = cells_of(export_registries(registries_with(text), kind="csv")[0])
    assert [cell for cell in cells if RUNS.search(cell)] == []
    assert [read_cell(cell) for cell in cells].count(text) == 3
    assert f"robot; {text}" in map(read_cell, cells)


@pytest.mark.parametrize("text", FORMULAS)
def test_the_export_of_registries_as_json_changes_nothing(text: str) -> None:
    (record,) = json.loads(export_registries(registries_with(text), kind="json")[0])
    assert (record["server_address"], record["name"], record["users"]) == (text, text, ["robot", text])


@pytest.mark.django_db
@pytest.mark.parametrize("text", FORMULAS)
def test_the_export_of_the_audit_log_runs_nothing(text: str, make_user: Callable[..., User]) -> None:
    alice = make_user("alice", site_role="auditor")
    write_audit_event(Event(action="team.create", actor=alice, target_name=text, reason=text))
    cells = cells_of(b"".join(export_audit_log(AuditQuery(), kind="csv", actor=alice)))
    assert [cell for cell in cells if RUNS.search(cell)] == []
    assert [read_cell(cell) for cell in cells].count(text) == 2


@given(st.text(alphabet=st.sampled_from("='+-@＝;\t\r\n\"a, ")))
def test_every_cell_is_harmless_and_read_back_as_it_was(text: str) -> None:
    cell = guard_cell(text)
    assert read_cell(cell) == text
    assert RUNS.search(cell) is None


def test_one_module_writes_csv() -> None:
    product = [path for room in ("registries", "dashboard") for path in Path(BASE_DIR, room).rglob("*.py")]
    writers = [path.name for path in product if set(attributes_of(path)) & {"csv.writer", "csv.DictWriter"}]
    assert writers == ["csv_cells.py"]


def attributes_of(path: Path) -> list[str]:
    return [ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
