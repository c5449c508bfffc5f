"""State machine of registries, credentials and projects as data: transitions, and the actions that states offer.

Source: `tests/recordings/*/registry-life-*.json`, `credentials.json`, and `restore.json` of Rancher 1.4.
"""

from __future__ import annotations

from collections.abc import Mapping

# Action -> the state in which the server works on it. `update` keeps the state's name: `updating-active`.
VIA: Mapping[str, str] = {
    "create": "registering",
    "activate": "activating",
    "deactivate": "deactivating",
    "remove": "removing",
    "purge": "purging",
    "restore": "restoring",
}

# Where a transition ends.
ENDS: Mapping[str, str] = {
    "registering": "active",
    "activating": "active",
    "deactivating": "inactive",
    "removing": "removed",
    "purging": "purged",
    "restoring": "inactive",
    "updating-active": "active",
    "updating-inactive": "inactive",
}

# State -> actions offered there, in Rancher's order. `restore` is shown by Rancher 1.0 to 1.5 only.
OFFERED: Mapping[str, tuple[str, ...]] = {
    "registering": ("activate", "remove", "deactivate"),
    "activating": ("deactivate",),
    "active": ("update", "deactivate"),
    "updating-active": ("remove", "deactivate"),
    "updating-inactive": ("remove", "activate"),
    "inactive": ("update", "activate", "remove"),
    "removed": ("restore", "purge"),
}

# States in which DELETE answers 200 and changes nothing.
GONE = frozenset({"removing", "removed", "purging", "purged"})

PROJECT_OFFERED: Mapping[str, tuple[str, ...]] = {
    "active": ("update", "deactivate", "setmembers", "delete"),
    "inactive": ("update", "activate", "setmembers", "delete"),
}

# A pull task's actions do not depend on its state, but on the API version that is asked.
PULL_TASK_OFFERED: Mapping[str, tuple[str, ...]] = {
    "v1": ("update", "activate", "remove", "deactivate", "purge"),
    "v2-beta": ("remove",),
}


def offered(kind: str, state: str, *, version: str, restores: bool) -> tuple[str, ...]:
    """The actions that a resource of this kind offers in this state to a key that may write.

    `restores`: whether this generation of Rancher can restore; a credential never can.
    """
    if kind == "pullTask":
        return PULL_TASK_OFFERED[version]
    if kind == "project":
        return PROJECT_OFFERED.get(state, ())
    actions = OFFERED.get(state, ())
    if not restores or kind != "registry":
        return tuple(action for action in actions if action != "restore")
    return actions


def moving(state: str) -> bool:
    """Whether the server is still at work in this state."""
    return state in ENDS


def via(action: str, state: str) -> str:
    """The state in which an action is worked on."""
    return f"updating-{state}" if action == "update" else VIA[action]
