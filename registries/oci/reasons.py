"""Reasons: the fixed list of a verification's results. A registry's own words are never shown in their place."""

from enum import StrEnum


class Reason(StrEnum):
    """The result of a verification; `sentence` says what happened, `remedy` what to do."""

    OK = "ok"
    BAD_CREDENTIALS = "bad_credentials"
    NO_PULL_RIGHT = "no_pull_right"
    IMAGE_NOT_FOUND = "image_not_found"
    NOT_A_REGISTRY = "not_a_registry"
    UNREACHABLE = "unreachable"
    NAME_NOT_FOUND = "name_not_found"
    TLS_EXPIRED = "tls_expired"
    TLS_NAME = "tls_name"
    TLS_UNKNOWN_CA = "tls_unknown_ca"
    TLS_PLAIN_HTTP = "tls_plain_http"
    RATE_LIMITED = "rate_limited"
    BLOCKED = "blocked"
    TIMEOUT = "timeout"
    NOT_PROVEN = "not_proven"
    TOKEN_HOST = "token_host"  # noqa: S105 - a word
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a word

    @property
    def sentence(self) -> str:
        return WORDS[self][0]

    @property
    def remedy(self) -> str:
        return WORDS[self][1]


WORDS: dict[Reason, tuple[str, str]] = {
    Reason.OK: ("The registry accepted the user and the password.", ""),
    Reason.BAD_CREDENTIALS: (
        "The registry refused the user or the password.",
        "Make a new password or token there and replace this one. Everything before it works: address, network and "
        "certificate are fine.",
    ),
    Reason.NO_PULL_RIGHT: (
        "The registry accepted the password, but the user may not pull this image.",
        "Give the user the right to read that repository.",
    ),
    Reason.IMAGE_NOT_FOUND: (
        "The registry accepted the password, but has no such image.",
        "Look at its name and tag; some registries say so, too, of what one may not see.",
    ),
    Reason.NOT_A_REGISTRY: (
        "What answers there is not a container registry.",
        "Look at host and port; a web page or a proxy may stand in its place.",
    ),
    Reason.UNREACHABLE: (
        "Nothing answers at that address.",
        "Look at host and port. A registry in a private network has to be allowed by an admin.",
    ),
    Reason.NAME_NOT_FOUND: ("The host's name is not known.", "Look at its spelling; no name server knows it."),
    Reason.TLS_EXPIRED: ("The registry's certificate has expired.", "Renew it there; hosts refuse it as well."),
    Reason.TLS_NAME: (
        "The registry's certificate is for another name.",
        "Use the name that the certificate has, or renew it for this one.",
    ),
    Reason.TLS_UNKNOWN_CA: (
        "The registry's certificate comes from an issuer that is not known here.",
        "Hosts need its CA certificate as well; add it to those that Corral trusts.",
    ),
    Reason.TLS_PLAIN_HTTP: (
        "The registry speaks plain http at that port.",
        "A password would cross the network in clear text. Give the registry a certificate, or have an admin allow it.",
    ),
    Reason.RATE_LIMITED: ("The registry takes no more questions for now.", "Wait; it says until when, if it does."),
    Reason.BLOCKED: (
        "Nothing answers at that address.",
        "Look at host and port. A registry in a private network has to be allowed by an admin.",
    ),
    Reason.NOT_PROVEN: (
        "The registry asks nobody for a password, so nothing can prove that this one is right.",
        "Name an image that takes a login; where every image may be pulled by anybody, no credential is needed.",
    ),
    Reason.TOKEN_HOST: (
        "The registry's token host is not allowed yet; the password was not sent there.",
        "If the host belongs to the registry, an admin can add it to the allowed targets, as a registry.",
    ),
    Reason.TOKEN_REFUSED: (
        "The token service took the password, but the registry refuses the token.",
        "The password is not at fault: whoever runs the registry looks at its signing key, its clock and its service "
        "name.",
    ),
    Reason.TIMEOUT: (
        "The registry did not answer in time.",
        "Try again; if it stays so, its network is the place to look.",
    ),
}
