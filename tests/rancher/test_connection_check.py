"""The check of a connection: every step, what it says when it fails, and what to do."""

from typing import Any

import pytest

from registries.outbound.base_url import BaseURL
from registries.rancher.connection_check import SLUGS, ConnectionCheck, check_connection
from tests.upstream_stands import QUICK, Stand, answering, scripted


def shake(stand: Stand, role: str = "env", **options: Any) -> ConnectionCheck:
    access_key, secret_key = stand.sandbox.keys[role]
    values: dict[str, Any] = {
        "allow": lambda *_: True,
        "access_key": access_key,
        "secret_key": secret_key,
        "limits": QUICK,
    }
    return check_connection(options.pop("base", stand.base), **(values | options))


def outcomes(found: ConnectionCheck) -> dict[str, str]:
    return {step.slug: step.outcome for step in found.steps}


@pytest.mark.parametrize(
    ("role", "kind", "project_id", "rights"),
    [
        ("env", "environment", "1a5", "full"),
        ("env2", "environment", "1a7", "full"),
        ("owner", "account", "1a5", "full"),
        ("member", "account", "1a5", "full"),
        ("restricted", "account", "1a5", "full"),
        ("readonly", "account", "1a5", "read-only"),
        ("admin", "account", None, None),
    ],
)
def test_knows_every_kind_of_key(
    stand: Stand, role: str, kind: str, project_id: str | None, rights: str | None
) -> None:
    found = shake(stand, role)
    assert found.ok
    assert (found.key_kind, found.project_id, found.rights) == (kind, project_id, rights)
    assert [step.slug for step in found.steps] == list(SLUGS)
    assert stand.calls("POST|PUT|DELETE") == 0


@pytest.mark.parametrize(("role", "kind"), [("env", "environment"), ("owner", "account"), ("admin", "account")])
def test_knows_the_kind_of_a_key_where_the_server_does_not_tell(stand_14: Stand, role: str, kind: str) -> None:
    found = shake(stand_14, role)
    assert (found.ok, found.key_kind) == (True, kind)


def test_takes_the_project_that_was_chosen(stand: Stand) -> None:
    found = shake(stand, "admin", project_id="1a7")
    assert (found.project_id, found.rights, bool(found.project_name)) == ("1a7", "full", True)


def test_names_no_project_that_it_does_not_see(stand: Stand) -> None:
    found = shake(stand, "owner", project_id="1a7")
    assert found.failed_step is not None
    assert (found.failed_step.slug, found.project_name) == ("rights", "")
    assert "Choose a project" in found.failed_step.remedy


def test_says_that_an_environment_key_opens_another_project(stand: Stand) -> None:
    found = shake(stand, project_id="1a7")
    assert found.failed_step is not None
    assert found.failed_step.slug == "projects"
    assert "opens 1a5, not 1a7" in found.failed_step.remedy


@pytest.mark.parametrize(
    ("options", "slug", "remedy"),
    [
        ({"base": BaseURL("http", "127.0.0.1", 9)}, "connect", "whether Rancher runs there"),
        ({"base": BaseURL("http", "no.example", 80), "resolve": lambda *_: []}, "resolve", "spelling"),
        ({"allow": lambda *_: False}, "connect", "Allowed targets"),
        ({"secret_key": "wrong"}, "key", "Make a new key"),
        ({"base": BaseURL("https", "127.0.0.1", 443), "ca_certificate": "no certificate"}, "tls", ""),
    ],
)
def test_ends_at_the_step_that_fails(stand: Stand, options: dict[str, Any], slug: str, remedy: str) -> None:
    found = shake(stand, **options)
    assert found.failed_step is not None
    assert (found.failed_step.slug, found.ok) == (slug, False)
    assert remedy in found.failed_step.remedy
    after = SLUGS[SLUGS.index(slug) + 1 :]
    assert {outcomes(found)[one] for one in after} == {"skipped"}
    assert len(found.steps) in {len(SLUGS), len(SLUGS) - 0}


def test_tells_plain_http_on_a_port_that_should_speak_tls(stand: Stand) -> None:
    found = shake(stand, base=BaseURL("https", "127.0.0.1", stand.base.port))
    assert found.failed_step is not None
    assert (found.failed_step.slug, "http://" in found.failed_step.remedy) == ("tls", True)
    assert outcomes(found)["connect"] == "ok"


@pytest.mark.parametrize(
    ("fault", "match", "slug"),
    [
        ("html", "/ping", "answer"),
        ("hang", "/ping", "answer"),
        ("drop_before", "/ping", "answer"),
        ("html", "/v1$", "answer"),
        ("status", "/v1$", "key"),
        ("html", "/v1/projects$", "projects"),
        ("html", "/schemas/registry", "rights"),
    ],
)
def test_says_where_something_that_is_not_rancher_shows(stand: Stand, fault: str, match: str, slug: str) -> None:
    stand.fail(fault, match=match)
    found = shake(stand)
    assert found.failed_step is not None
    assert found.failed_step.slug == slug


def test_tells_another_web_server_by_its_silence_about_the_account(stand: Stand) -> None:
    stand.fail("body", match="/v1$", body="{}")
    found = shake(stand)
    assert found.failed_step is None or found.failed_step.slug == "answer"
    with scripted(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong")) as base:
        found = shake(stand, base=base)
    assert found.failed_step is not None
    assert found.failed_step.slug == "answer"


def test_says_that_a_key_sees_no_project(stand: Stand) -> None:
    stand.fail("body", match="/v1/projects$", body='{"type":"collection","data":[]}')
    found = shake(stand)
    assert found.failed_step is not None
    assert "sees no project" in found.failed_step.remedy


@pytest.mark.parametrize(
    ("body", "outcome", "version"),
    [
        ('{"value":"v1.6.30"}', "ok", "v1.6.30"),
        ('{"value":null}', "warning", None),
        ('{"value":"<b>"}', "warning", None),
    ],
)
def test_reads_the_version_where_it_is_told(stand: Stand, body: str, outcome: str, version: str | None) -> None:
    stand.fail("body", match="rancher.server.version", body=body)
    found = shake(stand)
    assert (outcomes(found)["version"], found.server_version, found.ok) == (outcome, version, True)


def test_does_without_the_version(stand: Stand) -> None:
    stand.fail("html", match="rancher.server.version")
    found = shake(stand)
    assert (outcomes(found)["version"], found.ok) == ("warning", True)


def test_holds_no_key_in_any_step(stand: Stand) -> None:
    for role in ("env", "admin"):
        found = shake(stand, role)
        assert [one for one in stand.sandbox.keys[role] if one in repr(found.steps)] == []
