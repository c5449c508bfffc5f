"""What an error of an outbound call tells: in a sentence to people, in a word to programs."""

import pytest

from registries.outbound.base_url import BaseURL
from registries.outbound.errors import BAD_RESPONSES, UNREACHABLE, BadResponse, ReadOnly, Unreachable, UpstreamError
from registries.outbound.transport import Transport


@pytest.mark.parametrize("reason", sorted(UNREACHABLE))
def test_trying_again_helps_unless_a_setting_or_a_certificate_has_to_change_first(reason: str) -> None:
    lasting = {"blocked", "tls_expired", "tls_name", "tls_unknown_ca", "not_tls"}
    assert Unreachable(reason).retry_helps is (reason not in lasting)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Unreachable("refused", peer="the registry"), "The registry refuses the connection."),
        (Unreachable("timeout", peer="Rancher"), "Rancher did not answer in time."),
        (
            Unreachable("busy", peer="the webhook"),
            "Other calls are still waiting for the webhook; this one was not sent.",
        ),
        (BadResponse("not_json", peer="Rancher"), "An unexpected answer came, not Rancher's."),
        (BadResponse("not_json"), "An unexpected answer came, not the server's."),
        (UpstreamError("odd", "{peer} said {this}.", peer="{peer}"), "{peer} said {this}."),
    ],
)
def test_names_the_other_side(error: UpstreamError, sentence: str) -> None:
    assert str(error) == sentence


@pytest.mark.parametrize("peer", ["Rancher", "the identity provider"])
def test_every_sentence_is_one_whoever_the_other_side_is(peer: str) -> None:
    errors = [Unreachable(reason, peer=peer) for reason in UNREACHABLE]
    for error in [*errors, *(BadResponse(reason, peer=peer) for reason in BAD_RESPONSES)]:
        text = str(error)
        assert text[0].isupper(), text
        assert text.endswith("."), text
        assert "{" not in text, text


def test_a_transport_names_its_peer_in_errors() -> None:
    base = BaseURL("http", "127.0.0.1", 9)
    transport = Transport(base, allow=lambda *_: False, peer="the webhook", read_only=True)
    with pytest.raises(Unreachable) as raised:
        transport.send("GET", "/")
    assert raised.value.peer == "the webhook"
    with pytest.raises(ReadOnly, match="nothing was sent"):
        transport.send("POST", "/")
    transport.close()
