"""Verifications on schedule: when, one at a time a host, when they stop, and what is told of them."""

import threading
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from registries.access import Access
from registries.models import Alert, AllowedTarget, ConnectionProfile, CredentialStatus, Verification
from registries.oci import Reason
from registries.services.notifications import alerts
from registries.services.verification import schedule, verify
from registries.services.verification.verify import Source
from tests.authority import DAY, NOW, Authority
from tests.oci.servers import Reply, Server, serving
from tests.registries.verification.conftest import SECRET, Registry, Watch, fresh, run_now

pytestmark = pytest.mark.django_db(transaction=True)


def test_hands_what_is_due_to_the_worker_once_a_host(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[list[int]] = []
    monkeypatch.setattr(schedule, "verify_credentials", SimpleNamespace(enqueue=handed.append))
    one, two = watch("1rc1"), watch("1rc2")
    hub = watch("1rc3", server_address="index.docker.io")
    same_hub = watch("1rc4", server_address="docker.io")
    watch("1rc5", next_check_at=timezone.now() + timedelta(minutes=1))
    watch("1rc6", next_check_at=None)
    assert schedule.enqueue_due() == 4
    assert [sorted(ids) for ids in handed] == [[one.pk, two.pk], [hub.pk, same_hub.pk]]
    assert schedule.enqueue_due() == 0  # they are claimed


def test_verifies_on_schedule_and_says_when_the_next_time_is(watch: Watch) -> None:
    watched = run_now(watch())
    assert (watched.reason, watched.refusals, watched.failing_since) == ("ok", 0, None)
    assert watched.next_check_at is not None
    interval = watched.next_check_at - timezone.now()
    assert settings.CHECK_EVERY * 0.89 < interval < settings.CHECK_EVERY * 1.11
    assert Verification.objects.get().source == Source.SCHEDULE


def test_stops_after_two_refusals_until_the_password_changes(
    watch: Watch, registry: Registry, server: Server, access: Access
) -> None:
    registry.secret = "changed at the registry"
    watched = run_now(watch())
    assert (watched.refusals, watched.next_check_at is None) == (1, False)
    watched = run_now(watched)
    assert (watched.refusals, watched.next_check_at) == (2, None)
    asked = len(server.logins)
    CredentialStatus.objects.filter(pk=watched.pk).update(refusals=2)
    assert schedule.enqueue_due() == 0
    assert len(server.logins) == asked == 2

    registry.reply = Reply(404)  # another trouble in between starts it again as little
    assert verify.verify_kept(access, watched).reason == "not_a_registry"
    assert fresh(watched).next_check_at is None

    registry.reply, registry.secret = None, SECRET
    assert verify.verify_kept(access, watched).reason == "ok"
    assert fresh(watched).next_check_at is not None


def test_waits_as_long_as_the_registry_says(watch: Watch, registry: Registry) -> None:
    registry.reply = Reply(429, {"Retry-After": "80000"})
    watched = run_now(watch())
    assert (watched.reason, watched.failing_since) == ("rate_limited", None)
    assert watched.next_check_at is not None
    assert timedelta(seconds=79_000) < watched.next_check_at - timezone.now() < timedelta(seconds=80_001)
    registry.reply = Reply(429, {"Retry-After": "1"})
    watched = run_now(watched)
    assert watched.next_check_at is not None
    assert watched.next_check_at - timezone.now() > settings.CHECK_EVERY * 0.89
    assert not Alert.objects.exists()


def test_announces_a_failure_once_and_its_recovery_once(watch: Watch, registry: Registry, access: Access) -> None:
    registry.secret = "changed at the registry"
    watched = run_now(run_now(watch()))
    since = watched.failing_since
    assert [told.kind for told in Alert.objects.all()] == ["credential.failing"]
    assert watched.notified_reason == "bad_credentials"
    told = Alert.objects.get()
    assert Reason.BAD_CREDENTIALS.sentence in told.detail
    assert SECRET not in told.title + told.detail

    registry.secret = SECRET
    verify.verify_kept(access, watched)
    run_now(watched)
    assert [told.kind for told in Alert.objects.all()] == ["credential.recovered", "credential.failing"]
    assert since is not None
    assert (fresh(watched).notified_reason, fresh(watched).failing_since) == ("", None)


def test_announces_what_may_pass_by_itself_only_when_it_stays(watch: Watch, registry: Registry) -> None:
    registry.reply = Reply(404)
    watched = run_now(watch())
    assert not Alert.objects.exists()
    since = watched.failing_since
    watched = run_now(watched)
    assert [told.kind for told in Alert.objects.all()] == ["credential.failing"]
    assert watched.failing_since == since
    run_now(watched)
    assert Alert.objects.count() == 1


def test_warns_ahead_of_a_token_that_expires(watch: Watch, server: Server) -> None:
    age = CredentialStatus.TOKEN_LIVES - timedelta(minutes=30)
    watched = watch(
        public_value="AWS",
        server_address=f"1.dkr.ecr.eu-west-1.amazonaws.com:{server.port}",
        secret_saved_at=timezone.now() - age,
    )
    alerts.notify_of_expiry(fresh(watched))
    alerts.notify_of_expiry(fresh(watched))
    assert [told.kind for told in Alert.objects.all()] == ["credential.expiring"]


def test_remembers_when_the_certificate_ends_and_warns_ahead_once(
    watch: Watch, registry: Registry, profile: ConnectionProfile, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    ConnectionProfile.objects.filter(pk=profile.pk).update(ca_certificate=authority.pem)
    AllowedTarget.objects.create(kind=AllowedTarget.Kind.REGISTRY, scheme="https", host="127.0.0.1")
    with serving(registry, certificate=authority.issue(until=NOW + 9 * DAY)) as secure:
        watched = run_now(run_now(watch(server_address=secure.address)))
    assert watched.reason == "ok"
    assert watched.certificate_expires_at is not None
    assert abs(watched.certificate_expires_at - (NOW + 9 * DAY)) < timedelta(seconds=2)
    assert [told.kind for told in Alert.objects.all()] == ["credential.expiring"]
    run_now(watched)  # nobody answers any more: what was known of the certificate stays
    assert fresh(watched).certificate_expires_at == watched.certificate_expires_at


def test_asks_a_host_one_at_a_time(watch: Watch, registry: Registry) -> None:
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
    watch: Watch, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registries.services.verification.schedule.cache.add", lambda *_, **__: False)
    watched = run_now(watch())
    assert server.asked == []
    assert watched.next_check_at is not None
    assert timedelta() < watched.next_check_at - timezone.now() <= schedule.RETRY_DELAY


def test_verifies_no_copy_that_was_forgotten_meanwhile(
    watch: Watch, profile: ConnectionProfile, server: Server
) -> None:
    gone, kept = watch("1rc1"), watch("1rc2")
    gone.delete()
    ConnectionProfile.objects.filter(pk=profile.pk).update(keeps_copies=False)
    schedule.verify_one_by_one([gone.pk, kept.pk])
    assert server.asked == []


def test_forgets_a_copy_that_was_kept_for_another_address(watch: Watch, server: Server) -> None:
    watched = watch()
    CredentialStatus.objects.filter(pk=watched.pk).update(server_address=f"localhost:{server.port}")
    schedule.verify_one_by_one([watched.pk])
    assert server.asked == []
    assert not fresh(watched).secret
    assert fresh(watched).next_check_at is None


def test_says_nothing_of_a_password_that_was_replaced_meanwhile(watch: Watch, registry: Registry) -> None:
    watched = watch()
    stale = fresh(watched)
    registry.secret = watched.secret = "a new one"
    watched.save()
    assert verify.verify_on_schedule(stale) is not None
    assert (fresh(watched).reason, fresh(watched).refusals) == ("", 0)
