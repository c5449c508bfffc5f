"""Single sign-on against a provider that really answers: who gets in, and everything that lets nobody in."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.models import Group
from django.test import Client
from oidc_provider_mock import User as Subject
from oidc_provider_mock import run_server_in_thread
from oidc_provider_mock._app import OpenIDCode

from dashboard.people.models import User
from dashboard.people.sign_in.claims import NotBelieved, read_id_token
from registries.models import AuditEvent
from tests.signing_in import write_failures

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the provider's own library, in its thread
]
PASSWORD = "a long enough passphrase"
FROM_A_PAGE = {"Sec-Fetch-Site": "same-origin"}
GROUPS = {"groups": ["payments", "everybody"]}
PEOPLE = [
    Subject(sub="alice-1", claims={"preferred_username": "alice", **GROUPS}),
    Subject(sub="alice-2", claims={"preferred_username": "alice", **GROUPS}),
    Subject(sub="no-team", claims={"preferred_username": "bob", "groups": ["everybody"]}),
    Subject(sub="wrong-issuer", claims={"preferred_username": "i", "iss": "http://localhost:1", **GROUPS}),
    Subject(sub="wrong-audience", claims={"preferred_username": "a", "aud": "another-client", **GROUPS}),
    Subject(sub="two-audiences", claims={"preferred_username": "t", "aud": ["corral", "another"], **GROUPS}),
    Subject(sub="wrong-nonce", claims={"preferred_username": "n", "nonce": "of somebody else", **GROUPS}),
    Subject(sub="expired", claims={"preferred_username": "e", "exp": int(time.time()) - 700, **GROUPS}),
]


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with run_server_in_thread(user_claims=PEOPLE, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(autouse=True)
def _settings(settings: pytest.FixtureRequest, provider: str) -> None:
    settings.OIDC_ISSUER, settings.OIDC_NAME = provider, "Example SSO"  # type: ignore[attr-defined]
    settings.OIDC_TEAMS = {"payments": "Payments", "ops": "Operations"}  # type: ignore[attr-defined]
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]  # type: ignore[attr-defined]
    app["client_id"], app["secret"] = "corral", "shared-with-the-provider"


def ask(client: Client, query: str = "") -> str:
    """To the provider: the URL that the browser is sent to."""
    answer = client.get(f"/accounts/sso/login/{query}", headers=FROM_A_PAGE)
    assert answer.status_code == 302
    return answer.headers["Location"]


def consent(url: str, subject: str) -> str:
    """What the person does at the provider; the path that it sends the browser back to."""
    answer = requests.post(url, data={"sub": subject}, allow_redirects=False, timeout=5)
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def come_back(client: Client, subject: str, query: str = "") -> tuple[int, str]:
    answer = client.get(consent(ask(client, query), subject))
    return answer.status_code, answer.headers.get("Location") or answer.content.decode()


def is_signed_in(client: Client) -> bool:
    return client.get("/operations/").status_code == 200


def test_asks_with_pkce_and_a_nonce_and_takes_nothing_from_the_url(client: Client) -> None:
    asked = parse_qs(urlsplit(ask(client, "?scope=admin&auth_params=nonce%3Dmine%26prompt%3Dnone")).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert "admin" not in asked["scope"][0]
    assert asked["nonce"] != ["mine"]
    assert "prompt" not in asked


def test_makes_an_account_for_somebody_of_a_team_and_finds_it_again(client: Client) -> None:
    assert come_back(client, "alice-1") == (302, "/")
    assert is_signed_in(client)
    alice = User.objects.get(username="alice")
    assert (alice.has_usable_password(), alice.site_role) == (False, "")
    assert [team.name for team in alice.groups.all()] == ["Payments"]
    assert come_back(Client(), "alice-1")[0] == 302
    assert SocialAccount.objects.count() == User.objects.count() == 1


def test_never_takes_over_a_name(client: Client) -> None:
    come_back(client, "alice-1")
    other = Client()
    status, page = come_back(other, "alice-2")
    assert (status, is_signed_in(other)) == (200, False)
    assert "No account here" in page
    assert AuditEvent.objects.filter(outcome="refused", reason="The name is taken.").exists()


def test_somebody_of_no_team_gets_no_account(client: Client) -> None:
    assert "No account here" in come_back(client, "no-team")[1]
    assert not User.objects.filter(username="bob").exists()


def test_groups_lead_into_teams_and_out_again_and_leave_others_alone(client: Client) -> None:
    come_back(client, "alice-1")
    alice = User.objects.get(username="alice")
    alice.groups.set([Group.objects.create(name="Operations"), Group.objects.create(name="Choir")])
    come_back(Client(), "alice-1")
    assert sorted(team.name for team in alice.groups.all()) == ["Choir", "Payments"]
    assert set(AuditEvent.objects.values_list("action", "target_name")) >= {
        ("team.leave", "Operations"),
        ("team.add", "Payments"),
    }


@pytest.mark.parametrize("subject", ["wrong-issuer", "wrong-audience", "two-audiences", "wrong-nonce", "expired"])
def test_signs_nobody_in_by_a_token_that_does_not_hold(client: Client, subject: str) -> None:
    status, page = come_back(client, subject)
    assert (status, is_signed_in(client), User.objects.count()) == (401, False, 0)
    assert "does not hold" in page
    write_failures()
    assert AuditEvent.objects.get(action="person.sign_in").outcome == "failed"


def test_signs_nobody_in_by_a_token_of_another_key(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def forge(self: OpenIDCode, token: object, request: object) -> str:
        claims = {"iss": "", "aud": "corral", "sub": "alice-1", "iat": time.time(), "exp": time.time() + 60}
        return jwt.encode({**claims, "nonce": "n", **GROUPS}, key, algorithm="RS256")

    monkeypatch.setattr(OpenIDCode, "encode_id_token", forge)
    assert come_back(client, "alice-1")[0] == 401
    assert not is_signed_in(client)


def test_signs_nobody_in_with_a_state_that_is_not_this_browsers(client: Client) -> None:
    back = consent(ask(client), "alice-1")
    other = Client()
    for path in (back, back.replace("state=", "state=x"), back.partition("&state")[0]):
        assert other.get(path).status_code == 401
    assert not is_signed_in(other)


def test_signs_nobody_in_by_a_code_that_was_used(client: Client) -> None:
    url = ask(client)
    back = consent(url, "alice-1")
    assert client.get(back).status_code == 302
    client.post("/accounts/logout/")
    assert client.get(back).status_code == 401, "the state is gone"
    fresh = parse_qs(urlsplit(ask(client)).query)["state"][0]
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert client.get(f"/accounts/sso/callback/?code={code}&state={fresh}").status_code == 401, "the code is"
    assert not is_signed_in(client)


def test_somebody_who_is_switched_off_here_stays_out(client: Client) -> None:
    come_back(client, "alice-1")
    User.objects.update(is_active=False)
    other = Client()
    assert come_back(other, "alice-1") == (302, "/accounts/inactive/")
    assert not is_signed_in(other)


def test_a_local_admin_gets_in_while_the_provider_is_down(client: Client, settings: pytest.FixtureRequest) -> None:
    settings.OIDC_ISSUER = "http://localhost:1"  # type: ignore[attr-defined]
    down = client.get("/accounts/sso/login/", headers=FROM_A_PAGE)
    assert (down.status_code, "Example SSO is unavailable" in down.content.decode()) == (503, True)
    User.objects.create_user("root", password=PASSWORD, site_role="admin")
    client.post("/accounts/login/", {"login": "root", "password": PASSWORD})
    assert is_signed_in(client)


def test_a_provider_of_another_name_is_not_asked(client: Client, settings: pytest.FixtureRequest) -> None:
    settings.OIDC_ISSUER += "/"  # type: ignore[attr-defined]
    assert client.get("/accounts/sso/login/", headers=FROM_A_PAGE).status_code == 503


@pytest.mark.parametrize(("site", "query"), [("cross-site", ""), ("none", "?process=connect"), ("", "")])
def test_another_site_cannot_start_it(client: Client, site: str, query: str) -> None:
    answer = client.get(f"/accounts/sso/login/{query}", headers={"Sec-Fetch-Site": site} if site else {})
    assert answer.headers["Location"] == "/accounts/login/"


def test_links_an_identity_to_the_account_one_is_signed_in_to(client: Client) -> None:
    user = User.objects.create_user("carol", password=PASSWORD)
    client.force_login(user)
    assert come_back(client, "alice-1", "?process=connect") == (302, "/account/")
    other = Client()
    come_back(other, "alice-1")
    assert other.get("/operations/").wsgi_request.user == user
    client.post("/accounts/sso/unlink/")
    assert not SocialAccount.objects.exists()
    done = AuditEvent.objects.filter(action__startswith="identity").order_by("id").values_list("action", flat=True)
    assert list(done) == ["identity.link", "identity.unlink"]


def test_without_the_setting_there_is_none(client: Client, settings: pytest.FixtureRequest) -> None:
    settings.OIDC_ISSUER = ""  # type: ignore[attr-defined]
    assert client.get("/accounts/sso/login/", headers=FROM_A_PAGE).status_code == 404
    assert "sso" not in client.get("/accounts/login/").content.decode()


def sign(claims: dict[str, object], algorithm: str, key: object) -> str:
    return jwt.encode(claims, key, algorithm=algorithm)  # type: ignore[arg-type]


def test_takes_no_token_without_a_signature_or_under_a_shared_secret() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "k", "alg": "RS256"}
    now = int(time.time())
    claims = {
        "iss": "https://i",
        "aud": "c",
        "sub": "s",
        "iat": now,
        "exp": now + 60,
        "nonce": "n",
        "groups": "no list",
    }
    expected: dict[str, Any] = {
        "keys": {"keys": [public]},
        "issuer": "https://i",
        "client_id": "c",
        "groups_claim": "groups",
    }
    found = read_id_token(sign(claims, "RS256", key), **expected)
    assert (found.subject, found.nonce, found.groups) == ("s", "n", ())
    bad = [sign(claims, "none", None), sign(claims, "HS256", "c" * 64), "", "a.b.c", "junk"]
    bad += [
        sign({k: v for k, v in claims.items() if k != gone}, "RS256", key) for gone in ("exp", "iat", "sub", "nonce")
    ]
    bad += [sign(claims | {"iat": now + 600}, "RS256", key), sign(claims | {"azp": "another"}, "RS256", key)]
    for token in bad:
        with pytest.raises(NotBelieved):
            read_id_token(token, **expected)
    junks: tuple[dict[str, Any], ...] = ({}, {"keys": []}, {"keys": [{}]}, {"keys": "x"})
    for junk in junks:
        with pytest.raises(NotBelieved):
            read_id_token(sign(claims, "RS256", key), **(expected | {"keys": junk}))
