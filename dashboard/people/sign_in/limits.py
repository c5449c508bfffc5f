"""Rate limits of sign-in, counted before a password is hashed, and one-time use of codes."""

from django.core.exceptions import ValidationError

from dashboard.current import current_address
from dashboard.events import Event, emit_event
from dashboard.rate_limits import RateLimit, free_slots, take_slot

PER_ACCOUNT = RateLimit("sign-in", slots=5, seconds=5 * 60)
PER_ADDRESS = RateLimit("sign-in-from", slots=10, seconds=60)
PER_SECOND_FACTOR = RateLimit("second-factor", slots=5, seconds=5 * 60)
# a TOTP code is valid for 90 s: one step of 30 s before and after the current one
USED_CODE = RateLimit("used-code", slots=1, seconds=120)
BY_PASSKEY = "(passkey)"  # in the record, while it isn't known whose it is
NOTED = RateLimit("sign-in-noted", slots=1, seconds=5 * 60)  # a flood of tries is one row of the record


def count_try(name: str) -> None:
    """Counts a try for an account and the address it comes from. Raises ValidationError with the seconds to wait."""
    count_from_here(name)
    if wait_s := take_slot(PER_ACCOUNT, name.casefold()):
        refuse(name, wait_s)


def count_from_here(name: str) -> None:
    """Counts a try for the address alone. Raises ValidationError."""
    if wait_s := take_slot(PER_ADDRESS, current_address.get()):
        refuse(name, wait_s)


def count_code(name: str, user_id: int) -> None:
    """Counts a try of a second factor. Raises ValidationError."""
    if wait_s := take_slot(PER_SECOND_FACTOR, str(user_id)):
        refuse(name, wait_s)


def forget_tries(name: str) -> None:
    """The password was right: the account's tries begin anew; those of the address go on."""
    free_slots(PER_ACCOUNT, name.casefold())


def forget_codes(user_id: int) -> None:
    free_slots(PER_SECOND_FACTOR, str(user_id))


def use_code(user_id: int, code: str) -> None:
    """Marks a valid code as used. Raises ValidationError when it was used before.

    allauth remembers used codes in the cache, for 30 s.
    """
    if take_slot(USED_CODE, f"{user_id}:{code.replace(' ', '')}"):
        raise ValidationError("This code was used a moment ago: wait for the next one.")


def refuse(name: str, wait_s: int) -> None:
    """Raises ValidationError; the first refusal in five minutes is on record."""
    if not take_slot(NOTED, f"{name.casefold()} {current_address.get()}"):
        emit_event(Event(action="person.sign_in", actor_name=name, outcome="refused", reason="Too many tries."))
    raise ValidationError(f"Too many tries. The next one is possible in {in_words(wait_s)}.")


def in_words(seconds: int) -> str:
    return f"{seconds} s" if seconds < 100 else f"{round(seconds / 60)} min"
