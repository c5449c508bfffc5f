"""Login steps: challenge, token, and whether the registry accepts the login. These steps send the password."""

import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import msgspec

from registries.oci.api_check import API, looks_like_registry
from registries.oci.challenge import Challenge, choose_challenge, parse_challenges
from registries.oci.endpoint import Endpoint
from registries.oci.http import Caller
from registries.oci.reasons import Reason
from registries.oci.report import Report, StepFailed, StepName
from registries.oci.token_realm import Realm, may_send_password_to, parse_realm
from registries.outbound.answer import Answer
from registries.outbound.base_url import BaseURL

TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,16384}")  # RFC 6750, 2.1: the characters of a bearer token
REFUSED = frozenset({401, 403})
SERVICE = "service"


class _TokenBody(msgspec.Struct):
    """A token service's answer; registries use both names (token authentication specification)."""

    token: str | None = None
    access_token: str | None = None


MALFORMED = "It answers 400 to the password, as Amazon ECR does to a token of another region or a cut one."
MALFORMED_REMEDY = "Get a new token for this registry's region and paste it whole; ECR's has over 2,000 characters."
TOKEN_BODY = msgspec.json.Decoder(_TokenBody)


@dataclass
class Session:
    """Session of one user at one registry; authorizes every call as the challenge demands.

    The password is sent to the registry itself (Basic) or to a realm that `may_send_password_to` permits (Bearer), and
    nowhere else.
    """

    caller: Caller
    base: BaseURL
    endpoint: Endpoint
    user: str
    secret: str = field(repr=False)
    realm_hosts: Collection[str] = ()
    api_path: str = API
    challenge: Challenge | None = None
    realm: Realm | None = None
    tokens: dict[str, str | None] = field(default_factory=dict, repr=False)

    def accept_challenge(self, answer: Answer) -> None:
        """Stores the challenge of a 401 for later calls. Raises StepFailed where it has none that can be answered."""
        self.challenge = choose_challenge(parse_challenges(answer.headers.get("www-authenticate", "")))
        if self.challenge is None:
            raise StepFailed(Reason.NOT_A_REGISTRY, "It wants a login, but neither with a password nor with a token.")
        self.realm, self.tokens = None, {}

    def accept_offer(self, answer: Answer) -> bool:
        """Stores the challenge that a 200 offers, where it offers one that can be answered; whether it does."""
        self.challenge = choose_challenge(parse_challenges(answer.headers.get("www-authenticate", "")))
        return self.challenge is not None

    def find_realm(self) -> Realm:
        """The realm that issues the token. Raises StepFailed when the password may not be sent there."""
        realm = parse_realm(self.challenge.parameters["realm"]) if self.challenge else None
        if realm is None:
            raise StepFailed(Reason.NOT_A_REGISTRY, "The address that it names for tokens cannot be read.")
        if may_send_password_to(realm, asked=self.base, endpoint=self.endpoint, realm_hosts=self.realm_hosts):
            self.realm = realm
            return realm
        if self.base.scheme == "https" and realm.base.scheme == "http":
            raise StepFailed(Reason.BLOCKED, "It sends for a token to plain http; nothing was sent there.")
        raise StepFailed(
            Reason.TOKEN_HOST,
            f"It sends for a token to {realm.base.netloc}, which is not known to belong to it; nothing was sent there.",
            f"If that is right, an admin can add {realm.base.netloc} to the allowed targets, as a registry.",
        )

    def get(self, path: str, *, scope: str = "", accept: str = "application/json") -> Answer:
        """The answer to one authorized GET. Raises StepFailed."""
        headers = {"Accept": accept}
        if self.challenge is None:
            return self.caller.get(self.base, path, headers=headers)
        if self.challenge.scheme == "basic":
            return self.caller.get(self.base, path, headers=headers, auth=(self.user, self.secret))
        token = self.token_for(scope)
        if token is None:
            raise StepFailed(Reason.BAD_CREDENTIALS)
        return self.caller.get(self.base, path, headers=headers | {"Authorization": f"Bearer {token}"})

    def token_for(self, scope: str = "") -> str | None:
        """The token for a scope, fetched once; None where the realm refuses user and password. Raises StepFailed."""
        if scope not in self.tokens:
            self.tokens[scope] = self._fetch_token(scope)
        return self.tokens[scope]

    def _fetch_token(self, scope: str) -> str | None:
        realm = self.realm or self.find_realm()
        parameters: Mapping[str, str] = self.challenge.parameters if self.challenge else {}
        query = [*realm.query, ("account", self.user)]
        query += [(SERVICE, parameters[SERVICE])] if SERVICE in parameters else []
        query += [("scope", scope)] if scope else []
        auth = (self.user, self.secret)
        answer = self.caller.get(realm.base, realm.path, query=query, auth=auth, limits=self.caller.token_limits)
        if answer.status in REFUSED:
            return None
        if answer.status == 404:
            raise StepFailed(Reason.NOT_A_REGISTRY, "Its token service is not there: it answers with status 404.")
        if answer.status != 200:
            raise StepFailed(
                Reason.NOT_A_REGISTRY, f"Where tokens are to be had, it answers with status {answer.status}."
            )
        return _read_token(answer)


def log_in(report: Report, session: Session, answer: Answer) -> None:
    """Runs the steps from the challenge to the login. Raises StopSteps."""
    with report.step(StepName.CHALLENGE) as note:
        if answer.status == 200 and not session.accept_offer(answer):
            note.cause, note.state = "It wants no login.", "warning"
        else:
            if session.challenge is None:
                session.accept_challenge(answer)
            by_token = session.challenge is not None and session.challenge.scheme == "bearer"
            note.cause = "It wants a token." if by_token else "It wants the password itself."
    if session.challenge is None:
        _ask_unasked(report, session)
        return
    if session.challenge.scheme == "bearer":
        with report.step(StepName.TOKEN) as note:
            note.cause = f"{session.find_realm().base.host} was asked for it."
            started = time.monotonic()
            session.token_for()
            if time.monotonic() - started > session.caller.limits.read_s:
                note.state, note.cause = "warning", f"{note.cause} It is slow; hosts wait as long at every pull."
    with report.step(StepName.LOGIN) as note:
        _require_accepted(session.get(session.api_path), session.challenge.scheme)
        note.cause = "The login is accepted."
    report.pass_login(Reason.OK)


def _ask_unasked(report: Report, session: Session) -> None:
    """Sends the password once to a registry that asks for none: some refuse a wrong one all the same."""
    with report.step(StepName.LOGIN) as note:
        auth = (session.user, session.secret)
        answer = session.caller.get(session.base, session.api_path, headers={"Accept": "application/json"}, auth=auth)
        if answer.status in REFUSED:
            raise StepFailed(Reason.BAD_CREDENTIALS)
        note.cause, note.state = "Not proven: it lets everybody in, whatever the password.", "warning"
    report.pass_login(Reason.NOT_PROVEN)


def _require_accepted(answer: Answer, scheme: str) -> None:
    """Raises StepFailed unless a registry accepted the authorized call."""
    if answer.status in REFUSED:
        raise StepFailed(Reason.TOKEN_REFUSED if scheme == "bearer" else Reason.BAD_CREDENTIALS)
    if answer.status == 400:
        raise StepFailed(Reason.BAD_CREDENTIALS, MALFORMED, MALFORMED_REMEDY)
    if answer.status != 200 or (answer.body and not looks_like_registry(answer)):
        raise StepFailed(Reason.NOT_A_REGISTRY, f"After the login it answers with status {answer.status}.")


def _read_token(answer: Answer) -> str:
    try:
        body = TOKEN_BODY.decode(answer.body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise StepFailed(Reason.NOT_A_REGISTRY, "Where tokens are to be had, the answer holds none.") from None
    token = body.token or body.access_token or ""
    if not TOKEN.fullmatch(token):
        raise StepFailed(Reason.NOT_A_REGISTRY, "Where tokens are to be had, the answer holds none.")
    return token
