"""Replays recordings of real servers against a sandbox in this process and says where it answers differently.

The sandbox is made to give the recorded ids, so nothing has to be mapped. What no two servers share is masked: uuids,
times, and the content of rows about the server's own past.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from registries.sandbox import Answer
from registries.sandbox.state import State

from .helpers import Desk

RECORDINGS = Path(__file__).parent.parent / "recordings"
Item = dict[str, Any]
Difference = tuple[str, Any, Any]

MASKS = (
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\badminProject\b"), "<uuid>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<time>"),
    (re.compile(r"\b\d{13}\b"), "<ms>"),
    (re.compile(r"\b1(?:al|pi)\d+\b"), "<past>"),
)
# Rows about the past of another server: the same members, other values, unless the query asks for one resource.
PAST = ("auditLog", "processInstance")
IN_MOTION = ("state", "transitioning", "transitioningMessage", "actions", "status")
CHECKED_HEADERS = (
    *("WWW-Authenticate", "X-API-Schemas", "X-API-ACCOUNT-ID", "X-API-USER-ID", "X-API-ACCOUNT-KIND"),
    *("X-API-ACCOUNT-NAME", "X-API-Client-IP", "Expires"),
)

# What the recorder did without writing it down: registries that were there before, and ones that it deactivated.
LISTED = ("alpha", "Beta", "gamma", "délta", "epsilon 1", "epsilon 2", "epsilon 10")
ROWS_BEFORE: dict[tuple[str, str], list[tuple[int, Item]]] = {
    ("handshake", "root as nobody"): [
        (157, {"serverAddress": "roles.example", "name": "roles", "description": "admin"})
    ],
    ("roles", "owner: project"): [(157, {"serverAddress": "roles.example", "name": "roles"})],
    ("credentials", "create"): [(31, {"serverAddress": "cred2.example", "name": "second"})],
    ("registry-lists", "first page"): [
        (32 + n, {"serverAddress": f"list{n}.example", "name": name, "description": None if n % 3 else f"row {n}"})
        for n, name in enumerate((*LISTED, *(f"bulk {n:03}" for n in range(118))))
    ],
}
AT_REST_BEFORE = {
    ("registry-lists", "first page"): (32, 33, 34),
    ("roles", "owner: delete"): (158,),
    ("roles", "member: delete"): (159,),
    ("roles", "restricted: delete"): (160,),
    ("roles", "admin: delete"): (161,),
}
LOST_AUTHORIZATION = {"bearer nonsense": "Bearer nonsense", "basic nonsense": "Basic !!!"}
NO_EXCHANGES = ("races", "resolver")  # two writers at once; cases instead of exchanges
NOT_SERVED = (("pull-on-hosts", "hosts"),)  # the sandbox pulls on hosts, but does not list them


@dataclass(slots=True)
class Score:
    """How many exchanges of a recording were compared, and how many of them were answered as recorded."""

    compared: int = 0
    same: int = 0

    @property
    def share(self) -> float:
        return self.same / self.compared


class Replay:
    """One run over the recordings of one generation, in the order in which they were made."""

    def __init__(self, generation: str) -> None:
        self.folder = RECORDINGS / generation
        self.desk = Desk(generation=generation)
        self.differences: list[str] = []
        self.scores: defaultdict[str, Score] = defaultdict(Score)

    def run(self) -> None:
        files = [path for path in self.folder.glob("*.json") if path.stem not in NO_EXCHANGES]
        recordings = [(path.stem, json.loads(path.read_text())) for path in files]
        recordings.sort(key=lambda pair: parsedate_to_datetime(pair[1][0]["response"]["headers"]["Date"]))
        for name, items in recordings:
            for item in items:
                if (name, item["label"]) not in NOT_SERVED:
                    self._exchange(name, item)
            self._clear()

    def _exchange(self, name: str, item: Item) -> None:
        expected, label = item["response"], item["label"]
        watching = isinstance(expected["body"], dict) and expected["body"].get("transitioning") == "yes"
        self.desk.wait(0.001 if watching and item["request"]["method"] == "GET" else 5)
        self._prepare(name, label)
        answer = self._ask(item)
        found = list(_differences(item, answer, watching=watching))
        self.scores[name].compared += 1
        self.scores[name].same += not found
        for where, wanted, came in found:
            self.differences.append(f"{name}: {label}: {where}: expected {_short(wanted)}, came {_short(came)}")

    def _ask(self, item: Item) -> Answer:
        request, role = item["request"], item["as"]
        if item["response"]["status"] == 201:
            _count_up_to(self.desk.sandbox.state, item["response"]["body"]["id"])
        raw = request["raw"].encode() if "raw" in request else None
        body = raw if raw is not None else request.get("body")
        headers = dict(request["headers"])
        headers.setdefault("Content-Type", "application/json")
        if item["label"] in LOST_AUTHORIZATION:
            headers["Authorization"] = LOST_AUTHORIZATION[item["label"]]
        elif role in ("bad secret", "bad access", "short"):
            headers["Authorization"] = "Basic bm9zdWNoOmtleQ=="
        known = role if role in self.desk.sandbox.keys else None
        return self.desk.ask(request["method"], request["path"], body, role=known, extra=headers)

    def _prepare(self, name: str, label: str) -> None:
        for number, body in ROWS_BEFORE.get((name, label), ()):
            _count_up_to(self.desk.sandbox.state, f"1sp{number}")
            self.desk.create(body["serverAddress"], **{key: body[key] for key in body if key != "serverAddress"})
        for number in AT_REST_BEFORE.get((name, label), ()):
            self.desk.act(f"1sp{number}", "deactivate")
        if name == "pull-on-hosts":
            self._add_hosts()
        if (name, label) == ("switched-off", "active again: list"):
            self.desk.ask("POST", "/v2-beta/projects/1a7?action=activate", role="admin")
            self.desk.wait()
        if (name, label) == ("credentials", "credentials left"):
            self.desk.remove("1sp31")
        if (name, label) in AT_REST_BEFORE:
            self.desk.wait()

    def _add_hosts(self) -> None:
        items = json.loads((self.folder / "pull-on-hosts.json").read_text())
        done = next(item["response"]["body"] for item in items if item["response"]["body"].get("status"))
        self.desk.sandbox.state.hosts[5] = list(done["status"])

    def _clear(self) -> None:
        """Removes what a recording has left; the next one starts with empty lists again."""
        state = self.desk.sandbox.state
        for row in (*state.registries.values(), *state.credentials.values()):
            if row.account == 7:
                continue  # the recorder left it to the end
            row.state, row.removed, row.due = "removed", round(self.desk.now * 1000), None
        state.hosts.clear()


def _count_up_to(state: State, public: str) -> None:
    """Makes the next resource get this id."""
    letters, number = re.fullmatch(r"1([a-z]+)(\d+)", public).groups()  # type: ignore[union-attr]
    state.counters["pt" if letters == "go" else letters] = int(number) - 1


def _differences(item: Item, answer: Answer, *, watching: bool) -> Iterator[Difference]:
    expected = item["response"]
    if answer.status != expected["status"]:
        yield "status", expected["status"], answer.status
        return
    for name in CHECKED_HEADERS:
        if expected["headers"].get(name) != answer.headers.get(name):
            yield name, expected["headers"].get(name), answer.headers.get(name)
    if expected["headers"]["Content-Type"].split(";")[0] != answer.headers["Content-Type"].split(";")[0]:
        yield "Content-Type", expected["headers"]["Content-Type"], answer.headers["Content-Type"]
    if not isinstance(expected["body"], dict):
        if expected["body"] != answer.body.decode():
            yield "body", expected["body"], answer.body.decode()
        return
    came = _cut(expected["body"], answer.json())
    traceable = "resourceId=" in item["request"]["path"]
    wanted, came = (_masked(one, traceable=traceable) for one in (expected["body"], came))
    if watching and item["request"]["method"] == "GET":
        wanted, came = ({name: one.get(name) for name in IN_MOTION[:4]} for one in (wanted, came))
        wanted["actions"], came["actions"] = sorted(wanted["actions"]), sorted(came["actions"])
    yield from _compare("body", wanted, came)


def _cut(expected: Item, came: Item) -> Item:
    """The answer, shortened as the recorder shortened what it wrote down."""
    if came.get("type") != "collection":
        if isinstance(expected.get("links"), dict):
            return came
        links = {"links": expected["links"]} if "links" in expected else {}
        return {name: value for name, value in came.items() if name != "links"} | links
    rows, kept = came["data"], expected.get("data", [])
    if "rows" in expected:
        few = rows[:8]
        counted = {"rows": len(rows), "names": [row["name"] for row in few], "ids": [row["id"] for row in few]}
        filters = {name: value for name, value in came["filters"].items() if value is not None}
        left_out = ("data", "filters", "sortLinks", "createDefaults")
        rest = {name: value for name, value in came.items() if name not in left_out}
        return rest | counted | {"filters set": filters, "sortLinks keys": list(came["sortLinks"])}
    if expected["resourceType"] == "schema":
        known = {schema["id"] for schema in kept}
        rows = [row for row in rows if row["id"] in known]
    elif kept and isinstance(kept[-1], str):
        rows = [*rows[: len(kept) - 1], f"… {len(rows) - len(kept) + 1} more"]
    return came | {"data": rows}


def _masked(value: Any, *, traceable: bool) -> Any:
    if isinstance(value, dict):
        if value.get("type") in PAST and not traceable:
            return dict.fromkeys(value, "<past>") | {"links": "<past>"}
        return {name: _masked(one, traceable=traceable) for name, one in value.items()}
    if isinstance(value, list):
        return [_masked(one, traceable=traceable) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and value > 10**12:
        return "<ms>"
    if isinstance(value, str):
        for pattern, mask in MASKS:
            value = pattern.sub(mask, value)
    return value


def _compare(where: str, wanted: Any, came: Any) -> Iterator[Difference]:
    if isinstance(wanted, dict) and isinstance(came, dict):
        caught = where.endswith("]") and wanted.get("transitioning") == "yes"
        for name in sorted(wanted.keys() | came.keys()):
            if not (caught and name in IN_MOTION):
                yield from _compare(f"{where}.{name}", wanted.get(name, "(absent)"), came.get(name, "(absent)"))
    elif isinstance(wanted, list) and isinstance(came, list) and len(wanted) == len(came):
        for index, pair in enumerate(zip(wanted, came, strict=True)):
            yield from _compare(f"{where}[{index}]", *pair)
    elif wanted != came:
        yield where, wanted, came


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:119]}…"
