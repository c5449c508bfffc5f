"""Decoding is total: whatever comes, a typed value or one of our errors."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.outbound.answer import Answer
from registries.outbound.errors import BadResponse, UpstreamError
from registries.rancher import decode, errors
from registries.rancher.types import ActionNames, Registry, fingerprint, from_document, to_document

RECORDINGS = Path(__file__).parent.parent / "recordings"
BODIES = [
    json.dumps(item["response"]["body"]).encode()
    for path in sorted(RECORDINGS.glob("1.*/*.json"))
    for item in json.loads(path.read_text())
    if "response" in item
]
DECODERS: list[Any] = [
    decode.REGISTRY,
    decode.REGISTRIES,
    decode.CREDENTIAL,
    decode.CREDENTIALS,
    decode.PROJECT,
    decode.PROJECTS,
    decode.SCHEMA,
    decode.SETTING,
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "data",
                    "actions",
                    "created",
                    "credentials",
                    "pagination",
                    "next",
                    "name",
                    "code",
                    "fieldName",
                    "state",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
BYTES = st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()) | st.sampled_from(BODIES)
HEADERS = st.dictionaries(st.sampled_from(["retry-after", "content-type", "x-api-account-kind"]), st.text(max_size=30))


def answer(status: int = 200, body: bytes | str = b"{}", **headers: str) -> Answer:
    return Answer(
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        body.encode() if isinstance(body, str) else body,
    )


@given(st.integers(min_value=-1, max_value=1000), HEADERS, BYTES, st.sampled_from(DECODERS), st.booleans())
def test_lets_only_our_own_errors_out(
    status: int, headers: dict[str, str], body: bytes, decoder: Any, wrote: bool
) -> None:
    try:
        decode.decode(Answer(status, headers, body), decoder, wrote=wrote)
    except UpstreamError as raised:  # any other exception fails the test by itself
        error: UpstreamError | None = raised
    else:
        error = None
    assert error is None or (str(error) and error.maybe_applied <= wrote)


@given(st.sampled_from(BODIES), st.integers(min_value=0), st.binary(min_size=1, max_size=4), st.sampled_from(DECODERS))
def test_survives_recorded_answers_that_were_damaged(body: bytes, at: int, damage: bytes, decoder: Any) -> None:
    at %= len(body) + 1
    try:
        decode.decode(answer(body=body[:at] + damage + body[at + len(damage) :]), decoder)
    except UpstreamError as raised:
        reason = raised.reason
    else:
        reason = ""
    assert reason in {"", "not_json", "wrong_shape"}


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"id":' * 50_000, b"\xff\xfe{}", '{"id": NaN}', "", "<html>", '{"id": 7}']
)
def test_takes_nothing_but_its_shape(body: str | bytes) -> None:
    with pytest.raises(BadResponse):
        decode.decode(answer(body=body), decode.REGISTRY)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.Invalid),
        (401, errors.Unauthorized),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (405, errors.MethodNotAllowed),
        (409, errors.Conflict),
        (418, errors.ApiError),
        (422, errors.Invalid),
        (429, errors.Busy),
        (500, errors.ServerFault),
        (503, errors.ServerFault),
        (301, BadResponse),
        (101, BadResponse),
    ],
)
def test_gives_every_status_its_error(status: int, kind: type[Exception]) -> None:
    with pytest.raises(UpstreamError) as raised:
        decode.check_status(answer(status))
    assert type(raised.value) is kind


def test_names_the_field_and_the_code_of_a_refusal_in_our_words() -> None:
    body = '{"type":"error","code":"MaxLengthExceeded","fieldName":"name","message":"<b>upstream</b>"}'
    with pytest.raises(errors.Invalid) as raised:
        decode.check_status(answer(422, body))
    assert (raised.value.code, raised.value.field) == ("MaxLengthExceeded", "name")
    assert "upstream" not in str(raised.value)


@pytest.mark.parametrize("body", ['{"code":"<script>","fieldName":"<b>"}', "[" * 100_000, '{"code": 7}', b"\xff"])
def test_takes_no_text_from_an_error_that_is_no_code(body: str | bytes) -> None:
    with pytest.raises(errors.Invalid) as raised:
        decode.check_status(answer(422, body))
    assert (raised.value.code, raised.value.field) == ("", None)


def test_says_how_long_a_busy_server_asks_to_wait() -> None:
    with pytest.raises(errors.Busy, match="try again after 7 s") as raised:
        decode.check_status(answer(503, retry_after="7"), wrote=True)
    assert raised.value.maybe_applied
    with pytest.raises(errors.Busy) as raised:
        decode.check_status(answer(429, retry_after="junk"), wrote=True)
    assert (raised.value.retry_after, raised.value.maybe_applied) == (None, False)


def test_calls_a_write_with_an_unreadable_success_possibly_applied() -> None:
    with pytest.raises(BadResponse) as raised:
        decode.decode(answer(201, "<html>"), decode.REGISTRY, wrote=True)
    assert raised.value.maybe_applied


def test_drops_the_secret_that_rancher_sends_back() -> None:
    body = (
        '{"id":"1c1","type":"registryCredential","publicValue":"robot","secretValue":"canary-5ecret","state":"active"}'
    )
    credential = decode.decode(answer(201, body), decode.CREDENTIAL)
    assert credential.public_value == "robot"
    assert "canary" not in repr(credential) + msgspec.json.encode(credential, enc_hook=list).decode()


def test_replaces_the_one_character_that_no_database_stores() -> None:
    registry = decode.decode(answer(body=r'{"id":"1sp1","name":"a\u0000b","description":"\\u0041"}'), decode.REGISTRY)
    assert (registry.name, registry.description) == ("a\N{REPLACEMENT CHARACTER}b", r"\u0041")


@pytest.mark.parametrize("decoder", [decode.REGISTRY, decode.CREDENTIAL, decode.PROJECT])
@pytest.mark.parametrize("rancher_id", ["../accounts", "1SP1", "", "1sp1/x", "1" * 33, "1sp1\n", "1sp1?x", "١sp١"])
def test_takes_no_id_that_could_not_be_part_of_a_path(decoder: Any, rancher_id: str) -> None:
    with pytest.raises(BadResponse):
        decode.decode(answer(body=json.dumps({"id": rancher_id})), decoder)


def test_takes_no_credential_of_what_could_not_be_a_registry() -> None:
    with pytest.raises(BadResponse):
        decode.decode(answer(body='{"id":"1c1","registryId":"../1a5"}'), decode.CREDENTIAL)


@pytest.mark.parametrize("field", ["created", "removed"])
def test_takes_no_time_without_its_zone(field: str) -> None:
    with pytest.raises(BadResponse):
        decode.decode(answer(body=f'{{"id":"1sp1","{field}":"2026-11-23T12:00:00"}}'), decode.REGISTRY)


def test_reads_every_recorded_registry_and_keeps_it() -> None:
    found = 0
    for body in BODIES:
        document = json.loads(body)
        if isinstance(document, dict) and document.get("type") == "registry":
            registry = decode.decode(answer(body=body), decode.REGISTRY)
            assert sorted(registry.actions) == sorted(document["actions"])
            assert from_document(to_document(registry)) == registry
            found += 1
    assert found > 200


def test_fingerprints_tell_lists_apart() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    one = Registry(id="1sp1", state="active", created_at=now, actions=ActionNames({"update", "deactivate"}))
    other = Registry(id="1sp1", state="active", created_at=now, actions=ActionNames({"deactivate", "update"}))
    later = Registry(id="1sp1", state="active", created_at=now + timedelta(seconds=1))
    assert fingerprint([one]) == fingerprint([other]) != fingerprint([later])


@pytest.mark.parametrize("actions", ['"all"', "7", "true"])
def test_refuses_actions_that_are_no_names(actions: str) -> None:
    with pytest.raises(BadResponse):
        decode.decode(answer(body=f'{{"id":"1sp1","actions":{actions}}}'), decode.REGISTRY)


def test_takes_no_actions_for_none() -> None:
    assert decode.decode(answer(body='{"id":"1sp1","actions":null}'), decode.REGISTRY).actions == frozenset()


@pytest.mark.parametrize("state", ['"><b hx-get="/x">', "Active", "a" * 33, "active\n", "in active"])
def test_takes_for_a_state_only_what_reads_like_one(state: str) -> None:
    body = msgspec.json.encode({"id": "1sp1", "state": state, "transitioning": state})
    found = decode.decode(Answer(200, {}, body), decode.REGISTRY)
    assert (found.state, found.transitioning) == ("unknown", "no")
