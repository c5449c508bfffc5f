"""What registries in the field answer: each case is from a public report, the values are ours."""

import threading

import pytest

from registries.oci import Reason
from registries.oci.endpoint import endpoint_of
from tests.authority import Authority
from tests.oci.conftest import LOGIN, QUICK, USER, Probe
from tests.oci.servers import VERSION, Asked, Reply, serving

BASIC = {"WWW-Authenticate": 'Basic realm="reg"'}


def takes(asked: Asked) -> bool:
    return asked.login == LOGIN


def test_cannot_prove_a_password_where_nobody_is_asked(ask: Probe, authority: Authority) -> None:
    with serving(lambda _: Reply(), certificate=authority.issue()) as registry:
        results = [ask(registry.address), ask(registry.address, secret="anything")]
    assert [(one.reason, one.login_reason) for one in results] == [(Reason.NOT_PROVEN, Reason.NOT_PROVEN)] * 2


def test_finds_a_wrong_password_that_only_an_unasked_login_shows(ask: Probe, authority: Authority) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(401) if asked.authorization and not takes(asked) else Reply()

    with serving(answer, certificate=authority.issue()) as registry:
        assert ask(registry.address, secret="wrong").reason == Reason.BAD_CREDENTIALS


def test_takes_the_challenge_of_a_200(ask: Probe, authority: Authority) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(401, BASIC) if asked.authorization and not takes(asked) else Reply(200, BASIC)

    with serving(answer, certificate=authority.issue()) as registry:
        assert ask(registry.address).reason == Reason.OK
        assert ask(registry.address, secret="wrong").reason == Reason.BAD_CREDENTIALS


def test_an_image_that_asks_proves_the_password_of_an_open_registry(ask: Probe, authority: Authority) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/v2/":
            return Reply()
        return Reply(404) if takes(asked) else Reply(401, BASIC)

    with serving(answer, certificate=authority.issue()) as registry:
        result = ask(registry.address, image="team/app:1")
    assert (result.reason, result.login_reason) == (Reason.IMAGE_NOT_FOUND, Reason.NOT_PROVEN)


@pytest.mark.parametrize(("status", "reason"), [(404, Reason.IMAGE_NOT_FOUND), (403, Reason.NO_PULL_RIGHT)])
def test_a_mistyped_image_leaves_the_login_as_it_is(
    ask: Probe, authority: Authority, status: int, reason: Reason
) -> None:
    def answer(asked: Asked) -> Reply:
        if not takes(asked):
            return Reply(401, BASIC)
        return Reply(headers=VERSION) if asked.path == "/v2/" else Reply(status)

    with serving(answer, certificate=authority.issue()) as registry:
        result = ask(registry.address, image="team/typo:9")
    assert (result.reason, result.login_reason) == (reason, Reason.OK)


def test_a_400_to_the_password_is_a_refusal_with_its_remedy(ask: Probe, authority: Authority) -> None:
    realm = 'Basic realm="https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com"'

    def answer(asked: Asked) -> Reply:
        return Reply(400, body=b"Bad Request") if asked.authorization else Reply(401, {"WWW-Authenticate": realm})

    with serving(answer, certificate=authority.issue()) as registry:
        result = ask(registry.address, user="AWS", secret="wrong")
    assert result.reason == Reason.BAD_CREDENTIALS
    assert any("region" in step.remedy for step in result.steps)


def test_a_token_that_its_own_registry_refuses_is_not_the_passwords_fault(ask: Probe, authority: Authority) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/token":
            return Reply(body=b'{"token": "tok"}') if takes(asked) else Reply(401)
        realm = f'Bearer realm="https://{asked.host}/token",service="reg"'
        error = ',error="invalid_token"' if asked.authorization else ""
        return Reply(401, {"WWW-Authenticate": realm + error})

    with serving(answer, certificate=authority.issue()) as registry:
        assert ask(registry.address).reason == Reason.TOKEN_REFUSED
        assert ask(registry.address, secret="wrong").reason == Reason.BAD_CREDENTIALS


def test_an_empty_200_after_the_login_is_a_success(ask: Probe, authority: Authority) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(body=b"") if takes(asked) else Reply(401, BASIC)

    with serving(answer, certificate=authority.issue()) as registry:
        assert ask(registry.address).reason == Reason.OK


def test_tries_the_path_without_its_slash_once(ask: Probe, authority: Authority) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/v2/":
            return Reply(308, {"Location": "/v2"})
        return Reply(headers=VERSION) if takes(asked) else Reply(401, BASIC)

    with serving(answer, certificate=authority.issue()) as registry:
        assert ask(registry.address).reason == Reason.OK
        assert ask(registry.address, secret="wrong").reason == Reason.BAD_CREDENTIALS
    assert f"{USER}:wrong" in registry.logins


def test_says_that_the_token_service_is_not_there(ask: Probe, authority: Authority) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/token":
            return Reply(404, body=b"<html>")
        bearer = f'Bearer realm="https://{asked.host}/token",service="reg"'
        return Reply(401, {"WWW-Authenticate": f"{bearer}, {BASIC['WWW-Authenticate']}"})

    with serving(answer, certificate=authority.issue()) as registry:
        result = ask(registry.address)
    assert "Its token service is not there" in " ".join(step.cause for step in result.steps)


def test_says_that_a_realm_with_two_ports_cannot_be_read(ask: Probe, authority: Authority) -> None:
    realm = {"WWW-Authenticate": 'Bearer realm="https://127.0.0.1:5000:5000/v2/token",service="reg"'}
    with serving(lambda _: Reply(401, realm), certificate=authority.issue()) as registry:
        result = ask(registry.address)
    assert "cannot be read" in " ".join(step.cause for step in result.steps)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("registry.digitalocean.com", "api.digitalocean.com"),
        ("registry.cn-hangzhou.aliyuncs.com", "dockerauth.cn-hangzhou.aliyuncs.com"),
        ("registry-vpc.cn-beijing.aliyuncs.com", "dockerauth.cn-beijing.aliyuncs.com"),
    ],
)
def test_knows_the_token_hosts_of_providers(address: str, host: str) -> None:
    assert endpoint_of(address).realm_hosts == {host}


@pytest.mark.parametrize(
    "address", ["registry.evil.example", "registry.x.aliyuncs.com.evil.example", "x.digitalocean.com"]
)
def test_knows_no_token_host_of_a_name_that_only_looks_alike(address: str) -> None:
    assert endpoint_of(address).realm_hosts == frozenset()


@pytest.mark.parametrize(("wait_s", "state"), [(0.0, "ok"), (1.3, "warning")])
def test_waits_for_a_slow_token_service_and_warns(ask: Probe, authority: Authority, wait_s: float, state: str) -> None:
    over = threading.Event()

    def answer(asked: Asked) -> Reply:
        if asked.path == "/token":
            over.wait(wait_s)
            return Reply(body=b'{"token": "tok"}')
        if asked.login == "tok":
            return Reply(headers=VERSION)
        return Reply(401, {"WWW-Authenticate": f'Bearer realm="https://{asked.host}/token",service="reg"'})

    with serving(answer, certificate=authority.issue()) as registry:
        result = ask(registry.address, limits=QUICK)
    assert result.reason == Reason.OK
    assert next(step.state for step in result.steps if step.name == "Token") == state
