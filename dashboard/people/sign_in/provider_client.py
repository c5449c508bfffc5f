"""Calls to the identity provider, over the one HTTP client of the product (`registries.outbound`).

The settings name the provider, so the admin's list of targets does not apply; blocked addresses stay blocked.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error

from registries.outbound.answer import Answer
from registries.outbound.base_url import parse_target_url
from registries.outbound.call_limits import CallLimits
from registries.outbound.errors import UpstreamError
from registries.outbound.transport import Transport

# A morning's sign-ins come at once, and each waits for the provider's short answers
LIMITS = CallLimits(body_bytes=2**20, in_flight=8, slot_wait_s=2.0)
FORM_TYPE = "application/x-www-form-urlencoded"
BLOCKED = "The identity provider's host leads to an address that is never opened, such as a cloud's metadata service."


class Refused(OAuth2Error):  # type: ignore[misc]  # allauth carries no types
    """An answer of the provider does not hold; the sentence is ours and holds nothing of the answer."""


class ProviderUnavailable(Refused):
    """The provider did not answer, or not with JSON and a good status."""


class OIDCClient(OAuth2Client):  # type: ignore[misc]
    """Exchanges the authorization code for tokens; allauth's own would call past `outbound`."""

    def get_access_token(self, code: str, pkce_code_verifier: str | None = None) -> dict[str, Any]:
        """The token response (OpenID Connect Core 1.0, 3.1.3.3). Raises Refused, ProviderUnavailable."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.callback_url,
            "code_verifier": pkce_code_verifier or "",
        }
        auth = (self.consumer_key, self.consumer_secret) if self.basic_auth else None
        if auth is None:
            form |= {"client_id": self.consumer_key, "client_secret": self.consumer_secret}
        return post_form(self.access_token_url, {name: value for name, value in form.items() if value}, auth=auth)


def get_json(url: str) -> dict[str, Any]:
    """A document of the provider, such as its description or its keys. Raises ProviderUnavailable."""
    return _read(_send("GET", url))


def post_form(url: str, form: Mapping[str, str], *, auth: tuple[str, str] | None) -> dict[str, Any]:
    """The answer to a form, which is sent once. Raises Refused for a 4xx, ProviderUnavailable."""
    payload = urlencode(form).encode()
    answer = _send("POST", url, payload=payload, headers={"Content-Type": FORM_TYPE}, auth=auth)
    if 400 <= answer.status < 500:
        raise Refused(f"The identity provider did not accept the code of this sign-in ({answer.status}).")
    return _read(answer)


def _send(method: str, url: str, **call: Any) -> Answer:
    try:
        target = parse_target_url(url)
        transport = Transport(target.base, allow=lambda *_: True, peer="the identity provider", limits=LIMITS)
        try:
            return transport.send(method, target.path, query=target.query, **call)
        finally:
            transport.close()
    except UpstreamError as error:
        raise ProviderUnavailable(BLOCKED if error.reason == "blocked" else str(error)) from None


def _read(answer: Answer) -> dict[str, Any]:
    if not 200 <= answer.status < 300:
        raise ProviderUnavailable(f"The identity provider answered with status {answer.status}.")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ProviderUnavailable("The identity provider answered with something other than JSON.")
    return document
