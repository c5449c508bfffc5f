"""How states, ages and verbs read, in one place. Pure."""

from datetime import datetime, timedelta

from registries.models import Operation

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86_400, 365 * 86_400

# state -> icon of the sprite; whatever moves has the open arrow
STATE_ICONS = {"active": "active", "inactive": "inactive", "removed": "removed", "purged": "removed", "error": "error"}

# verb -> what a button says, its icon, what it is while it happens, what it was when it is done
VERBS = {
    Operation.Verb.CREATE: ("Create", "plus", "Creating", "Created"),
    Operation.Verb.UPDATE: ("Edit", "edit", "Changing", "Changed"),
    Operation.Verb.ACTIVATE: ("Activate", "play", "Activating", "Activated"),
    Operation.Verb.DEACTIVATE: ("Deactivate", "pause", "Deactivating", "Deactivated"),
    Operation.Verb.REMOVE: ("Remove", "remove", "Removing", "Removed"),
    Operation.Verb.PURGE: ("Purge", "remove", "Purging", "Purged"),
    Operation.Verb.RESTORE: ("Restore", "restore", "Restoring", "Restored"),
    Operation.Verb.PULL: ("Pull on hosts", "download", "Pulling", "Pulled"),
}

OPERATION_TONES = {"pending": "busy", "succeeded": "good", "failed": "bad", "unknown": "warn"}
OPERATION_ICONS = {"pending": "moving", "succeeded": "active", "failed": "error", "unknown": "unknown"}


def state_word(state: str) -> str:
    """A registry's state as a word; transitional ones end in an ellipsis."""
    word = state.replace("-", " ").capitalize()
    return f"{word}…" if "ing" in state[-12:] and state not in {"", "string"} else word


def state_icon(state: str) -> str:
    return STATE_ICONS.get(state, "moving" if state.endswith("ing") or state.startswith("updating") else "unknown")


def short_age(seconds: float) -> str:
    """ "4 s", "12 min", "5 h", "16 d", "2 y"."""
    if seconds < MINUTE:
        return f"{max(0, int(seconds))} s"
    if seconds < HOUR:
        return f"{int(seconds / MINUTE)} min"
    if seconds < DAY:
        return f"{int(seconds / HOUR)} h"
    if seconds < YEAR:
        return f"{int(seconds / DAY)} d"
    return f"{int(seconds / YEAR)} y"


def ago(age: timedelta | None) -> str:
    return "never" if age is None else f"{short_age(age.total_seconds())} ago"


def format_datetime(at: datetime | None) -> str:
    """ "11 Feb 2026, 09:14 UTC"."""
    return f"{at.day} {at:%b %Y, %H:%M} UTC" if at else "–"


def operation_sentence(operation: Operation) -> str:
    """What the operation does or did, before the address: "Deactivating", "Deactivated", "… failed"."""
    _, _, doing, done = VERBS[Operation.Verb(operation.verb)]
    match operation.state:
        case Operation.State.SUCCEEDED:
            return done
        case Operation.State.FAILED:
            return f"Not {done.lower()}:"
        case _:
            return doing
