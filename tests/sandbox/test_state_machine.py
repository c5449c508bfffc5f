"""States of a registry, and the actions that each offers and refuses."""

import pytest

from registries.sandbox import state_machine

from .helpers import CREDENTIALS, REGISTRIES, Desk

# How to get a fresh registry into a state: actions, each waited for but the last.
WAYS = {
    "registering": (),
    "active": ("",),
    "updating-active": ("", "update"),
    "deactivating": ("", "deactivate"),
    "inactive": ("", "deactivate", ""),
    "activating": ("", "deactivate", "", "activate"),
    "removing": ("", "deactivate", "", "remove"),
    "removed": ("", "deactivate", "", "remove", ""),
    "purging": ("", "deactivate", "", "remove", "", "purge"),
    "purged": ("", "deactivate", "", "remove", "", "purge", ""),
}
ACTIONS = ("update", "activate", "deactivate", "remove", "purge", "restore")


def bring_to(desk: Desk, state: str) -> str:
    public = desk.create("quay.io", wait=False)
    for action in WAYS[state]:
        if action:
            assert desk.act(public, action).status == 202
        else:
            desk.wait()
    assert desk.state_of(public) == state
    return public


@pytest.mark.parametrize("state", WAYS)
@pytest.mark.parametrize("action", ACTIONS)
def test_takes_just_the_actions_that_it_offers(state: str, action: str) -> None:
    desk = Desk()
    public = bring_to(desk, state)
    offered = desk.ask("GET", f"{REGISTRIES}/{public}").json()["actions"]
    answer = desk.act(public, action)
    if action in offered:
        assert answer.status == 202
        assert answer.json()["transitioning"] == "yes"
        desk.wait()
        assert desk.state_of(public) == state_machine.ENDS[state_machine.via(action, state)]
    else:
        assert (answer.status, answer.json()["code"]) == (422, "ActionNotAvailable")
        assert answer.json()["fieldName"] == "action"
        assert desk.state_of(public) == state


@pytest.mark.parametrize(
    ("state", "status"),
    [("active", 405), ("deactivating", 405), ("inactive", 200), ("removed", 200), ("purged", 200), ("removing", 200)],
)
def test_deletes_only_what_is_inactive_or_gone(state: str, status: int) -> None:
    desk = Desk()
    public = bring_to(desk, state)
    answer = desk.ask("DELETE", f"{REGISTRIES}/{public}")
    assert answer.status == status
    if state == "inactive":
        assert answer.json()["state"] == "removing"
    elif status == 200:
        assert answer.json()["state"] == state


def test_stays_in_transition_until_the_time_is_up() -> None:
    desk = Desk()
    public = desk.create("quay.io", wait=False)
    desk.wait(0.399)
    assert desk.state_of(public) == "registering"
    desk.wait(0.001)
    assert desk.state_of(public) == "active"


def test_update_action_changes_no_field() -> None:
    desk = Desk()
    public = desk.create("quay.io", name="before")
    assert desk.ask("POST", f"{REGISTRIES}/{public}?action=update", {"name": "after"}).status == 202
    desk.wait()
    assert desk.ask("GET", f"{REGISTRIES}/{public}").json()["name"] == "before"


def test_restores_with_its_credentials_in_1_4() -> None:
    desk = Desk(generation="1.4")
    public = desk.create("quay.io")
    credential = desk.create_credential(public)
    desk.remove(public)
    assert desk.names() == []
    assert set(desk.ask("GET", f"{REGISTRIES}/{public}").json()["actions"]) == {"restore", "purge"}
    assert desk.act(public, "restore").json()["state"] == "restoring"
    desk.wait()
    assert desk.state_of(public) == "inactive"
    assert desk.ask("GET", f"{REGISTRIES}/{public}").json()["removed"] is None
    assert len(desk.names()) == 1
    assert desk.state_of(credential, path=CREDENTIALS) == "active"


@pytest.mark.parametrize(("version", "code"), [("v1", "ActionNotAvailable"), ("v2-beta", "InvalidAction")])
def test_never_restores_in_1_6(version: str, code: str) -> None:
    desk = Desk()
    public = desk.create("quay.io")
    desk.remove(public)
    answer = desk.act(public, "restore", path=f"/{version}/projects/1a5/registries")
    assert (answer.status, answer.json()["code"]) == (422, code)


def test_purging_takes_the_credentials_along() -> None:
    desk = Desk()
    public = desk.create("quay.io")
    active, inactive = desk.create_credential(public), desk.create_credential(public)
    desk.act(inactive, "deactivate", path=CREDENTIALS)
    desk.remove(public)
    assert desk.state_of(active, path=CREDENTIALS) == "active"
    desk.act(public, "purge")
    desk.wait(5)
    assert [desk.state_of(one, path=CREDENTIALS) for one in (active, inactive)] == ["removed", "removed"]
    assert desk.ask("GET", CREDENTIALS).json()["data"] == []


def test_purges_a_removed_registry_by_itself_after_a_while() -> None:
    desk = Desk(purge_after_ms=60_000)
    public = desk.create("quay.io")
    desk.remove(public)
    desk.wait(59)
    assert desk.state_of(public) == "removed"
    desk.wait(2)
    assert desk.state_of(public) == "purged"


def test_pull_task_asks_every_host() -> None:
    desk = Desk()
    desk.sandbox.state.hosts[5] = ["one", "two"]
    made = desk.ask("POST", "/v2-beta/projects/1a5/pulltasks", {"image": "quay.io/a/b:1"})
    assert (made.status, made.json()["state"], made.json()["status"]) == (201, "activating", None)
    desk.wait()
    task = desk.ask("GET", f"/v2-beta/projects/1a5/pulltasks/{made.json()['id']}").json()
    assert (task["state"], task["mode"], task["status"]) == ("active", "all", {"one": "Done", "two": "Done"})
