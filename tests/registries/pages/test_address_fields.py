"""A password that was pasted with an address is shown nowhere, and a host has one spelling."""

import logging
import uuid
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from dashboard.people.models import User
from registries.forms.address import without_userinfo
from registries.forms.target import TargetForm
from registries.models import AllowedTarget, ConnectionProfile
from tests.registries.conftest import Rancher

pytestmark = pytest.mark.django_db
CANARY = "c4n4ry-9/Xq"
NEW_REGISTRY = "/profiles/staging/registries/new/"


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        (f"https://ann:{CANARY}@quay.io", "https://quay.io"),
        (f"ann:{CANARY}@quay.io:5000", "quay.io:5000"),
        (f"{CANARY}@x@quay.io", "quay.io"),
        ("quay.io/team", "quay.io/team"),
    ],
)
def test_takes_out_all_that_stands_before_an_at_sign(typed: str, left: str) -> None:
    assert without_userinfo(typed) == left


@pytest.mark.parametrize("typed", [f"https://ann:{CANARY}@quay.io", f"ann:{CANARY}@quay.io"])
def test_forms_show_and_log_no_password_of_an_address(
    browse: Callable[[User], Browser],
    admin: User,
    profile: ConnectionProfile,
    rancher: Rancher,
    caplog: pytest.LogCaptureFixture,
    typed: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = browse(admin)
    key = {"operation_key": str(uuid.uuid4())}
    for answer in (
        browser.post(NEW_REGISTRY, key | {"server_address": typed}),
        browser.post(NEW_REGISTRY, key | {"server_address": typed, "as_typed": "on"}),
        browser.post("/profiles/new/", {"name": "x", "base_url": typed, "intent": "check"}),
    ):
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "was taken out and not kept" in page
        assert "quay.io" in page
        assert "c4n4ry" not in page
    assert "c4n4ry" not in caplog.text
    assert rancher.calls("POST") == 0


@pytest.mark.parametrize(
    "host",
    [
        "169。254。169。254",
        "１６９.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "0251.0376.0251.0376",
        "169.254.43518",
        "[::ffff:a9fe:a9fe]",
    ],
)
def test_no_spelling_of_a_blocked_address_is_taken_for_a_target(host: str) -> None:
    form = TargetForm({"kind": "rancher", "scheme": "http", "host": host, "ports": "80"})
    assert not form.is_valid()
    assert "host" in form.errors
    assert not AllowedTarget.objects.exists()


@pytest.mark.parametrize(("host", "kept"), [("10。0。0。7", "10.0.0.7"), ("Bücher.example", "xn--bcher-kva.example")])
def test_other_spellings_of_an_allowed_one_are_kept_as_they_are_compared(host: str, kept: str) -> None:
    form = TargetForm({"kind": "rancher", "scheme": "http", "host": host, "ports": "80"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["host"] == kept
