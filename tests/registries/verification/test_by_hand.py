"""Verifications that somebody asks for: their limit, their record, and what is remembered of them."""

import pytest

from registries.access import Access
from registries.models import Alert, AllowedTarget, AuditEvent, CredentialStatus, Verification
from registries.outbound.blocked_addresses import parse_address
from registries.services.verification import verify
from registries.services.verification.verify import Login, Source
from tests.oci.servers import Server
from tests.registries.verification.conftest import SECRET, USER, Watch, fresh, login, run_now

pytestmark = pytest.mark.django_db(transaction=True)


def test_keeps_what_a_test_before_saving_found_and_puts_it_on_record(access: Access, server: Server) -> None:
    kept = verify.verify_typed(access, login(server), source=Source.FORM)
    assert (kept.reason, kept.actor, kept.credential_id) == ("ok", "operator", "")
    assert [step["name"] for step in kept.steps][:3] == ["Host name", "Connection", "TLS"]
    assert {"name", "state", "milliseconds", "cause", "remedy"} == set(kept.steps[0])
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.actor_name, event.outcome) == ("credential.verify", "operator", "succeeded")
    assert event.target_name == f"{USER} at {server.address}"
    assert not CredentialStatus.objects.exists()


def test_remembers_of_a_saved_credential_what_was_found(access: Access, server: Server) -> None:
    verify.verify_typed(access, login(server, credential_id="1rc1", registry_id="1r1"), source=Source.PERSON)
    found = login(server, credential_id="1rc1", registry_id="1r1", secret="wrong")
    verify.verify_typed(access, found, source=Source.PERSON)
    watched = CredentialStatus.objects.get()
    assert (watched.reason, watched.refusals, watched.next_check_at) == ("bad_credentials", 1, None)
    assert not watched.secret
    assert not Alert.objects.exists()  # somebody may have mistyped
    assert AuditEvent.objects.latest("id").outcome == "failed"


def test_a_password_that_was_typed_says_nothing_of_the_kept_one(access: Access, server: Server, watch: Watch) -> None:
    watched = run_now(watch())
    typed = login(server, credential_id=watched.credential_id, registry_id="1r1", secret="mistyped")
    assert verify.verify_typed(access, typed, source=Source.PERSON).reason == "bad_credentials"
    assert (fresh(watched).reason, fresh(watched).refusals) == ("ok", 0)


def test_verifies_a_kept_copy_for_somebody(access: Access, watch: Watch) -> None:
    watched = watch()
    assert verify.verify_kept(access, watched).reason == "ok"
    assert fresh(watched).reason == "ok"


def test_lets_nobody_verify_more_than_ten_times_a_minute(access: Access, server: Server) -> None:
    for _ in range(10):
        verify.verify_typed(access, login(server), source=Source.FORM)
    asked = len(server.asked)
    with pytest.raises(verify.TooMany, match="Nothing was sent"):
        verify.verify_typed(access, login(server), source=Source.FORM)
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
    assert verify.allow(scheme, host, parse_address(address), 443) is allowed


def test_names_the_hosts_that_may_be_sent_a_password_for_a_token(db: None) -> None:
    for host, ports in [("auth.example.com", ""), ("gitlab.example.com", "443, 8443"), ("10.0.0.0/8", "")]:
        AllowedTarget.objects.create(kind=AllowedTarget.Kind.REGISTRY, scheme="https", host=host, ports=ports)
    AllowedTarget.objects.create(kind=AllowedTarget.Kind.RANCHER, scheme="https", host="rancher.example.com")
    assert set(verify.realm_hosts()) == {"auth.example.com", "gitlab.example.com:443", "gitlab.example.com:8443"}
