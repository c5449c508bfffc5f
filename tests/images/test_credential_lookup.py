"""Which credential is used: as a real server answered, and for anything at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.images.credential_lookup import Effect, resolve, split_whitelist
from registries.rancher.types import Registry, RegistryCredential
from tests.images.resolver_cases import CASES, Case


def registry(address: str, *users: str, state: str = "active", number: int = 1) -> Registry:
    """A registry; a user in brackets is inactive. Credential ids go on from ten times the registry's number."""
    credentials = tuple(
        RegistryCredential(
            id=f"1c{number * 10 + index}",
            public_value=user.strip("()"),
            state="inactive" if user.startswith("(") else "active",
        )
        for index, user in enumerate(users)
    )
    return Registry(id=f"1sp{number}", server_address=address, state=state, credentials=credentials)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_answers_as_the_real_server_did(case: Case) -> None:
    result = resolve(
        case.image,
        registries=case.registries,
        default_registry=case.default_registry,
        whitelist=split_whitelist(case.whitelist),
    )
    chosen = result.credential.public_value if result.credential else None
    assert result.is_refused is (case.recorded["status"] == 422)
    assert chosen == case.recorded.get("credential")
    if "imageUuid" in case.recorded:
        assert f"docker:{result.asked.text}" == case.recorded["imageUuid"]


def test_the_recording_was_read_whole() -> None:
    assert len(CASES) == 50
    assert len({case.title for case in CASES}) == 10


def test_says_why_each_other_credential_is_not_used() -> None:
    result = resolve(
        "quay.io/a",
        registries=[
            registry("quay.io", "(off)", "first", "second"),
            registry("QUAY.io", "twin", state="inactive", number=2),
        ],
        default_registry="",
        whitelist=(),
    )
    assert result.winner is not None
    assert (result.winner.credential.id, result.winner.reason) == ("1c11", "It has the lowest id of the active ones.")
    assert [(one.credential.public_value, one.reason) for one in result.others] == [
        ("off", "It is inactive."),
        ("second", "1c11 has the lower id."),
        ("twin", "Its registry is inactive; Rancher takes credentials of active ones only."),
    ]
    assert result.summary == "Rancher uses first of quay.io."


def test_ids_are_compared_as_numbers() -> None:
    credentials = tuple(RegistryCredential(id=one, public_value=one, state="active") for one in ("1c12", "1c9"))
    rows = [Registry(id="1sp1", server_address="quay.io", state="active", credentials=credentials)]
    result = resolve("quay.io/a", registries=rows, default_registry="", whitelist=())
    assert result.credential is not None
    assert result.credential.id == "1c9"


def test_of_twins_the_active_one_counts() -> None:
    rows = [registry("quay.io", "old", state="inactive"), registry("quay.io", "new", number=2)]
    result = resolve("quay.io/a", registries=rows, default_registry="", whitelist=())
    assert result.registry is not None
    assert (result.registry.id, result.summary) == ("1sp2", "Rancher uses new of quay.io.")


@pytest.mark.parametrize(
    ("image", "address", "host"),
    [
        ("s.example/app", "https://s.example", "s.example"),
        ("p.example/team/app", "p.example/team", "p.example"),
        ("b.example/app", " b.example", "b.example"),
        ("quay.io/app", "quay.io/", "quay.io"),
        ("nginx", "https://index.docker.io/v1/", "index.docker.io"),
    ],
)
def test_an_address_that_never_matches_comes_with_its_remedy(image: str, address: str, host: str) -> None:
    assert remedies(image, address) == [f"`{address}` never matches: make a registry `{host}`."]


@pytest.mark.parametrize(
    ("image", "address", "host", "better"),
    [
        ("quay.io:443/a", "quay.io", "quay.io:443", "quay.io/a"),
        ("docker.io/a/b", "index.docker.io", "docker.io", "a/b"),
        ("nginx", "docker.io", "index.docker.io", "docker.io/nginx"),
    ],
)
def test_another_name_of_the_same_place_comes_with_its_remedy(image: str, address: str, host: str, better: str) -> None:
    told = f"To Rancher `{address}` isn't `{host}`: name the image `{better}`, or make a registry `{host}`."
    assert remedies(image, address) == [told]


def test_another_port_comes_with_its_remedy() -> None:
    told = "`r.example:5000` is another port of the same host: name the image by it, or make a registry `r.example`."
    assert remedies("r.example/a", "r.example:5000") == [told]


def remedies(image: str, address: str) -> list[str]:
    result = resolve(image, registries=[registry(address, "user")], default_registry="", whitelist=())
    assert result.credential is None
    return [miss.remedy for miss in result.near_misses]


def test_a_name_without_dot_or_port_is_docker_hubs() -> None:
    result = resolve("harbor/app", registries=[registry("harbor", "user")], default_registry="", whitelist=())
    assert "Docker Hub" in result.near_misses[0].remedy


@pytest.mark.parametrize("host", ["localhost", "a_b.example", "[::1]:5000"])
def test_a_host_that_never_matches_finds_nothing_and_says_so(host: str) -> None:
    result = resolve(f"{host}/app", registries=[registry(host, "user")], default_registry="", whitelist=())
    assert result.winner is None
    assert result.summary == f"Rancher sends no credential: no registry can match the host {host}."
    assert [miss.remedy.partition(". ")[0] for miss in result.near_misses] == [f"`{host}` never matches"]


def test_a_registry_without_address_is_no_near_miss() -> None:
    rows = [Registry(id="1sp1", server_address=address, state="active", credentials=()) for address in ("", None)]
    assert resolve(":80/app", registries=rows, default_registry="", whitelist=()).near_misses == ()


def test_beside_a_match_only_what_never_matches_is_told() -> None:
    rows = [registry("quay.io", "user"), registry("https://quay.io", number=2), registry("quay.io:443", number=3)]
    result = resolve("quay.io/a", registries=rows, default_registry="", whitelist=())
    assert [miss.remedy for miss in result.near_misses] == [
        "`https://quay.io` never matches; the registry `quay.io` is there beside it."
    ]


def test_what_cannot_be_read_is_said_and_not_guessed() -> None:
    result = resolve("nginx", registries=[], default_registry=None, whitelist=None)
    assert (result.default.effect, result.whitelist.effect) == (Effect.UNKNOWN, Effect.UNKNOWN)
    assert "can't be read" in result.default.sentence
    assert not result.is_certain
    assert not result.is_refused


def test_a_host_in_the_name_makes_the_default_count_for_nothing() -> None:
    result = resolve("quay.io/a", registries=[], default_registry=None, whitelist=())
    assert result.default.effect is Effect.NONE
    assert result.is_certain


def test_a_whitelist_in_other_letters_is_told_apart() -> None:
    result = resolve(
        "QUAY.IO/a", registries=[], default_registry="", whitelist=split_whitelist(" quay.io ,, b.example")
    )
    assert result.is_refused
    assert result.whitelist.sentence.endswith("Write quay.io.")


@pytest.mark.parametrize(
    ("rows", "summary"),
    [
        ([], "Rancher sends no credential: no registry has the address quay.io."),
        ([registry("quay.io")], "Rancher sends no credential: the registry quay.io has none."),
        ([registry("quay.io", "(off)")], "Rancher sends no credential: the registry quay.io has no active one."),
        (
            [registry("quay.io", "a", state="inactive")],
            "Rancher sends no credential: the registry quay.io is inactive.",
        ),
    ],
)
def test_says_why_no_credential_is_sent(rows: list[Registry], summary: str) -> None:
    assert resolve("quay.io/a", registries=rows, default_registry="", whitelist=()).summary == summary


texts = st.text(max_size=40) | st.text(alphabet="aB.:/@[]- ,é", max_size=20) | st.sampled_from(["quay.io", "docker.io"])
credentials = st.builds(
    RegistryCredential,
    id=st.from_regex(r"[0-9a-z]{1,8}", fullmatch=True),
    state=st.sampled_from(["active", "inactive", "removed", ""]),
    public_value=st.none() | texts,
)
registries = st.builds(
    Registry,
    id=st.from_regex(r"1sp[0-9]{1,4}", fullmatch=True),
    server_address=st.none() | texts,
    state=st.sampled_from(["active", "inactive", "removed", ""]),
    credentials=st.none() | st.lists(credentials, max_size=3).map(tuple),
)


@given(
    image=texts,
    rows=st.lists(registries, max_size=4),
    default=st.none() | texts,
    whitelist=st.none() | texts.map(split_whitelist),
)
def test_answers_anything(
    image: str, rows: list[Registry], default: str | None, whitelist: tuple[str, ...] | None
) -> None:
    result = resolve(image, registries=rows, default_registry=default, whitelist=whitelist)
    assert result.image.text == image
    if result.winner:
        assert (result.winner.registry.state, result.winner.credential.state) == ("active", "active")
        assert (result.winner.registry.server_address or "").lower() == result.asked.registry_host.lower()
        assert not result.is_refused
    assert len(result.others) + bool(result.winner) <= sum(len(row.credentials or ()) for row in rows)


@given(st.from_regex(r"[a-z]{1,8}\.example(:[1-9][0-9]{0,3})?", fullmatch=True))
def test_a_registry_of_the_images_host_is_found_in_whatever_letters(host: str) -> None:
    result = resolve(f"{host}/app", registries=[registry(host.upper(), "user")], default_registry="", whitelist=())
    assert result.winner is not None
