"""Who may do what, as data. `access.py` decides by it; nothing else does.

Per profile: viewer < operator < maintainer. Site-wide: an admin may do everything, an auditor sees everything and
changes nothing, whatever memberships say.
"""

from enum import StrEnum


class Role(StrEnum):
    """A role in one profile, weakest first."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    MAINTAINER = "maintainer"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    @property
    def may(self) -> str:
        """In words, for the pages on which roles are given."""
        return MAY[self]


MAY = {
    Role.VIEWER: "reads",
    Role.OPERATOR: "also creates, edits, activates and deactivates",
    Role.MAINTAINER: "also removes and purges, edits the profile and its members",
}


class Right(StrEnum):
    """What a page or a control of a profile needs. Site-wide ones are in `dashboard.policy`."""

    READ_PROFILE = "read the profile"
    CHECK_CONNECTION = "check the connection"
    CHANGE_REGISTRIES = "change registries"
    REMOVE_REGISTRIES = "remove registries"
    MANAGE_PROFILE = "manage the profile"
    REMOVE_PROFILE = "remove the profile"


# The weakest role in the profile that has the right; a right that isn't here is for admins alone.
NEEDED_ROLE: dict[Right, Role] = {
    Right.READ_PROFILE: Role.VIEWER,
    Right.CHECK_CONNECTION: Role.OPERATOR,
    Right.CHANGE_REGISTRIES: Role.OPERATOR,
    Right.REMOVE_REGISTRIES: Role.MAINTAINER,
    Right.MANAGE_PROFILE: Role.MAINTAINER,
}

# What reads only: all that an auditor has.
READING = frozenset({Right.READ_PROFILE})
