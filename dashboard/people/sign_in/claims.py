"""Claims of an ID token, accepted only when every check of OpenID Connect Core 1.0 holds."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

# Asymmetric signatures only; "none" and signatures under a shared secret are refused
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
REQUIRED = ("iss", "sub", "aud", "exp", "iat", "nonce")
LEEWAY_S = 60  # between two clocks


class NotBelieved(Exception):
    """The ID token is refused; the sentence says why."""


@dataclass(frozen=True)
class Claims:
    """Verified claims. `name` is ``preferred_username``, "" without one.

    The caller still has to compare `nonce` with the one of its request.
    """

    issuer: str
    subject: str
    name: str
    groups: tuple[str, ...]
    nonce: str

    @property
    def uid(self) -> str:
        """Permanent id of the person: hash of issuer and subject. Names and addresses may change hands."""
        return hashlib.sha256(f"{self.issuer}\n{self.subject}".encode()).hexdigest()


def read_id_token(token: str, *, keys: Mapping[str, Any], issuer: str, client_id: str, groups_claim: str) -> Claims:
    """Verifies an ID token and returns its claims (OpenID Connect Core 1.0, 3.1.3.7). `keys` is the provider's JWK set.

    Raises NotBelieved: signature, issuer, audience, authorized party, times.
    """
    try:
        header = jwt.get_unverified_header(token)
        ring = jwt.PyJWKSet.from_dict(dict(keys))
        fitting = [one for one in ring.keys if one.key_id == header.get("kid")] or ring.keys[:1]
        found = jwt.decode(
            token,
            fitting[0],
            algorithms=list(ALGORITHMS),
            issuer=issuer,
            audience=client_id,
            leeway=LEEWAY_S,
            options={"require": list(REQUIRED)},
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError) as problem:
        raise NotBelieved(f"The ID token does not hold: {type(problem).__name__}.") from None
    several = isinstance(found["aud"], list) and len(found["aud"]) > 1
    if found.get("azp", client_id if not several else "") != client_id:
        raise NotBelieved("The ID token was made for somebody else.")
    name, groups = found.get("preferred_username"), found.get(groups_claim)
    return Claims(
        issuer=issuer,
        subject=str(found["sub"]),
        name=name if isinstance(name, str) else "",
        groups=tuple(one for one in groups if isinstance(one, str)) if isinstance(groups, list) else (),
        nonce=str(found["nonce"]),
    )
