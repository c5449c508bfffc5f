"""The label "Used for pulls": the resolver's answer for every credential of a project."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.images.credential_lookup import resolve
from registries.images.credential_use import CredentialsInUse
from registries.images.server_addresses import never_matches
from registries.rancher.types import Registry, RegistryCredential
from tests.images.test_credential_lookup import registry


def uses_of(*rows: Registry) -> dict[str, tuple[bool, str]]:
    """Whether each credential is used, and why, by its user."""
    found = CredentialsInUse(rows)
    return {
        credential.public_value or "": (found.of(row)[credential.id].is_used, found.of(row)[credential.id].reason)
        for row in rows
        for credential in row.credentials or ()
    }


def test_of_twins_one_credential_is_used() -> None:
    assert uses_of(registry("QUAY.IO", "late", number=2), registry("quay.io", "early", number=1)) == {
        "early": (True, "It has the lowest id of the active ones."),
        "late": (False, "1c10 of 1sp1, which has the same address, has the lower id."),
    }


def test_of_twins_the_active_ones_credential_is_used() -> None:
    rows = registry("quay.io", "early", state="inactive"), registry("quay.io", "late", number=2)
    assert uses_of(*rows) == {
        "early": (False, "Its registry is inactive; Rancher takes credentials of active ones only."),
        "late": (True, "It is the only one that can be used."),
    }


@pytest.mark.parametrize("address", ["https://quay.io", "quay.io/team", "harbor", "", "localhost", "[::1]:5000"])
def test_where_no_image_matches_no_credential_is_used(address: str) -> None:
    ((is_used, reason),) = uses_of(registry(address, "user")).values()
    assert not is_used
    assert reason.startswith("No image can match its address." if address else "Its registry has no address.")


@pytest.mark.parametrize(("odd", "usual"), [("\N{KELVIN SIGN}.example", "k.example"), ("ß.example", "ss.example")])
def test_an_address_that_never_matches_hides_no_other_that_reads_like_it(odd: str, usual: str) -> None:
    uses = uses_of(registry(odd, "odd", number=1), registry(usual, "usual", number=2))
    assert [uses[user][0] for user in ("odd", "usual")] == [False, True]


def test_says_why_a_registrys_credentials_are_all_unused() -> None:
    rows = registry("quay.io", "a"), registry("ghcr.io", "(off)", number=2), registry("gcr.io", number=3)
    found = CredentialsInUse(rows)
    assert [found.why_unused(row) for row in rows] == ["", "It is inactive.", ""]


def test_knows_nothing_of_a_registry_of_another_address() -> None:
    found = CredentialsInUse([registry("quay.io", "a")])
    stranger = registry("ghcr.io", "b", number=2)
    assert (dict(found.of(stranger)), found.find_used(stranger), found.why_unused(stranger)) == ({}, None, "")


HOSTS = ["quay.io", "QUAY.IO", "Quay.io", "quay.io:443", "index.docker.io", "docker.io", "r.example:5000"]
ODD = ["https://quay.io", "quay.io/", " quay.io", "harbor", "localhost", "[::1]:5000", "user@quay.io", "", "é.example"]
STATES = st.sampled_from(["active", "active", "inactive", "removed", "activating", ""])
IMAGES = [*(f"{host}/team/app" for host in HOSTS + ODD), "nginx", "team/app", "harbor/app"]


@st.composite
def projects(draw: st.DrawFn) -> list[Registry]:
    """Registries of a few addresses, with credentials whose ids are each there once, in any order."""
    addresses = draw(st.lists(st.none() | st.sampled_from(HOSTS + ODD) | st.text(max_size=8), max_size=5))
    counts = [draw(st.integers(0, 3)) for _ in addresses]
    numbers = iter(draw(st.permutations(range(1, sum(counts) + 1))))
    return [
        Registry(
            id=f"1sp{place}",
            server_address=address,
            state=draw(STATES),
            credentials=tuple(RegistryCredential(id=f"1c{next(numbers)}", state=draw(STATES)) for _ in range(count)),
        )
        for place, (address, count) in enumerate(zip(addresses, counts, strict=True), start=1)
    ]


@given(rows=projects(), image=st.sampled_from(IMAGES))
def test_agrees_with_the_resolver_about_every_credential_for_every_image(rows: list[Registry], image: str) -> None:
    found = CredentialsInUse(rows)
    resolution = resolve(image, registries=rows, default_registry="", whitelist=())
    host = resolution.asked.registry_host
    for row in rows:
        if never_matches(row.server_address or ""):  # which includes hosts that Docker takes in no image name
            assert not any(use.is_used for use in found.of(row).values())
        elif (row.server_address or "").lower() == host.lower():
            used = {credential.id for credential in row.credentials or () if found.of(row)[credential.id].is_used}
            winner = resolution.winner
            assert used == ({winner.credential.id} if winner and winner.registry == row else set())
            assert found.find_used(row) == winner


@given(rows=projects())
def test_every_credential_is_used_or_has_a_reason_and_an_address_has_one_used_at_most(rows: list[Registry]) -> None:
    found = CredentialsInUse(rows)
    used: dict[str, int] = {}
    for row in rows:
        uses = found.of(row)
        assert {credential.id for credential in row.credentials or ()} <= uses.keys()
        assert all(use.reason for use in uses.values())
        used[(row.server_address or "").lower()] = sum(use.is_used for use in uses.values())
        assert bool(found.why_unused(row)) == (
            bool(row.credentials) and not any(uses[one.id].is_used for one in row.credentials or ())
        )
    assert set(used.values()) <= {0, 1}
