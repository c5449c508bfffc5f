"""Known devices: a signed cookie marks a browser in which a person has signed in before.

It grants no access. Its tries to sign in are counted apart from those of strangers, so that strangers can't lock the
owner of an account out ("device cookies", OWASP).
"""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

SALT = "corral.device"
MAX_AGE_S = 365 * 86_400
MOST_PEOPLE = 5  # of one shared browser


def account_key(name: str) -> str:
    """Key of an account in limits and cookies: the same for every spelling that signs in to it.

    Databases compare user names by upper case, which joins more letters than `casefold` does: "admın" is "ADMIN".
    """
    return name.strip().upper().casefold()


def known_device(request: HttpRequest, name: str) -> str:
    """Id of the browser if this person has signed in with it before, else ""."""
    cookie = _read(request)
    return str(cookie["id"]) if _hash(name) in cookie["people"] else ""


def remember_device(request: HttpRequest, response: HttpResponse, name: str) -> None:
    """Sets the cookie after a sign-in; people who signed in with the same browser before stay known."""
    cookie, person = _read(request), _hash(name)
    people = [person, *(other for other in cookie["people"] if other != person)][:MOST_PEOPLE]
    response.set_cookie(
        cookie_name(),
        signing.dumps({"id": cookie["id"] or secrets.token_urlsafe(16), "people": people}, salt=SALT),
        max_age=MAX_AGE_S,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def cookie_name() -> str:
    return "__Host-corral-device" if settings.SECURE else "corral-device"


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        cookie: dict[str, Any] = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=SALT, max_age=MAX_AGE_S)
    except signing.BadSignature:
        return {"id": "", "people": []}
    return cookie


def _hash(name: str) -> str:
    """Keyed hash of an account, so that the cookie of a shared browser names nobody."""
    return salted_hmac(SALT, account_key(name)).hexdigest()[:32]
