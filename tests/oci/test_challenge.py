"""Challenges and realms, parsed from headers that anybody may have written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.oci.challenge import LONGEST, Challenge, choose_challenge, parse_challenges
from registries.oci.token_realm import parse_realm

BEARER = 'Bearer realm="https://auth.example.com/token",service="r.example.com",scope="repository:a/b:pull,push"'
GRAMMAR = st.lists(st.sampled_from(["Bearer", "Basic", "realm", "=", '"', "\\", ",", " ", "\t", "a", "é", "==", "/"]))


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ('Basic realm="Registry"', [("basic", {"realm": "Registry"})]),
        ("Basic", [("basic", {})]),
        (
            BEARER,
            [
                (
                    "bearer",
                    {
                        "realm": "https://auth.example.com/token",
                        "service": "r.example.com",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        (
            'BASIC REALM=a, bearer Realm = "b" , Service=c',
            [("basic", {"realm": "a"}), ("bearer", {"realm": "b", "service": "c"})],
        ),
        ("Negotiate oRMwEaADCgEAog== , Basic realm=q", [("negotiate", {}), ("basic", {"realm": "q"})]),
        ("Negotiate, Basic", [("negotiate", {}), ("basic", {})]),
        (
            r'Bearer realm="a \"quoted\" \\ one, with a comma"',
            [("bearer", {"realm": r'a "quoted" \ one, with a comma'})],
        ),
        ('Bearer realm="first",realm="second"', [("bearer", {"realm": "first"})]),
        ('Bearer realm="never closed, Basic realm=x', [("bearer", {})]),
        ('Bearer realm="a"b,service=c', [("bearer", {"service": "c"})]),
        ('Bearer realm=""', [("bearer", {"realm": ""})]),
        ('realm="nobody\'s"', []),
        ("", []),
        (",, ,", []),
    ],
)
def test_reads_challenges(header: str, wanted: list[tuple[str, dict[str, str]]]) -> None:
    assert [(one.scheme, dict(one.parameters)) for one in parse_challenges(header)] == wanted


@given(st.one_of(st.text(), GRAMMAR.map("".join)))
def test_reads_any_text(header: str) -> None:
    for one in parse_challenges(header):
        assert one.scheme
        assert one.scheme == one.scheme.lower()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["basic", "bearer", "x-own"]),
            st.dictionaries(
                st.sampled_from(["realm", "service", "scope", "error"]),
                st.text(st.characters(codec="latin-1")),
                min_size=1,
            ),
        ),
        max_size=4,
    )
)
def test_reads_back_what_is_written_by_the_grammar(challenges: list[tuple[str, dict[str, str]]]) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    header = ", ".join(
        f"{scheme} " + ", ".join(f"{name}={quoted(value)}" for name, value in values.items())
        for scheme, values in challenges
    )
    if len(header) <= LONGEST:
        assert [(one.scheme, dict(one.parameters)) for one in parse_challenges(header)] == challenges


@pytest.mark.parametrize("piece", ['"', '\\"', 'a="', "a ", "a=", "a,", "=", "Basic "])
def test_reads_no_more_than_a_header_can_reasonably_hold(piece: str) -> None:
    assert len(parse_challenges(piece * 100_000)) <= LONGEST


@pytest.mark.parametrize(
    ("header", "scheme"),
    [
        ('Basic realm="a", Bearer realm="https://b/"', "bearer"),
        ('Bearer service="without a realm", Basic', "basic"),
        ('Bearer service="without a realm"', None),
        ("Negotiate", None),
        ("", None),
    ],
)
def test_answers_with_a_token_before_the_password(header: str, scheme: str | None) -> None:
    chosen: Challenge | None = choose_challenge(parse_challenges(header))
    assert (chosen.scheme if chosen else None) == scheme


@given(st.one_of(st.text(), st.text().map("https://{}".format), st.text().map("http://[{}".format)))
def test_reads_any_realm(text: str) -> None:
    realm = parse_realm(text)
    assert realm is None or (realm.base.scheme in {"http", "https"} and realm.base.host)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/token",
        "//auth.example.com/t",
        "ftp://a/t",
        "https://",
        "https://u:p@a/t",
        "https://a:0/t",
        "https://a b/t",
    ],
)
def test_takes_no_realm_that_is_no_address(text: str) -> None:
    assert parse_realm(text) is None
