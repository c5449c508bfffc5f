"""Parser of `WWW-Authenticate` headers (RFC 9110, 11.6.1). Pure and total: any text in, challenges out.

Commas separate challenges and also their parameters, so the parser looks ahead: a name with `=` and a value is a
parameter, any other name is the next scheme.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

LONGEST = 4_096  # characters; the rest is ignored
SEPARATORS = re.compile(r"[ \t,]*")
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - the grammar's word
PARAMETER = re.compile(rf'({TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*+)"|({TOKEN}))[ \t]*(?=,|$)', re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
SCHEME = re.compile(rf"({TOKEN})(?=[ \t,]|$)")
TOKEN68 = re.compile(r"[ \t]+[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)")
JUNK = re.compile(r'(?:"(?:[^"\\]|\\.)*+(?:"|$)|[^,"])++', re.DOTALL)


@dataclass(frozen=True)
class Challenge:
    """One challenge: the scheme in small letters, its parameters by their names in small letters."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """The challenges in their order, without text that fits no grammar. A parameter given twice has its first value."""
    text, parsed, at = header[:LONGEST], list[tuple[str, dict[str, str]]](), 0
    while True:
        at = _end(SEPARATORS.match(text, at), at)
        if at >= len(text):
            return tuple(Challenge(scheme, parameters) for scheme, parameters in parsed)
        if (parameter := PARAMETER.match(text, at)) and parsed:
            name, quoted, plain = parameter.groups()
            parsed[-1][1].setdefault(name.lower(), plain or ESCAPED.sub(r"\1", quoted))
            at = parameter.end()
        elif not parameter and (scheme := SCHEME.match(text, at)):
            parsed.append((scheme[1].lower(), {}))
            at = _end(TOKEN68.match(text, scheme.end()), scheme.end())
        else:
            at = _end(JUNK.match(text, at), at + 1)


def choose_challenge(challenges: tuple[Challenge, ...]) -> Challenge | None:
    """The challenge to answer: Bearer with a realm before Basic; None when there is neither."""
    for challenge in challenges:
        if challenge.scheme == "bearer" and challenge.parameters.get("realm"):
            return challenge
    return next((challenge for challenge in challenges if challenge.scheme == "basic"), None)


def _end(match: re.Match[str] | None, otherwise: int) -> int:
    return match.end() if match else otherwise
