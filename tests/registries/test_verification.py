"""Verifications of credentials: by hand and on schedule, what is remembered of them, and when they stop."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from dashboard.people.models import User
from registries.access import Access
from registries.models import (
    AllowedTarget,
    Announcement,
    AuditEvent,
    ConnectionProfile,
    Verification,
    WatchedCredential,
)
from registries.oci import Reason
from registries.rancher.floor import parse_address
from registries.roles import Role
from registries.services import announcements, schedule, verification
from registries.services.verification import Login, Source
from tests.authority import DAY, NOW, Authority
from tests.oci.servers import VERSION, Asked, Reply, Server, serving

pytestmark = pytest.mark.django_db(transaction=True)
USER, SECRET = "ann", "correct horse battery"


class Registry:
    """Takes one password over plain http; or answers `reply`, if that is set."""

    def __init__(self) -> None:
        self.secret = SECRET
        self.reply: Reply | None = None
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.lingers, self.never = False, threading.Event()

    def __call__(self, asked: Asked) -> Reply:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.lingers:
                self.never.wait(0.05)
            if self.reply:
                return self.reply
            if asked.login == f"{USER}:{self.secret}":
                return Reply(headers=VERSION)
            return Reply(401, VERSION | {"WWW-Authenticate": "Basic"})
        finally:
            with self.lock:
                self.at_once -= 1


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def server(registry: Registry) -> Iterator[Server]:
    with serving(registry) as running:
        yield running


@pytest.fixture
def _allowed(db: None) -> None:
    AllowedTarget.objects.create(kind=AllowedTarget.Kind.REGISTRY, scheme="http", host="127.0.0.1")


@pytest.fixture
def profile(make_profile: Callable[..., ConnectionProfile], _allowed: None) -> ConnectionProfile:
    return make_profile(name="Staging", slug="staging", keeps_copies=True)


@pytest.fixture
def access(profile: ConnectionProfile, operator: User) -> Access:
    return Access(operator, profile, Role.OPERATOR)


@pytest.fixture
def watch(profile: ConnectionProfile, server: Server) -> Callable[..., WatchedCredential]:
    """Keeps a copy that is due."""

    def watch(credential_id: str = "1rc1", **fields: Any) -> WatchedCredential:
        values = {
            "profile": profile,
            "registry_id": "1r1",
            "credential_id": credential_id,
            "server_address": server.address,
            "public_value": USER,
            "secret": SECRET,
            "next_check_at": timezone.now() - timedelta(seconds=1),
        }
        return WatchedCredential.objects.create(**(values | fields))

    return watch


def fresh(watched: WatchedCredential) -> WatchedCredential:
    return WatchedCredential.objects.select_related("profile").get(pk=watched.pk)


def run_now(watched: WatchedCredential) -> WatchedCredential:
    """One round of the schedule, as if the time had come."""
    schedule.verify_one_by_one([watched.pk])
    return fresh(watched)


def login(server: Server, **fields: Any) -> Login:
    return Login(**({"server_address": server.address, "user": USER, "secret": SECRET} | fields))


def test_keeps_what_a_test_before_saving_found_and_puts_it_on_record(access: Access, server: Server) -> None:
    kept = verification.verify_typed(access, login(server), source=Source.FORM)
    assert (kept.reason, kept.actor, kept.credential_id) == ("ok", "operator", "")
    assert [step["name"] for step in kept.steps][:3] == ["Host name", "Connection", "TLS"]
    assert {"name", "state", "milliseconds", "cause", "remedy"} == set(kept.steps[0])
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.actor_name, event.outcome) == ("credential.verify", "operator", "succeeded")
    assert event.target_name == f"{USER} at {server.address}"
    assert not WatchedCredential.objects.exists()


def test_remembers_of_a_saved_credential_what_was_found(access: Access, server: Server) -> None:
    verification.verify_typed(access, login(server, credential_id="1rc1", registry_id="1r1"), source=Source.PERSON)
    found = login(server, credential_id="1rc1", registry_id="1r1", secret="wrong")
    verification.verify_typed(access, found, source=Source.PERSON)
    watched = WatchedCredential.objects.get()
    assert (watched.reason, watched.refusals, watched.next_check_at) == ("bad_credentials", 1, None)
    assert not watched.secret
    assert not Announcement.objects.exists()  # somebody may have mistyped
    assert AuditEvent.objects.latest("id").outcome == "failed"


def test_a_password_that_was_typed_says_nothing_of_the_kept_one(
    access: Access, server: Server, watch: Callable[..., WatchedCredential]
) -> None:
    watched = run_now(watch())
    typed = login(server, credential_id=watched.credential_id, registry_id="1r1", secret="mistyped")
    assert verification.verify_typed(access, typed, source=Source.PERSON).reason == "bad_credentials"
    assert (fresh(watched).reason, fresh(watched).refusals) == ("ok", 0)


def test_verifies_a_kept_copy_for_somebody(access: Access, watch: Callable[..., WatchedCredential]) -> None:
    watched = watch()
    assert verification.verify_kept(access, watched).reason == "ok"
    assert fresh(watched).reason == "ok"


def test_lets_nobody_verify_more_than_ten_times_a_minute(access: Access, server: Server) -> None:
    for _ in range(10):
        verification.verify_typed(access, login(server), source=Source.FORM)
    asked = len(server.asked)
    with pytest.raises(verification.TooMany, match="Nothing was sent"):
        verification.verify_typed(access, login(server), source=Source.FORM)
    assert len(server.asked) == asked
    assert Verification.objects.count() == 10


def test_a_login_shows_no_password() -> None:
    assert SECRET not in repr(Login(server_address="r.example.com", user=USER, secret=SECRET))


@pytest.mark.parametrize(
    ("scheme", "host", "address", "allowed"),
    [
        ("https", "r.example.com", "203.0.114.7", True),
        ("http", "r.example.com", "203.0.114.7", False),
        ("https", "r.internal", "10.1.2.3", False),
        ("https", "named.internal", "10.1.2.3", True),
        ("https", "r.internal", "10.9.0.1", True),
        ("http", "plain.internal", "10.1.2.3", True),
        ("https", "r.example.com", "127.0.0.1", False),
    ],
)
def test_allows_public_addresses_over_https_and_what_an_admin_opened(
    scheme: str, host: str, address: str, allowed: bool, db: None
) -> None:
    for target in [("https", "named.internal"), ("https", "10.9.0.0/16"), ("http", "plain.internal")]:
        AllowedTarget.objects.create(kind=AllowedTarget.Kind.REGISTRY, scheme=target[0], host=target[1])
    AllowedTarget.objects.create(kind=AllowedTarget.Kind.RANCHER, scheme="https", host="10.0.0.0/8")
    assert verification.allow(scheme, host, parse_address(address), 443) is allowed


def test_names_the_hosts_that_may_be_sent_a_password_for_a_token(db: None) -> None:
    for host, ports in [("auth.example.com", ""), ("gitlab.example.com", "443, 8443"), ("10.0.0.0/8", "")]:
        AllowedTarget.objects.create(kind=AllowedTarget.Kind.REGISTRY, scheme="https", host=host, ports=ports)
    AllowedTarget.objects.create(kind=AllowedTarget.Kind.RANCHER, scheme="https", host="rancher.example.com")
    assert set(verification.realm_hosts()) == {"auth.example.com", "gitlab.example.com:443", "gitlab.example.com:8443"}


def test_hands_what_is_due_to_the_worker_once_a_host(
    watch: Callable[..., WatchedCredential], monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[list[int]] = []
    monkeypatch.setattr("registries.tasks.verify_credentials", SimpleNamespace(enqueue=handed.append))
    one, two = watch("1rc1"), watch("1rc2")
    hub = watch("1rc3", server_address="index.docker.io")
    same_hub = watch("1rc4", server_address="docker.io")
    watch("1rc5", next_check_at=timezone.now() + timedelta(minutes=1))
    watch("1rc6", next_check_at=None)
    assert schedule.enqueue_due() == 4
    assert [sorted(ids) for ids in handed] == [[one.pk, two.pk], [hub.pk, same_hub.pk]]
    assert schedule.enqueue_due() == 0  # they are claimed


def test_verifies_on_schedule_and_says_when_the_next_time_is(watch: Callable[..., WatchedCredential]) -> None:
    watched = run_now(watch())
    assert (watched.reason, watched.refusals, watched.failing_since) == ("ok", 0, None)
    assert watched.next_check_at is not None
    interval = watched.next_check_at - timezone.now()
    assert settings.CHECK_EVERY * 0.89 < interval < settings.CHECK_EVERY * 1.11
    assert Verification.objects.get().source == Source.SCHEDULE


def test_stops_after_two_refusals_until_the_password_changes(
    watch: Callable[..., WatchedCredential], registry: Registry, server: Server, access: Access
) -> None:
    registry.secret = "changed at the registry"
    watched = run_now(watch())
    assert (watched.refusals, watched.next_check_at is None) == (1, False)
    watched = run_now(watched)
    assert (watched.refusals, watched.next_check_at) == (2, None)
    asked = len(server.logins)
    WatchedCredential.objects.filter(pk=watched.pk).update(refusals=2)
    assert schedule.enqueue_due() == 0
    assert len(server.logins) == asked == 2

    registry.reply = Reply(404)  # another trouble in between starts it again as little
    assert verification.verify_kept(access, watched).reason == "not_a_registry"
    assert fresh(watched).next_check_at is None

    registry.reply, registry.secret = None, SECRET
    assert verification.verify_kept(access, watched).reason == "ok"
    assert fresh(watched).next_check_at is not None


def test_waits_as_long_as_the_registry_says(watch: Callable[..., WatchedCredential], registry: Registry) -> None:
    registry.reply = Reply(429, {"Retry-After": "80000"})
    watched = run_now(watch())
    assert (watched.reason, watched.failing_since) == ("rate_limited", None)
    assert watched.next_check_at is not None
    assert timedelta(seconds=79_000) < watched.next_check_at - timezone.now() < timedelta(seconds=80_001)
    registry.reply = Reply(429, {"Retry-After": "1"})
    watched = run_now(watched)
    assert watched.next_check_at is not None
    assert watched.next_check_at - timezone.now() > settings.CHECK_EVERY * 0.89
    assert not Announcement.objects.exists()


def test_announces_a_failure_once_and_its_recovery_once(
    watch: Callable[..., WatchedCredential], registry: Registry, access: Access
) -> None:
    registry.secret = "changed at the registry"
    watched = run_now(run_now(watch()))
    since = watched.failing_since
    assert [told.kind for told in Announcement.objects.all()] == ["credential.failing"]
    assert watched.announced == "bad_credentials"
    told = Announcement.objects.get()
    assert Reason.BAD_CREDENTIALS.sentence in told.detail
    assert SECRET not in told.title + told.detail

    registry.secret = SECRET
    verification.verify_kept(access, watched)
    run_now(watched)
    assert [told.kind for told in Announcement.objects.all()] == ["credential.recovered", "credential.failing"]
    assert since is not None
    assert (fresh(watched).announced, fresh(watched).failing_since) == ("", None)


def test_announces_what_may_pass_by_itself_only_when_it_stays(
    watch: Callable[..., WatchedCredential], registry: Registry
) -> None:
    registry.reply = Reply(404)
    watched = run_now(watch())
    assert not Announcement.objects.exists()
    since = watched.failing_since
    watched = run_now(watched)
    assert [told.kind for told in Announcement.objects.all()] == ["credential.failing"]
    assert watched.failing_since == since
    run_now(watched)
    assert Announcement.objects.count() == 1


def test_warns_ahead_of_a_token_that_expires(watch: Callable[..., WatchedCredential], server: Server) -> None:
    age = WatchedCredential.TOKEN_LIVES - timedelta(minutes=30)
    watched = watch(
        public_value="AWS",
        server_address=f"1.dkr.ecr.eu-west-1.amazonaws.com:{server.port}",
        secret_saved_at=timezone.now() - age,
    )
    announcements.announce_expiry(fresh(watched))
    announcements.announce_expiry(fresh(watched))
    assert [told.kind for told in Announcement.objects.all()] == ["credential.expiring"]


def test_remembers_when_the_certificate_ends_and_warns_ahead_once(
    watch: Callable[..., WatchedCredential], registry: Registry, profile: ConnectionProfile, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    ConnectionProfile.objects.filter(pk=profile.pk).update(ca_certificate=authority.pem)
    AllowedTarget.objects.create(kind=AllowedTarget.Kind.REGISTRY, scheme="https", host="127.0.0.1")
    with serving(registry, certificate=authority.issue(until=NOW + 9 * DAY)) as secure:
        watched = run_now(run_now(watch(server_address=secure.address)))
    assert watched.reason == "ok"
    assert watched.certificate_expires_at is not None
    assert abs(watched.certificate_expires_at - (NOW + 9 * DAY)) < timedelta(seconds=2)
    assert [told.kind for told in Announcement.objects.all()] == ["credential.expiring"]
    run_now(watched)  # nobody answers any more: what was known of the certificate stays
    assert fresh(watched).certificate_expires_at == watched.certificate_expires_at


def test_asks_a_host_one_at_a_time(watch: Callable[..., WatchedCredential], registry: Registry) -> None:
    registry.lingers = True
    due = [watch(f"1rc{number}") for number in range(3)]
    threads = [threading.Thread(target=in_thread, args=([one.pk for one in due],)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert registry.most_at_once == 1
    assert all(fresh(one).next_check_at for one in due)


def in_thread(watched_ids: list[int]) -> None:
    try:
        schedule.verify_one_by_one(watched_ids)
    finally:
        connection.close()


def test_puts_off_what_another_worker_is_asking_at(
    watch: Callable[..., WatchedCredential], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registries.services.schedule.cache.add", lambda *_, **__: False)
    watched = run_now(watch())
    assert server.asked == []
    assert watched.next_check_at is not None
    assert timedelta() < watched.next_check_at - timezone.now() <= schedule.A_LITTLE


def test_verifies_no_copy_that_was_forgotten_meanwhile(
    watch: Callable[..., WatchedCredential], profile: ConnectionProfile, server: Server
) -> None:
    gone, kept = watch("1rc1"), watch("1rc2")
    gone.delete()
    ConnectionProfile.objects.filter(pk=profile.pk).update(keeps_copies=False)
    schedule.verify_one_by_one([gone.pk, kept.pk])
    assert server.asked == []


def test_forgets_a_copy_that_was_kept_for_another_address(
    watch: Callable[..., WatchedCredential], server: Server
) -> None:
    watched = watch()
    WatchedCredential.objects.filter(pk=watched.pk).update(server_address=f"localhost:{server.port}")
    schedule.verify_one_by_one([watched.pk])
    assert server.asked == []
    assert not fresh(watched).secret
    assert fresh(watched).next_check_at is None


def test_says_nothing_of_a_password_that_was_replaced_meanwhile(
    watch: Callable[..., WatchedCredential], registry: Registry
) -> None:
    watched = watch()
    stale = fresh(watched)
    registry.secret = watched.secret = "a new one"
    watched.save()
    assert verification.verify_on_schedule(stale) is not None
    assert (fresh(watched).reason, fresh(watched).refusals) == ("", 0)
