"""Rate limits of sign-in, counted before a password is hashed, and one-time use of codes.

Strangers are counted by address, by account and address, and more widely by account. A browser in which the person has
signed in before (`devices`) and a session that is signed in have slots of their own, which strangers can't use up.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from dashboard.current import current_address
from dashboard.events import Event, emit_event
from dashboard.people.hashing import HashingBusy
from dashboard.people.models import User
from dashboard.people.sign_in import failures
from dashboard.people.sign_in.devices import account_key, known_device
from dashboard.rate_limits import RateLimit, free_slots, return_slot, take_slot

PER_ADDRESS = RateLimit("sign-in-from", slots=10, seconds=60)
PER_ACCOUNT_AND_ADDRESS = RateLimit("sign-in", slots=5, seconds=5 * 60)
PER_ACCOUNT = RateLimit("sign-in-account", slots=30, seconds=15 * 60)
PER_DEVICE = RateLimit("sign-in-device", slots=5, seconds=5 * 60)
PER_SECOND_FACTOR = RateLimit("second-factor", slots=5, seconds=5 * 60)
PER_SECOND_FACTOR_OF_DEVICE = RateLimit("second-factor-device", slots=5, seconds=5 * 60)
PER_SESSION = RateLimit("confirm", slots=5, seconds=5 * 60)
REFUSAL_RECORDED = RateLimit("refusal-recorded", slots=1, seconds=5 * 60)
# a TOTP code is valid for 90 s: one step of 30 s before and after the current one
USED_CODE = RateLimit("used-code", slots=1, seconds=120)
BY_PASSKEY = "(passkey)"  # actor in the audit log before the person is known

Slots = Sequence[tuple[RateLimit, str]]


def count_try(request: HttpRequest, name: str) -> None:
    """Counts a try to sign in. Raises ValidationError with the seconds to wait."""
    for limit, key in _slots_of_sign_in(request, name):
        if wait_s := take_slot(limit, key):
            _refuse(request, name, wait_s)


def forget_tries(request: HttpRequest, name: str) -> None:
    """After a right password: the account's tries from here start anew; those of the address still count."""
    if device := known_device(request, name):
        free_slots(PER_DEVICE, f"{device} {account_key(name)}")
    else:
        free_slots(PER_ACCOUNT_AND_ADDRESS, f"{account_key(name)} {_network()}")
        return_slot(PER_ACCOUNT, account_key(name))


@contextmanager
def returned_when_busy(request: HttpRequest, name: str, user: User | None = None) -> Iterator[None]:
    """Gives a counted try back where hashing is too busy: no password was looked at. `user` is that of a session."""
    try:
        yield
    except HashingBusy:
        slots = [(PER_SESSION, _session(request, user))] if user else _slots_of_sign_in(request, name)
        for limit, key in slots:
            return_slot(limit, key)
        raise


def count_passkey(request: HttpRequest) -> None:
    """Counts a try by a passkey of an unknown person, for the address alone. Raises ValidationError."""
    if wait_s := take_slot(PER_ADDRESS, _network()):
        _refuse(request, BY_PASSKEY, wait_s)


def count_code(request: HttpRequest, user: User) -> None:
    """Counts a try of a second factor at sign-in. Raises ValidationError."""
    limit, key = _slot_of_code(request, user)
    if wait_s := take_slot(limit, key):
        _refuse(request, user.username, wait_s, user=user)


def forget_codes(request: HttpRequest, user: User) -> None:
    free_slots(*_slot_of_code(request, user))


def count_confirmation(request: HttpRequest, user: User) -> None:
    """Counts a password or code that is asked of a signed-in session. Raises ValidationError."""
    if wait_s := take_slot(PER_SESSION, _session(request, user)):
        _refuse(request, user.username, wait_s, user=user, action="person.confirm")


def forget_confirmations(request: HttpRequest, user: User) -> None:
    free_slots(PER_SESSION, _session(request, user))


def use_code(user: User, code: str) -> None:
    """Marks a valid code as used. Raises ValidationError when it was used before.

    allauth remembers used codes in the cache, for 30 s.
    """
    if take_slot(USED_CODE, f"{user.pk}:{code.replace(' ', '')}"):
        raise ValidationError("This code was used a moment ago: wait for the next one.")


def record_failure(request: HttpRequest, name: str, reason: str) -> None:
    """Writes a failed sign-in to the audit log; those of strangers are counted together."""
    if known_device(request, name):
        emit_event(Event(action="person.sign_in", actor_name=name, outcome="failed", reason=reason))
    else:
        failures.count_failure(name, reason)


def _refuse(
    request: HttpRequest, name: str, wait_s: int, *, user: User | None = None, action: str = "person.sign_in"
) -> None:
    """Records the refusal, of a known person or device once in five minutes. Raises ValidationError."""
    if user is None and not known_device(request, name):
        failures.count_failure(name, failures.TOO_MANY)
    elif not take_slot(REFUSAL_RECORDED, f"{action} {account_key(name)} {current_address.get()}"):
        emit_event(Event(action=action, actor=user, actor_name=name, outcome="refused", reason=failures.TOO_MANY))
    raise ValidationError(f"Too many tries. The next one is possible in {in_words(wait_s)}.")


def _slots_of_sign_in(request: HttpRequest, name: str) -> Slots:
    """The widest limit last: refused tries of one address don't count for the whole account."""
    account = account_key(name)
    if device := known_device(request, name):
        return [(PER_DEVICE, f"{device} {account}")]
    return [
        (PER_ADDRESS, _network()),
        (PER_ACCOUNT_AND_ADDRESS, f"{account} {_network()}"),
        (PER_ACCOUNT, account),
    ]


def _slot_of_code(request: HttpRequest, user: User) -> tuple[RateLimit, str]:
    if device := known_device(request, user.username):
        return PER_SECOND_FACTOR_OF_DEVICE, f"{device} {user.pk}"
    return PER_SECOND_FACTOR, str(user.pk)


def _session(request: HttpRequest, user: User) -> str:
    return f"{user.pk} {request.session.session_key}"


def _network() -> str:
    """The client's address; of IPv6 the /64 network, as one customer has all of it."""
    address = current_address.get()
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False)) if parsed.version == 6 else address


def in_words(seconds: int) -> str:
    return f"{seconds} s" if seconds < 100 else f"{round(seconds / 60)} min"
