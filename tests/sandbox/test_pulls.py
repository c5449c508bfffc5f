"""Images: the credential that the server picks, as recorded, and what hosts say to a pull."""

import pytest

from tests.images.resolver_cases import CASES, Case

from .helpers import CREDENTIALS, Desk

CONTAINERS = "/v1/projects/1a5/containers"
PULLS = "/v2-beta/projects/1a5/pulltasks"
SETTINGS = "/v2-beta/settings"


def desk_with(case: Case) -> tuple[Desk, dict[str, str]]:
    """A sandbox that holds what the recorded server held; the ids of the credentials by their user."""
    desk, ids = Desk(), {}
    for registry in case.registries:
        public = desk.create(registry.server_address or "")
        for credential in registry.credentials or ():
            made = ids[credential.public_value or ""] = desk.create_credential(public)
            if credential.state == "inactive":
                desk.act(made, "deactivate", path=CREDENTIALS)
        if registry.state == "removed":
            desk.remove(public)
        elif registry.state == "inactive":
            desk.act(public, "deactivate")
        desk.wait()
    for name, value in (("default", case.default_registry), ("whitelist", case.whitelist)):
        assert desk.ask("PUT", f"{SETTINGS}/registry.{name}", {"value": value}, role="admin").status == 200
    return desk, ids


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_container_gets_the_recorded_credential(case: Case) -> None:
    desk, ids = desk_with(case)
    made = desk.ask("POST", CONTAINERS, {"imageUuid": f"docker:{case.image}", "startOnCreate": False})
    assert made.status == case.recorded["status"]
    shown = made.json()
    if made.status != 201:
        wanted = {name: case.recorded[name] for name in ("code", "message", "detail", "fieldName")}
        assert {name: shown[name] for name in wanted} == wanted
        return
    assert shown["registryCredentialId"] == (ids[user] if (user := case.recorded["credential"]) else None)
    assert shown["imageUuid"] == case.recorded.get("imageUuid", f"docker:{case.image}")
    assert desk.ask("GET", f"{CONTAINERS}/{shown['id']}").json()["state"] == case.recorded["state"]


def test_a_container_is_made_by_who_may_write_and_seen_in_its_project() -> None:
    desk = Desk()
    assert desk.ask("POST", CONTAINERS, {"imageUuid": "docker:nginx"}, role="readonly").status == 405
    assert desk.ask("POST", CONTAINERS, {}).json()["fieldName"] == "imageUuid"
    made = desk.ask("POST", CONTAINERS, {"imageUuid": "docker:nginx"}).json()
    assert desk.ask("GET", f"/v1/projects/1a7/containers/{made['id']}", role="env2").status == 404
    assert desk.ask("GET", CONTAINERS).status == 404
    assert desk.ask("DELETE", f"{CONTAINERS}/{made['id']}").status == 405


def test_a_pull_takes_the_credential_that_a_container_would_get() -> None:
    desk = Desk()
    credential = desk.create_credential(desk.create("quay.io"))
    for image, picked in (("docker:QUAY.IO/a/b:1", credential), ("ghcr.io/a", None)):
        made = desk.ask("POST", PULLS, {"image": image}).json()
        task = desk.sandbox.state.pull_tasks[int(made["id"].removeprefix("1go"))]
        assert task.fields["credential"] == picked
        assert "credential" not in made


@pytest.mark.parametrize(
    ("labels", "hosts"),
    [
        (None, {"one", "two"}),
        ({"zone": "a"}, {"one", "two"}),
        ({"io.rancher.scheduler.affinity:host_label": "zone=a"}, {"one"}),
        ({"io.rancher.scheduler.affinity:host_label": "zone=a,zone=b"}, set()),
    ],
)
def test_only_the_labels_of_the_scheduler_select_hosts(labels: dict[str, str] | None, hosts: set[str]) -> None:
    desk = Desk()
    desk.sandbox.state.hosts[5] = ["one", "two"]
    desk.sandbox.state.host_labels = {"one": {"zone": "a"}, "two": {"zone": "b"}}
    made = desk.ask("POST", PULLS, {"image": "nginx"} | ({"labels": labels} if labels else {})).json()
    desk.wait()
    assert set(desk.ask("GET", f"{PULLS}/{made['id']}").json()["status"]) == hosts


def test_a_host_can_be_made_to_fail() -> None:
    desk = Desk()
    desk.sandbox.state.hosts[5] = ["one", "two"]
    desk.sandbox.state.host_labels = {"two": {"sandbox.pull": "no space left on device"}}
    made = desk.ask("POST", PULLS, {"image": "nginx"}).json()
    desk.wait()
    shown = desk.ask("GET", f"{PULLS}/{made['id']}").json()
    assert shown["status"] == {"one": "Done", "two": "no space left on device"}
