"""Second factors: set up, asked for, counted, sealed, and demanded of admins."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client

from dashboard.people.models import User
from registries.models import AuditEvent
from tests.signing_in import prove, write_failures

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough passphrase"
SIGN_IN, CODE, ADD = "/accounts/login/", "/accounts/second-factor/code/", "/accounts/second-factor/app/add/"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("operator", password=PASSWORD)


def code_of(secret: str) -> str:
    counter = list(yield_hotp_counters_from_time())[1]
    return str(format_hotp_value(hotp_value(secret, counter)))


def set_up_app(client: Client) -> str:
    page = client.get(ADD).content.decode()
    secret = re.search(r'id="totp-key"[^>]*>([A-Z2-7]+)<', page).group(1)  # type: ignore[union-attr]
    answer = client.post(ADD, {"code": code_of(secret)})
    assert answer.headers["Location"] == "/accounts/second-factor/codes/"
    return secret


def start(client: Client) -> None:
    answer = client.post(SIGN_IN, {"login": "operator", "password": PASSWORD})
    assert answer.headers["Location"] == CODE
    assert client.get("/operations/").status_code == 302, "a password alone opens nothing"


def test_shows_a_key_and_codes_once_and_stores_both_sealed(client: Client, user: User) -> None:
    client.force_login(user)
    secret = set_up_app(client)
    page = client.get("/accounts/second-factor/codes/").content.decode()
    codes = re.findall(r"<li>(\d{8})</li>", page)
    assert len(codes) == 10
    again = client.get("/accounts/second-factor/codes/").content.decode()
    assert codes[0] not in again
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert stored.count("v1:test:") == 2
    assert not any(secret in row.after + row.target_name for row in AuditEvent.objects.all())


def test_asks_for_a_code_after_the_password_and_takes_each_code_once(client: Client, user: User) -> None:
    client.force_login(user)
    secret = set_up_app(client)
    code = code_of(secret)
    first, second = Client(), Client()
    start(first)
    assert first.post(CODE, {"code": code}).headers["Location"] == "/"
    start(second)
    cache.delete(f"allauth.mfa.totp.used?user={user.pk}&code={code}")  # allauth remembers for half a minute only
    assert "used a moment ago" in second.post(CODE, {"code": code}).content.decode()
    assert second.get("/operations/").status_code == 302
    ways = [row.after for row in AuditEvent.objects.filter(action="person.sign_in", outcome="succeeded")]
    assert '"by": "password, totp"' in ways[0]


def test_counts_wrong_codes_apart_from_passwords(client: Client, user: User) -> None:
    client.force_login(user)
    secret = set_up_app(client)
    guesser = Client()
    for _ in range(5):
        start(guesser)
        guesser.post(CODE, {"code": "000000"})
    start(guesser)
    assert "Too many tries" in guesser.post(CODE, {"code": code_of(secret)}).content.decode()
    assert guesser.get("/operations/").status_code == 302


def test_a_recovery_code_works_once(client: Client, user: User) -> None:
    client.force_login(user)
    set_up_app(client)
    codes = re.findall(r"<li>(\d{8})</li>", client.get("/accounts/second-factor/codes/").content.decode())
    for expected in ("/", None):
        someone = Client()
        start(someone)
        assert someone.post(CODE, {"code": codes[0]}).headers.get("Location") == expected


def test_a_lost_key_lets_nobody_in_and_is_named(client: Client, user: User, settings: pytest.FixtureRequest) -> None:
    client.force_login(user)
    secret = set_up_app(client)
    settings.ENCRYPTION_KEYS = "other:" + "QUJD" * 10 + "QUI="  # type: ignore[attr-defined]
    someone = Client()
    start(someone)
    answer = someone.post(CODE, {"code": code_of(secret)})
    assert answer.status_code == 200
    assert "no longer has the encryption key" in answer.content.decode()
    assert "Incorrect code" not in answer.content.decode()
    assert someone.get("/operations/").status_code == 302
    assert AuditEvent.objects.get(outcome="failed").reason == "Its encryption key is lost: no code can be checked."
    page = client.post("/accounts/second-factor/confirm/", {"code": code_of(secret)}).content.decode()
    assert "no longer has the encryption key" in page
    assert client.get("/accounts/second-factor/").status_code == 200


def test_a_wrong_code_is_called_wrong_while_the_key_is_there(client: Client, user: User) -> None:
    client.force_login(user)
    set_up_app(client)
    someone = Client()
    start(someone)
    assert "Incorrect code" in someone.post(CODE, {"code": "000000"}).content.decode()


def test_changing_a_second_factor_asks_again_who_is_there(client: Client, user: User) -> None:
    client.force_login(user)
    prove(client, user, seconds_ago=16 * 60)
    answer = client.get(ADD)
    assert answer.headers["Location"] == f"/accounts/confirm/?next={ADD.replace('/', '%2F')}"
    wrong = client.post("/accounts/confirm/", {"password": "wrong", "next": ADD})
    assert wrong.status_code == 200
    assert client.post("/accounts/confirm/", {"password": PASSWORD, "next": ADD}).headers["Location"] == ADD
    assert client.get(ADD).status_code == 200


@pytest.mark.parametrize("path", ["/", "/targets/", "/operations/", "/account/", "/people/"])
def test_an_admin_without_one_can_do_nothing_but_set_it_up(
    client: Client, settings: pytest.FixtureRequest, path: str
) -> None:
    settings.ADMIN_MFA = True  # type: ignore[attr-defined]
    admin = User.objects.create_user("root", password=PASSWORD, site_role="admin")
    client.force_login(admin)
    assert client.get(path).headers["Location"] == "/accounts/second-factor/"
    assert "Admins need a second factor" in client.get("/accounts/second-factor/").content.decode()
    set_up_app(client)
    assert client.get(path).status_code == 200


def test_removing_the_last_one_closes_everything_again(client: Client, settings: pytest.FixtureRequest) -> None:
    settings.ADMIN_MFA = True  # type: ignore[attr-defined]
    admin = User.objects.create_user("root", password=PASSWORD, site_role="admin")
    client.force_login(admin)
    set_up_app(client)
    assert client.get("/operations/").status_code == 200
    client.post("/accounts/second-factor/app/remove/")
    assert client.get("/operations/").status_code == 302
    done = (
        AuditEvent.objects.filter(action__startswith="second_factor")
        .order_by("id")
        .values_list("action", "target_name")
    )
    assert ("second_factor.remove", "totp") in list(done)


def test_a_viewer_needs_none(client: Client, user: User, settings: pytest.FixtureRequest) -> None:
    settings.ADMIN_MFA = True  # type: ignore[attr-defined]
    client.force_login(user)
    assert client.get("/operations/").status_code == 200


@pytest.mark.parametrize("credential", ["", "junk", "[]", "{}", '{"id": "x", "response": {}}'])
def test_a_passkey_that_is_none_lets_nobody_in(client: Client, user: User, credential: str) -> None:
    answer = client.post("/accounts/passkeys/login/", {"credential": credential})
    assert answer.headers["Location"] == SIGN_IN
    assert client.get("/operations/").status_code == 302


def test_tries_with_passkeys_count_for_their_address_and_are_on_record(client: Client, user: User) -> None:
    for _ in range(11):
        client.post("/accounts/passkeys/login/", {"credential": '{"id": "x"}'})
    assert "Too many tries" in client.get(SIGN_IN).content.decode()
    write_failures()
    row = AuditEvent.objects.get(actor_name="(passkey)")
    assert (row.outcome, row.reason) == ("failed", "Wrong passkey (10). Too many tries (1).")


def test_a_factor_that_was_copied_over_another_persons_opens_nothing(client: Client, user: User) -> None:
    attacker = User.objects.create_user("attacker", password=PASSWORD)
    victims, attackers = Client(), Client()
    victims.force_login(user)
    set_up_app(victims)
    attackers.force_login(attacker)
    secret = set_up_app(attackers)
    for kind in ("totp", "recovery_codes"):
        copied = Authenticator.objects.get(user=attacker, type=kind).data
        Authenticator.objects.filter(user=user, type=kind).update(data=copied)
    codes = re.findall(r"<li>(\d{8})</li>", attackers.get("/accounts/second-factor/codes/").content.decode())
    for code in (code_of(secret), codes[0]):
        start(client)
        assert client.post(CODE, {"code": code}).status_code == 200
        assert client.get("/operations/").status_code == 302


def test_an_admin_without_one_is_sent_there_as_a_whole_page(client: Client, settings: pytest.FixtureRequest) -> None:
    settings.ADMIN_MFA = True  # type: ignore[attr-defined]
    client.force_login(User.objects.create_user("root", password=PASSWORD, site_role="admin"))
    answer = client.get("/operations/", headers={"HX-Request": "true", "HX-Target": "operation-list"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/accounts/second-factor/")
