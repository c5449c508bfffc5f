"""Allowed targets: the admin's list of what may be connected to."""

from collections.abc import Callable
from ipaddress import ip_address

import pytest
from django.core.exceptions import ValidationError
from django.test import Client as Browser

from dashboard.people.models import User
from registries.forms.target import ALREADY_ALLOWED, TargetForm
from registries.models import AllowedTarget, ConnectionProfile
from registries.services.upstream import connection

KEY = {"operation_key": "6f1f1b5e-6d3c-4a57-9a3c-0d4b1b4f9d11"}


@pytest.mark.parametrize(
    ("target", "url", "opens"),
    [
        (("https", "rancher.example.com", ""), ("https", "rancher.example.com", "203.0.113.7", 443), True),
        (("https", "rancher.example.com", ""), ("https", "Rancher.Example.com", "203.0.113.7", 8443), True),
        (("https", "rancher.example.com", "443"), ("https", "rancher.example.com", "203.0.113.7", 8443), False),
        (("https", "rancher.example.com", ""), ("http", "rancher.example.com", "203.0.113.7", 80), False),
        (("https", "rancher.example.com", ""), ("https", "evil.example.com", "203.0.113.7", 443), False),
        (("http", "10.2.0.0/16", "8080-8090"), ("http", "any.example", "10.2.3.4", 8085), True),
        (("http", "10.2.0.0/16", ""), ("http", "any.example", "10.3.0.1", 8080), False),
        (("http", "127.0.0.1", ""), ("http", "localhost", "127.0.0.1", 8080), True),
    ],
)
def test_opens_what_it_names_and_nothing_else(
    target: tuple[str, str, str], url: tuple[str, str, str, int], opens: bool
) -> None:
    scheme, host, address, port = url
    row = AllowedTarget(scheme=target[0], host=target[1], ports=target[2])
    assert row.permits(scheme, host, ip_address(address), port) is opens


@pytest.mark.parametrize(
    ("host", "ports"), [("10.2.0.1/16", ""), ("a.example", "http"), ("a.example", "0"), ("a", "9-1")]
)
def test_refuses_what_makes_no_sense(host: str, ports: str) -> None:
    with pytest.raises(ValidationError):
        AllowedTarget(scheme="https", host=host, ports=ports).clean()


@pytest.mark.django_db(transaction=True)
def test_an_admin_allows_and_takes_back(
    browse: Callable[[User], Browser], admin: User, profile: ConnectionProfile
) -> None:
    web = browse(admin)
    assert web.post("/targets/new/", {"scheme": "https", "host": "Rancher.Example.com"}).status_code == 303
    assert "rancher.example.com" in web.get("/targets/").content.decode()
    assert web.post("/targets/new/", {"scheme": "https", "host": "10.0.0.0/99"}).status_code == 422
    loopback = AllowedTarget.objects.get(host="127.0.0.1")
    assert "Staging" in web.get(f"/targets/{loopback.pk}/remove/").content.decode()
    assert web.post(f"/targets/{loopback.pk}/remove/", KEY).status_code == 303
    assert not connection.allow("http", "127.0.0.1", ip_address("127.0.0.1"), 80)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Rancher.Example.com.", "rancher.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("[FD00::0:1]", "fd00::1"),
        ("10.2.0.0/16", "10.2.0.0/16"),
        ("::ffff:10.2.3.4", "10.2.3.4"),
        ("0.0.0.0/0", "0.0.0.0/0"),
    ],
)
def test_keeps_a_target_as_it_will_be_compared(typed: str, kept: str) -> None:
    form = TargetForm({"scheme": "https", "host": typed})
    assert form.is_valid(), form.errors
    assert form.save().host == kept


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("https://rancher.example.com", "Write the host alone"),
        ("*.example.com", "no host name"),
        ("a b", "no host name"),
        ("\ud800.example", "no host name"),
        ("rancher.example.com:8080", "a port belongs into the field below"),
        ("10.2.0.1/16", "no network"),
        ("169.254.169.254", "Nothing opens this"),
        ("::ffff:169.254.169.254", "Nothing opens this"),
        ("169.254.0.0/20", "Nothing opens this"),
        ("fe80::/64", "Nothing opens this"),
        ("", "Enter a host name"),
    ],
)
def test_refuses_a_target_that_could_never_open(typed: str, words: str) -> None:
    form = TargetForm({"scheme": "https", "host": typed})
    assert not form.is_valid()
    assert words in str(form.errors["host"])


@pytest.mark.django_db(transaction=True)
def test_shows_what_opens_everything(browse: Callable[[User], Browser], admin: User) -> None:
    AllowedTarget.objects.create(scheme="https", host="0.0.0.0/0")
    assert "every address" in browse(admin).get("/targets/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "kept"), [("", ""), ("8080,443 443", "443, 8080"), ("8080-8090, 443", "443, 8080-8090")]
)
def test_keeps_one_spelling_of_ports(typed: str, kept: str) -> None:
    form = TargetForm({"scheme": "https", "host": "a.example", "ports": typed})
    assert form.is_valid(), form.errors
    assert form.save().ports == kept


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("ports", "http", "“http” is no port"),
        ("ports", "1_0", "“1_0” is no port"),
        ("ports", "443-", "“443-” is no port"),
        ("ports", "90000", "Write ports as 443, 8080-8090."),
        ("ports", "9-1", "Write ports as 443, 8080-8090."),
        ("host", "::ffff:10.2.0.0/112", "write the IPv4 network"),
        ("host", "64:ff9b::/96", "write the IPv4 network"),
    ],
)
def test_says_how_ports_and_networks_are_written(field: str, typed: str, words: str) -> None:
    form = TargetForm({"scheme": "https", "host": "a.example"} | {field: typed})
    assert not form.is_valid()
    assert words in str(form.errors[field])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_race", [False, True])
def test_lists_a_target_once_however_it_is_spelled(
    browse: Callable[[User], Browser], admin: User, monkeypatch: pytest.MonkeyPatch, is_race: bool
) -> None:
    AllowedTarget.objects.create(scheme="https", host="a.example", ports="443, 8080")
    if is_race:  # the other one is saved between this form's look and its own saving
        monkeypatch.setattr(AllowedTarget, "validate_constraints", lambda *_, **__: None)
    answer = browse(admin).post("/targets/new/", {"scheme": "https", "host": "A.example", "ports": "8080,443"})
    assert answer.status_code == 422
    assert ALREADY_ALLOWED in answer.content.decode()
    assert AllowedTarget.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_says_whom_the_removal_of_a_network_cuts_off(
    browse: Callable[[User], Browser], admin: User, make_profile: Callable[..., ConnectionProfile]
) -> None:
    make_profile(name="By address")
    make_profile(name="By name", base_url="http://rancher.example")
    AllowedTarget.objects.all().delete()
    network = AllowedTarget.objects.create(scheme="http", host="127.0.0.0/8")
    unused = AllowedTarget.objects.create(scheme="https", host="unused.example")
    web = browse(admin)
    page = web.get(f"/targets/{network.pk}/remove/").content.decode()
    assert "cut off: By address" in page
    assert "leads: By name" in page
    assert "No profile needs it." in web.get(f"/targets/{unused.pk}/remove/").content.decode()
