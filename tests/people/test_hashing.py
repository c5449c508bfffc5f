"""Hashes of passwords: OWASP's parameters, a bound on how many run, and old hashes that are replaced."""

import threading
from collections.abc import Iterator

import pytest
from argon2.exceptions import HashingError
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password
from django.test import Client

from dashboard.people import hashing
from dashboard.people.hashing import BoundedArgon2Hasher
from dashboard.people.models import RateLimitSlot, User
from dashboard.people.services.invitations import invite_person

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough passphrase"
SIGN_IN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _real_hashes(settings: pytest.FixtureRequest) -> None:
    settings.PASSWORD_HASHERS = ["dashboard.people.hashing.BoundedArgon2Hasher"]  # type: ignore[attr-defined]


@pytest.fixture
def user() -> User:
    return User.objects.create_user("operator", password=PASSWORD)


@pytest.fixture
def _no_slot(monkeypatch: pytest.MonkeyPatch, user: User) -> Iterator[None]:
    """All slots are taken by others, for longer than anybody waits."""
    monkeypatch.setattr(hashing, "WAIT_S", 0.01)
    for _ in range(hashing.HASHES_AT_ONCE):
        hashing._running.acquire()
    yield
    for _ in range(hashing.HASHES_AT_ONCE):
        hashing._running.release()


def test_takes_owasps_parameters(user: User) -> None:
    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_an_old_hash_verifies_and_is_replaced_at_sign_in(user: User, client: Client) -> None:
    old = Argon2PasswordHasher().encode(PASSWORD, "sixteen-of-salt1sixteen")
    assert "m=102400" in old
    User.objects.update(password=old)
    assert client.post(SIGN_IN, {"login": "operator", "password": PASSWORD}).status_code == 302
    user.refresh_from_db()
    assert "m=19456,t=2,p=1" in user.password
    assert client.get("/operations/").status_code == 200


def test_computes_no_more_than_so_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def count(*_: object) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        barrier_passed.wait(timeout=0.05)
        with lock:
            running -= 1
        return "hashed"

    barrier_passed = threading.Event()
    monkeypatch.setattr(hashing, "WAIT_S", 30)
    monkeypatch.setattr(Argon2PasswordHasher, "encode", count)
    threads = [threading.Thread(target=BoundedArgon2Hasher().encode, args=("x", "salt")) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == hashing.HASHES_AT_ONCE


@pytest.mark.usefixtures("_no_slot")
@pytest.mark.parametrize("name", ["operator", "nobody"])
def test_says_that_it_is_busy_and_counts_no_try(client: Client, name: str) -> None:
    for _ in range(7):
        answer = client.post(SIGN_IN, {"login": name, "password": PASSWORD})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Many people are signing in" in answer.content.decode()
    assert not RateLimitSlot.objects.exists()


@pytest.mark.usefixtures("_no_slot")
@pytest.mark.parametrize("path", ["/accounts/confirm/", "/accounts/password/change/"])
def test_a_session_is_told_so_as_well(client: Client, user: User, path: str) -> None:
    client.force_login(user)
    typed = {"password": PASSWORD, "oldpassword": PASSWORD, "password1": f"{PASSWORD} 2", "password2": f"{PASSWORD} 2"}
    answers = [client.post(path, typed).status_code for _ in range(7)]
    assert answers == [503] * 7


@pytest.mark.usefixtures("_no_slot")
def test_an_invitation_waits_for_another_try(client: Client, user: User) -> None:
    admin = User.objects.create(username="root", site_role="admin", password="!")
    _, token = invite_person(admin, username="frida")
    client.get(f"/invitations/{token}/")
    answer = client.post("/invitations/password/", {"password1": "horse battery 9", "password2": "horse battery 9"})
    assert answer.status_code == 503
    assert not User.objects.filter(username="frida").exists()


def test_a_slot_is_given_back_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "WAIT_S", 0.01)
    for _ in range(5):
        with pytest.raises(HashingError):
            BoundedArgon2Hasher().encode("x", "short")
    assert check_password("x", BoundedArgon2Hasher().encode("x", "sixteen-of-salt1"))
