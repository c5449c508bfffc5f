"""Collections and resources: whole lists out of pages, ids checked, paths built and never followed."""

import json
import socket
from collections.abc import Callable

import pytest

from registries.outbound.errors import BadAddress, BadResponse
from registries.outbound.transport import Transport
from registries.rancher import resources
from registries.rancher.client import Client
from registries.rancher.errors import Conflict, Invalid, MethodNotAllowed, NotFound, Unauthorized
from tests.upstream_stands import Stand, receive, scripted


def fill(stand: Stand, count: int) -> list[str]:
    client = stand.client()
    return [client.registries.create(server_address=f"r{number}.example").id for number in range(count)]


def test_reads_a_whole_list_in_pages_without_doubles(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    made = fill(stand, 7)
    monkeypatch.setattr(resources, "PAGE_ROWS", 3)
    listing = stand.client().registries.list_all()
    assert [one.id for one in listing.items] == made
    assert listing.warnings == ()
    assert stand.calls(r"GET .*registries\?limit=3") == 3


def test_stops_at_the_most_rows_that_are_read(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(stand, 5)
    monkeypatch.setattr(resources, "PAGE_ROWS", 2)
    monkeypatch.setattr(resources, "MAX_ROWS", 4)
    listing = stand.client().registries.list_all()
    assert (len(listing.items), len(listing.warnings)) == (4, 1)


def test_stops_at_the_most_pages_that_are_read(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(stand, 5)
    monkeypatch.setattr(resources, "PAGE_ROWS", 2)
    monkeypatch.setattr(resources, "MAX_PAGES", 2)
    listing = stand.client().registries.list_all()
    assert (len(listing.items), "did not end after 2 pages" in listing.warnings[0]) == (4, True)


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("", "leads back to itself"),
        ("http://evil.example/v1?marker=m1", "leads back to itself"),
        ("http://[::1", "no address that can be read"),
        ("http://[junk]/?marker=m1", "no address that can be read"),
        ("junk", "leads back to itself"),
        ("?marker=mm1", "leads back to itself"),
        ("?marker=m١", "leads back to itself"),
    ],
)
def test_never_follows_where_the_list_says_it_goes_on(stand: Stand, location: str, words: str) -> None:
    made = fill(stand, 2)
    stand.fail("next", match="GET ", location=location)
    listing = stand.client().registries.list_all()
    assert [one.id for one in listing.items] == made
    assert words in listing.warnings[0]


def test_reads_on_by_the_marker_of_a_link_that_names_the_server_by_an_inner_name() -> None:
    link = "http://rancher.internal:8080/v1/projects/1a5/registries?limit=500&marker=m500"
    asked: list[str] = []

    def page(ids: range, following: str | None) -> Callable[[socket.socket], None]:
        rows = [{"id": f"1sp{number}", "state": "active"} for number in ids]
        body = json.dumps({"data": rows, "pagination": {"next": following}}).encode()

        def answer(connection: socket.socket) -> None:
            asked.append(receive(connection).decode().partition("\r\n")[0])
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            connection.sendall(f"{head}Connection: close\r\n\r\n".encode() + body)

        return answer

    with scripted(page(range(500), link), page(range(500, 520), None)) as base:
        transport = Transport(base, allow=lambda *_: True)
        client = Client(transport, access_key="a", secret_key="b", project_id="1a5")
        listing = client.registries.list_all(include_credentials=False)
        transport.close()
    assert (len(listing.items), listing.warnings) == (520, ())
    assert "marker=m500" in asked[1]


def test_gives_credentials_when_asked_and_says_when_there_are_none(stand: Stand) -> None:
    first, second = fill(stand, 2)
    client = stand.client()
    made = client.credentials.create(registry_id=first, public_value="robot", secret_value="canary-5ecret")
    with_them = {one.id: one.credentials for one in client.registries.list_all().items}
    assert [one.public_value for one in with_them[first] or ()] == ["robot"]
    assert with_them[second] == ()
    assert client.registries.list_all(include_credentials=False).items[0].credentials is None
    assert client.registries.get(second, include_credentials=True).credentials == ()
    assert client.registries.get(second).credentials is None
    assert [one.id for one in client.credentials.list_of(first).items] == [made.id]
    assert "canary" not in repr(made) + repr(client.credentials.act(made.id, "deactivate"))


def test_a_credential_lives_in_both_versions(stand: Stand) -> None:
    (registry_id,) = fill(stand, 1)
    for version, email in (("v1", "a@b.example"), ("v2-beta", None)):
        client = stand.client(version=version)
        made = client.credentials.create(registry_id=registry_id, public_value="u", secret_value="s", email=email)
        changed = client.credentials.update(made.id, public_value="v", secret_value="t", name="n")
        assert (changed.public_value, changed.name) == ("v", "n")
        assert client.credentials.get(made.id).registry_id == registry_id


def test_changes_only_the_fields_that_are_given(stand: Stand) -> None:
    client = stand.client()
    made = client.registries.create(server_address="quay.io", name="a", description="b")
    assert client.registries.update(made.id, name="c").description == "b"
    assert client.registries.update(made.id, description=None).description is None


def test_a_registry_lives(stand: Stand) -> None:
    client = stand.client()
    made = client.registries.create(server_address="quay.io")
    assert client.registries.get(made.id).state == "active"
    with pytest.raises(MethodNotAllowed):
        client.registries.remove(made.id)
    client.registries.act(made.id, "deactivate")
    with pytest.raises(Invalid) as refused:
        client.registries.act(made.id, "purge")
    assert refused.value.code == "ActionNotAvailable"
    client.registries.remove(made.id)
    assert client.registries.list_all().items == ()
    client.registries.act(made.id, "purge")
    assert client.registries.get(made.id).state == "purged"


def test_says_what_rancher_refused(stand: Stand) -> None:
    client = stand.client()
    client.registries.create(server_address="quay.io")
    with pytest.raises(Invalid) as twin:
        client.registries.create(server_address="QUAY.io")
    with pytest.raises(Conflict):
        client.registries.create(server_address="whale.example", name="🐳")
    with pytest.raises(Invalid) as too_long:
        client.registries.create(server_address="a.example", name="n" * 256)
    assert (twin.value.code, too_long.value.field) == ("ServerAddressUsed", "name")
    stand.sandbox.switch_key("env", active=False)
    with pytest.raises(Unauthorized):
        client.registries.list_all()


@pytest.mark.parametrize("rancher_id", ["../accounts", "1SP1", "", "1sp1/x", "1" * 33, "1sp1?x"])
def test_asks_for_nothing_that_cannot_be_an_id(stand: Stand, rancher_id: str) -> None:
    with pytest.raises(NotFound):
        stand.client().registries.get(rancher_id)
    assert stand.calls() == 0


@pytest.mark.parametrize("project_id", ["", "../x", "Default", "1A5"])
def test_builds_no_path_of_what_is_no_project(stand: Stand, project_id: str) -> None:
    with pytest.raises(BadAddress):
        stand.client(project_id=project_id)


def test_reads_projects_schemas_and_settings(stand: Stand) -> None:
    client = stand.client()
    assert [project.id for project in client.projects.list()] == ["1a5"]
    schema = client.schemas.get("registry")
    assert (schema.is_writable, schema.fields["name"].max_length) == (True, 255)
    assert not stand.client("readonly").schemas.get("registry").is_writable
    assert client.settings.server_version() is None or client.settings.server_version()
    client.ping()
    stand.fail("html", match="/ping")
    with pytest.raises(BadResponse):
        client.ping()


def test_an_answer_of_a_write_says_whether_it_moves(stand: Stand) -> None:
    stand.sandbox.clockwork.transition_ms = 10**6
    made = stand.client().registries.create(server_address="quay.io")
    assert (made.state, made.is_moving) == ("registering", True)
