"""What an entry of the allowed targets opens, and whom its removal cuts off."""

from collections.abc import Callable

import pytest

from dashboard.people.models import User
from registries.models import AllowedTarget, ConnectionProfile
from registries.outbound.base_url import parse_base_url
from registries.outbound.errors import Unreachable
from registries.services.upstream import connection, targets
from registries.services.upstream.targets import Opens
from tests.registries.conftest import Rancher

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("host", "ports", "url", "answer"),
    [
        ("rancher.example", "", "http://rancher.example", Opens.YES),
        ("rancher.example", "8080", "http://rancher.example", Opens.NO),
        ("rancher.example", "", "https://rancher.example", Opens.NO),
        ("rancher.example", "", "http://other.example", Opens.NO),
        ("10.2.0.0/16", "", "http://10.2.3.4:8080", Opens.YES),
        ("10.2.0.0/16", "", "http://[::ffff:10.2.3.4]:8080", Opens.YES),
        ("10.2.0.0/16", "", "http://10.3.0.1", Opens.NO),
        ("10.2.0.0/16", "", "http://rancher.example", Opens.PERHAPS),
        ("10.2.0.0/16", "8080", "http://rancher.example", Opens.NO),
        ("10.2.3.4", "", "http://rancher.example", Opens.PERHAPS),
        ("fd00::/64", "", "http://[fd00::1]", Opens.YES),
    ],
)
def test_tells_what_an_entry_opens_without_resolving(host: str, ports: str, url: str, answer: Opens) -> None:
    target = AllowedTarget(scheme="http", host=host, ports=ports)
    assert targets.opens(target, parse_base_url(url)) is answer


@pytest.fixture
def entry(make_profile: Callable[..., ConnectionProfile]) -> Callable[[str], AllowedTarget]:
    """An entry for http; the one of the fixtures goes, so that no other opens anything."""
    AllowedTarget.objects.all().delete()
    for name, host in (("By address", "10.2.3.4:8080"), ("By name", "rancher.example:8080")):
        make_profile(name=name, base_url=f"http://{host}")
    make_profile(name="Unreadable", base_url="ftp://rancher.example")
    return lambda host: AllowedTarget.objects.create(scheme="http", host=host)


def names_of(target: AllowedTarget) -> tuple[list[str], list[str]]:
    found = targets.find_cut_off(target)
    return [one.name for one in found.surely], [one.name for one in found.perhaps]


def test_names_the_profiles_that_a_network_carries(entry: Callable[[str], AllowedTarget]) -> None:
    assert names_of(entry("10.2.0.0/16")) == (["By address"], ["By name"])


def test_names_the_profiles_whose_host_it_names(entry: Callable[[str], AllowedTarget]) -> None:
    assert names_of(entry("rancher.example")) == (["By name"], [])


def test_is_not_sure_while_a_network_may_carry_them_too(entry: Callable[[str], AllowedTarget]) -> None:
    named = entry("rancher.example")
    entry("10.0.0.0/8")
    assert names_of(named) == ([], ["By name"])


def test_names_nobody_who_is_opened_by_another_entry_too(entry: Callable[[str], AllowedTarget]) -> None:
    network = entry("10.2.0.0/16")
    entry("rancher.example")
    entry("10.2.3.4")
    assert names_of(network) == ([], [])


def test_a_removed_entry_closes_connections_that_are_open(
    profile: ConnectionProfile, loopback: AllowedTarget, rancher: Rancher, admin: User
) -> None:
    with connection.contact(profile) as client:
        client.ping()
    calls = rancher.calls()
    targets.remove_target(admin, loopback)
    with pytest.raises(Unreachable) as caught, connection.contact(profile) as client:
        client.ping()
    assert (caught.value.reason, rancher.calls()) == ("blocked", calls)


def test_an_entry_that_somebody_else_just_saved_is_not_saved_twice(loopback: AllowedTarget, admin: User) -> None:
    twin = AllowedTarget(scheme=loopback.scheme, host=loopback.host, ports=loopback.ports)
    with pytest.raises(targets.AlreadyAllowed):
        targets.allow_target(admin, twin)
    assert AllowedTarget.objects.count() == 1
