"""Rights of each key, and paths and methods that are refused."""

import pytest

from .helpers import REGISTRIES, Desk

OTHER = "/v1/projects/1a7/registries"
STATUS = {  # role -> reading and creating in 1a5, reading in 1a7, the document of 1a5
    "env": (200, 201, 403, 200),
    "env2": (403, 403, 200, 404),
    "admin": (200, 201, 200, 200),
    "owner": (200, 201, 403, 200),
    "member": (200, 201, 403, 200),
    "restricted": (200, 201, 403, 200),
    "readonly": (200, 405, 403, 200),
    "stranger": (403, 403, 403, 404),
    None: (401, 401, 401, 401),
}


@pytest.mark.parametrize("role", STATUS)
def test_role_may(role: str | None) -> None:
    desk = Desk()
    asked = (
        desk.ask("GET", REGISTRIES, role=role),
        desk.ask("POST", REGISTRIES, {"serverAddress": "quay.io"}, role=role),
        desk.ask("GET", OTHER, role=role),
        desk.ask("GET", "/v1/projects/1a5", role=role),
    )
    assert tuple(answer.status for answer in asked) == STATUS[role]


def test_read_only_member_sees_no_action_and_no_writable_field() -> None:
    desk = Desk()
    public = desk.create("quay.io")
    assert desk.ask("GET", f"{REGISTRIES}/{public}", role="readonly").json()["actions"] == {}
    refused = desk.act(public, "deactivate", role="readonly")
    assert (refused.status, refused.json()["code"]) == (422, "InvalidAction")
    schema = desk.ask("GET", "/v1/projects/1a5/schemas/registry", role="readonly").json()
    assert (schema["collectionMethods"], schema["resourceMethods"], schema["resourceActions"]) == (["GET"], ["GET"], {})
    assert not any(field["create"] or field["update"] for field in schema["resourceFields"].values())


def test_another_projects_registry_is_not_found() -> None:
    desk = Desk()
    made = desk.ask("POST", OTHER, {"serverAddress": "quay.io"}, role="env2").json()["id"]
    assert desk.ask("GET", f"{REGISTRIES}/{made}").status == 404
    assert desk.act(made, "deactivate").status == 404


def test_switched_off_key_and_project_are_unauthorized() -> None:
    desk = Desk()
    desk.sandbox.switch_key("env", active=False)
    refused = desk.ask("GET", REGISTRIES)
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic")
    desk.sandbox.switch_key("env", active=True)
    assert desk.ask("GET", REGISTRIES).status == 200
    assert desk.ask("POST", "/v2-beta/projects/1a5?action=deactivate", role="admin").status == 200
    assert desk.ask("GET", REGISTRIES).status == 401
    assert desk.ask("GET", REGISTRIES, role="admin").status == 403


@pytest.mark.parametrize("authorization", ["Basic", "Basic !!!", "Bearer x", "Basic w7w=", "basic bm9jb2xvbg=="])
def test_malformed_authorization_is_unauthorized(authorization: str) -> None:
    assert Desk().ask("GET", "/v1", role=None, extra={"Authorization": authorization}).status == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", REGISTRIES, 405),
        ("OPTIONS", REGISTRIES, 405),
        ("PATCH", f"{REGISTRIES}/1sp1", 405),
        ("DELETE", REGISTRIES, 405),
        ("POST", f"{REGISTRIES}/1sp1", 405),
        ("PUT", "/v1", 405),
        ("POST", "/v1/projects", 405),
        ("GET", f"{REGISTRIES}/1sp1/hosts", 200),
        ("GET", f"{REGISTRIES}/1sp1/hosts/1h1", 404),
        ("GET", f"{REGISTRIES}/1sp1/nosuch", 404),
        ("GET", f"{REGISTRIES}/1sp1/instances", 404),
        ("GET", f"{REGISTRIES}/1sp1/account", 200),
        ("POST", f"{REGISTRIES}/1sp1/account", 405),
        ("GET", "/v1/projects/1a5/pulltasks/1pt1/account", 404),
        ("GET", f"{REGISTRIES}/1sp99/credentials", 404),
        ("GET", "/v1/projects/1a5/containers", 404),
        ("GET", "/v1/projects/1a5/hosts/1h1", 404),
        ("GET", "/v1/projects/1a5/auditlogs/1al99", 404),
        ("GET", "/v1/settings/nosuch", 404),
        ("GET", "/v1/projects/1a5/processinstances", 404),
        ("GET", "/v1/projects/Default/registries", 403),
        ("GET", f"{REGISTRIES}/1sp1/", 200),
        ("GET", "/v1/projects/1a5/auditlogs/1al1", 200),
        ("GET", "/v1/projects/1a5/hosts", 200),
        ("GET", "/v1/settings", 200),
    ],
)
def test_path_and_method(method: str, path: str, status: int) -> None:
    desk = Desk()
    desk.create("quay.io")
    answer = desk.ask(method, path)
    assert answer.status == status
    assert (answer.body == b"") == (method == "HEAD")
