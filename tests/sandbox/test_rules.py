"""Rules for creating and changing resources, the audit log and settings."""

import pytest

from .helpers import CREDENTIALS, REGISTRIES, Desk


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"name": "x"}, 422, "MissingRequired", "serverAddress"),
        ({"serverAddress": None}, 422, "NotNullable", "serverAddress"),
        ({"serverAddress": ""}, 422, "MinLengthExceeded", "serverAddress"),
        ({"serverAddress": "a", "name": "n" * 256}, 422, "MaxLengthExceeded", "name"),
        ({"serverAddress": "a", "description": "d" * 1025}, 422, "MaxLengthExceeded", "description"),
        ({"serverAddress": "Taken.example"}, 400, "ServerAddressUsed", None),
        ({"serverAddress": "a", "name": "whale 🐳"}, 409, "Conflict", None),
        ({"serverAddress": "a", "description": "🐳"}, 409, "Conflict", None),
        (b"{not json", 400, "InvalidBodyContent", None),
        (b"[]", 422, "MissingRequired", "serverAddress"),
        (b"\xff\xfe", 400, "InvalidBodyContent", None),
        (b"[" * 100_000, 400, "InvalidBodyContent", None),
    ],
)
def test_refuses_a_registry(body: object, status: int, code: str, field: str | None) -> None:
    desk = Desk()
    desk.create("taken.example")
    answer = desk.ask("POST", REGISTRIES, body)
    assert (answer.status, answer.json()["code"], answer.json().get("fieldName")) == (status, code, field)
    assert len(desk.names()) == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [(7, "7"), (["a", "b"], "a"), ({"a": 1, "b": [True, None]}, "{a=1, b=[true, null]}"), (True, "true")],
)
def test_turns_what_is_no_text_into_text(given: object, kept: str) -> None:
    desk = Desk()
    public = desk.create("quay.io", name=given)
    assert desk.ask("GET", f"{REGISTRIES}/{public}").json()["name"] == kept


def test_address_of_a_removed_registry_is_free_again() -> None:
    desk = Desk()
    desk.remove(desk.create("quay.io"))
    assert desk.ask("POST", REGISTRIES, {"serverAddress": "quay.io"}).status == 201


def test_put_keeps_what_is_left_out_and_never_the_address() -> None:
    desk = Desk()
    public = desk.create("quay.io", name="n", description="d")
    changed = desk.ask("PUT", f"{REGISTRIES}/{public}", {"description": None, "serverAddress": "other"}).json()
    assert (changed["name"], changed["description"], changed["serverAddress"]) == ("n", None, "quay.io")


def test_secret_comes_back_in_answers_to_posts_only() -> None:
    desk = Desk()
    registry = desk.create("quay.io")
    body = {"registryId": registry, "publicValue": "u", "secretValue": "s3cret", "email": "a@example.com"}
    made = desk.ask("POST", CREDENTIALS, body).json()
    desk.wait()
    path = f"{CREDENTIALS}/{made['id']}"
    assert made["secretValue"] == "s3cret"
    assert desk.ask("GET", path).json()["secretValue"] is None
    assert desk.ask("PUT", path, {"publicValue": "v"}).json()["secretValue"] is None
    assert desk.act(made["id"], "deactivate", path=CREDENTIALS).json()["secretValue"] == "s3cret"
    assert b"s3cret" not in desk.ask("GET", f"{REGISTRIES}?include=credentials").body


@pytest.mark.parametrize(
    ("generation", "version", "required"),
    [("1.6", "v1", True), ("1.6", "v2-beta", False), ("1.4", "v1", True), ("1.4", "v2-beta", True)],
)
def test_email_is_required_but_in_version_2_of_the_newer_generation(
    generation: str, version: str, required: bool
) -> None:
    desk = Desk(generation=generation)
    path, body = CREDENTIALS.replace("v1", version), {"registryId": desk.create("quay.io")}
    answer = desk.ask("POST", path, body)
    schema = desk.ask("GET", f"/{version}/projects/1a5/schemas/registryCredential").json()
    assert ("email" in schema["resourceFields"]) is required
    if not required:
        assert (answer.status, "email" in answer.json()) == (201, False)
        return
    assert (answer.status, answer.json()["code"], answer.json()["fieldName"]) == (422, "MissingRequired", "email")
    assert desk.ask("POST", path, body | {"email": "a@example.com"}).json()["email"] == "a@example.com"


@pytest.mark.parametrize("purged", [False, True])
def test_a_removed_registry_takes_new_credentials(purged: bool) -> None:
    desk = Desk()
    registry = desk.create("quay.io")
    desk.remove(registry)
    if purged:
        desk.act(registry, "purge")
        desk.wait()
    late = desk.create_credential(registry)
    assert desk.state_of(late, path=CREDENTIALS) == "active"


def test_links_lead_to_the_project_the_registry_and_empty_collections() -> None:
    desk = Desk()
    registry = desk.create("quay.io")
    credential = desk.create_credential(registry)
    for path in (f"{REGISTRIES}/{registry}", f"{CREDENTIALS}/{credential}"):
        for name, url in desk.ask("GET", path).json()["links"].items():
            shown = desk.ask("GET", url.removeprefix("http://rancher.test")).json()
            if name == "account":
                assert (shown["id"], shown["type"]) == ("1a5", "project")
            elif name == "registry":
                assert shown["id"] == registry
            elif name != "self":
                assert (shown["type"], shown["data"]) == ("collection", [])


def test_include_adds_credentials_to_those_that_have_any() -> None:
    desk = Desk()
    first, second = desk.create("quay.io"), desk.create("ghcr.io")
    desk.create_credential(first, publicValue="u")
    rows = {row["id"]: row for row in desk.ask("GET", f"{REGISTRIES}?include=credentials").json()["data"]}
    assert [one["publicValue"] for one in rows[first]["credentials"]] == ["u"]
    assert "credentials" not in rows[second]
    assert desk.ask("GET", f"{REGISTRIES}/{first}/credentials").json()["data"] == []


def test_audit_log_fills_with_what_worked_and_what_failed() -> None:
    desk = Desk()
    public = desk.create("quay.io", name="n")
    desk.create_credential(public, secretValue="s3cret")
    desk.ask("POST", REGISTRIES, {"serverAddress": "QUAY.IO"})
    desk.act(public, "activate")
    desk.ask("POST", REGISTRIES, {"serverAddress": "ghcr.io"}, role="readonly")
    answer = desk.ask("GET", "/v2-beta/projects/1a5/auditlogs?sort=id&order=desc", role="readonly")
    rows = answer.json()["data"]
    assert [(row["eventType"], row["responseCode"], row["resourceId"]) for row in rows] == [
        ("api.registry.create", 405, None),
        ("api.registry.activate", 422, None),
        ("api.registry.create", 400, None),
        ("api.registryCredential.create", 201, "1c9"),
        ("api.registry.create", 201, public),
    ]
    assert rows[0]["authenticatedAsAccountId"] == "1a11"
    assert rows[-1]["requestObject"] == '{"name":"n","serverAddress":"quay.io"}'
    assert b"s3cret" not in answer.body


def test_setting_is_changed_by_an_admin_only() -> None:
    desk = Desk()
    path = "/v2-beta/settings/registry.whitelist"
    assert desk.ask("PUT", path, {"value": "quay.io"}, role="member").status == 405
    assert desk.ask("PUT", path, {"value": "quay.io"}, role="admin").status == 200
    assert desk.ask("GET", path, role="env").json()["value"] == "quay.io"
    assert desk.ask("PUT", "/v2-beta/settings/nosuch", {"value": "x"}, role="admin").status == 404


@pytest.mark.parametrize(
    ("role", "action", "code"),
    [
        ("owner", "explode", "InvalidAction"),
        ("member", "deactivate", "InvalidAction"),
        ("owner", "activate", "ActionNotAvailable"),
        ("owner", "purge", "ActionNotAvailable"),
    ],
)
def test_project_refuses_actions(role: str, action: str, code: str) -> None:
    answer = Desk().ask("POST", f"/v1/projects/1a5?action={action}", role=role)
    assert (answer.status, answer.json()["code"]) == (422, code)


def test_credential_can_include_its_registry() -> None:
    desk = Desk()
    credential = desk.create_credential(desk.create("quay.io"))
    shown = desk.ask("GET", f"{CREDENTIALS}/{credential}?include=registry").json()
    assert shown["registry"]["serverAddress"] == "quay.io"


def test_ping_needs_no_key_and_an_unknown_version_is_a_web_page() -> None:
    desk = Desk()
    assert desk.ask("GET", "/ping", role=None).body == b"pong\n"
    lost = desk.ask("GET", "/v9/<b>", role=None)
    assert (lost.status, lost.headers["Content-Type"]) == (404, "text/html; charset=ISO-8859-1")
    assert b"/v9/&lt;b&gt;" in lost.body
