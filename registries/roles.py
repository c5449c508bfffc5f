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


class Right(StrEnum):
    """What a page or a control needs."""

    SIGNED_IN = "signed in"
    READ_PROFILE = "read the profile"
    CHANGE_REGISTRIES = "change registries"
    ADMINISTER = "administer the site"


# The weakest role in the profile that has the right; a right that isn't here is for admins alone.
NEEDED_ROLE: dict[Right, Role] = {
    Right.READ_PROFILE: Role.VIEWER,
    Right.CHANGE_REGISTRIES: Role.OPERATOR,
}

# What reads only: all that an auditor has.
READING = frozenset({Right.SIGNED_IN, Right.READ_PROFILE})
