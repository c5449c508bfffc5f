"""What needs attention: every cause once a registry, and one number for list and overview."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from dashboard.people.models import User
from registries.models import ConnectionProfile, CredentialStatus
from registries.rancher.client import Client
from registries.rancher.types import Registry, RegistryCredential
from registries.sandbox import render
from registries.sandbox.state import Row
from registries.services.inventory.attention import Cause, find_attention
from registries.services.inventory.listing import FACETS, ListQuery, find_registries
from registries.services.inventory.reading import read_registries
from registries.services.profiles import overview
from tests.registries.conftest import Rancher, settled

LIST = "/profiles/staging/registries/"


def registry(number: int, address: str, **fields: object) -> Registry:
    return Registry(id=f"1sp{number}", server_address=address, **({"state": "active"} | fields))  # type: ignore[arg-type]


def failing(credential_id: str, registry_id: str, **fields: str) -> CredentialStatus:
    values = {"public_value": "robot", "reason": "bad_credentials", "notified_reason": "bad_credentials"} | fields
    return CredentialStatus(credential_id=credential_id, registry_id=registry_id, **values)


def test_names_every_cause_with_its_sentence() -> None:
    rows = [
        registry(1, "quay.io"),
        registry(2, "QUAY.io"),
        registry(3, "https://ghcr.io"),
        registry(4, "gcr.io", transitioning="error"),
        registry(5, "r.example"),
        registry(6, "fine.example"),
        registry(7, "odd.example", unreadable=("created", "name")),
    ]
    found = find_attention(rows, [failing("1c1", "1sp5")])
    assert {registry_id: [one.sentence for one in causes] for registry_id, causes in found.items()} == {
        "1sp1": ["The address is there twice. 1sp1 and 1sp2 share it; Rancher takes one of them."],
        "1sp2": ["The address is there twice. 1sp1 and 1sp2 share it; Rancher takes one of them."],
        "1sp3": [
            "No image can match the address. "
            "Rancher matches an image by host and port only; a scheme would never match."
        ],
        "1sp4": ["Rancher reports an error."],
        "1sp5": ["robot stopped working. The registry refused the user or the password."],
        "1sp7": ["Unexpected answer. Corral can't read what Rancher answers for created, name."],
    }


def test_counts_a_registry_once_with_the_gravest_cause_first() -> None:
    rows = [registry(1, "https://quay.io", transitioning="error"), registry(2, "HTTPS://quay.io")]
    found = find_attention(rows, [failing("1c2", "1sp1"), failing("1c1", "1sp1")])
    assert [(one.cause, one.credential_id) for one in found["1sp1"]] == [
        (Cause.ERROR, ""),
        (Cause.CREDENTIAL, "1c1"),
        (Cause.CREDENTIAL, "1c2"),
        (Cause.TWINS, ""),
        (Cause.NEVER_MATCHES, ""),
    ]
    assert len(found) == 2


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (failing("1c1", "1sp9"), "its registry is gone"),
        (failing("1c9", "1sp1"), "the credential is gone"),
        (failing("1c1", "1sp1", reason=""), "its secret was replaced since"),
        (failing("1c1", "1sp1", notified_reason=""), "it recovered, or was never certain"),
    ],
)
def test_a_failing_credential_counts_for_nothing_when(status: CredentialStatus, why: str) -> None:
    rows = [registry(1, "quay.io", credentials=(RegistryCredential(id="1c1"),))]
    assert find_attention(rows, [status]) == {}, why


def test_two_without_an_address_are_no_twins() -> None:
    found = find_attention([registry(1, ""), registry(2, "")], [])
    assert {one.cause for causes in found.values() for one in causes} == {Cause.NEVER_MATCHES}


@pytest.fixture
def troubled(
    profile: ConnectionProfile, upstream: Client, rancher: Rancher, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """A project with every cause, by address: twins, an error, no match, failing credentials (one is removed since),
    an unexpected answer.
    """
    made = {
        address: upstream.registries.create(server_address=address).id
        for address in (
            "quay.io",
            "twin.example",
            "error.example",
            "https://never.example",
            "bad.example",
            "ok.example",
            "odd.example",
        )
    }
    for rancher_id in made.values():
        settled(upstream, rancher_id, "active")
    users = [
        (
            address,
            upstream.credentials.create(registry_id=made[address], public_value=address, secret_value="s3cret").id,
        )
        for address in ("quay.io", "bad.example", "bad.example", "https://never.example")
    ]
    for row in rancher.sandbox.state.registries.values():
        if row.fields["serverAddress"] == "twin.example":
            row.fields["serverAddress"] = "QUAY.IO"  # as two creates at the same moment leave it

    def transition(row: Row) -> dict[str, object]:
        if row.fields.get("serverAddress") == "error.example":
            return {"transitioning": "error", "transitioningMessage": "Failed"}
        return settle(row)

    settle = render._transition
    monkeypatch.setattr(render, "_transition", transition)
    for address, credential_id in [*users[1:], ("ok.example", "1c999")]:
        status = failing(credential_id, made[address], public_value=address, server_address=address)
        status.profile = profile
        status.save()
    rancher.fail("odd", "GET ", fields="^name$", rows=f"^{made['odd.example']}$", pick=3)
    return made


@pytest.mark.django_db(transaction=True)
def test_the_overviews_number_is_the_lists(
    profile: ConnectionProfile, troubled: dict[str, str], browse: Callable[[User], Browser], operator: User
) -> None:
    reading = read_registries(profile, fresh=True)
    causes = reading.find_attention(CredentialStatus.objects.filter(profile=profile))
    assert {cause for found in causes.values() for cause in (one.cause for one in found)} == set(Cause)
    page = find_registries(reading.registries, ListQuery(state="attention"), attention=causes)
    (summary,) = overview.summarise([profile])
    lines = {item.registry_id for item in summary.attention if item.registry_id}
    assert lines == causes.keys() == {row.id for row in page.matching}
    assert summary.warnings == len(summary.attention) == page.counts["attention"] == 6
    assert {facet: page.counts[facet] for facet in FACETS if facet != "attention"} == {
        facet: summary.counts[facet] for facet in FACETS if facet != "attention"
    }
    web = browse(operator)
    assert 'Needs attention <span class="count">6</span>' in web.get(LIST).content.decode()
    assert '<h2 id="attention-title">Needs attention</h2><span class="count">6</span>' in web.get("/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_profiles_connection_is_the_overviews_own(profile: ConnectionProfile, troubled: dict[str, str]) -> None:
    read_registries(profile, fresh=True)
    ConnectionProfile.objects.filter(pk=profile.pk).update(failing_since="2026-11-01T00:00Z", failure_reason="timeout")
    profile.refresh_from_db()
    (summary,) = overview.summarise([profile])
    assert summary.attention[0].kind == "unreachable"
    assert (summary.warnings, len(summary.attention)) == (6, 7)


@pytest.mark.django_db(transaction=True)
def test_rows_and_the_overview_say_why(
    profile: ConnectionProfile, troubled: dict[str, str], browse: Callable[[User], Browser], operator: User
) -> None:
    web = browse(operator)
    text = web.get(LIST, {"state": "attention"}).content.decode()
    assert text.count("Needs attention: ") == 6
    assert "Needs attention: bad.example stopped working. The registry refused the user or the password." in text
    home = web.get("/").content.decode()
    assert "is there twice" in home
    assert "has an unexpected answer" in home
    assert f'href="{LIST}{troubled["bad.example"]}/credentials/' in home
