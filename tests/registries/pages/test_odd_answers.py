"""Whatever Rancher answers in any field, no page fails: one bad row costs that row."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from dashboard import timed_cache
from dashboard.people.models import User
from registries.models import ConnectionProfile, InventoryItem
from registries.outbound.breaker import forget_upstreams
from registries.rancher.client import Client
from registries.sandbox.fault_values import ODD_VALUES
from registries.services.operations.reconcile import reconcile
from tests.registries.conftest import Rancher
from tests.registries.role_table import R
from tests.registries.tour import DOWNLOADS, Tour, furnish

pytestmark = pytest.mark.django_db(transaction=True)
IN_A_DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}
GROUPS: tuple[tuple[str, ...], ...] = (  # fields that are odd together, so that the walks are few
    ("id",),
    ("created", "createdTS", "removed"),
    ("state", "transitioning", "transitioningMessage", "transitioningProgress"),
    ("name", "description", "serverAddress", "kind", "uuid", "publicValue"),
    ("actions", "credentials", "registryId", "accountId", "status"),
    ("eventType", "clientIp", "responseCode", "requestObject", "authenticatedAsIdentityId"),
)
ANSWERS = {200, 302, 404, 405, 422, 503}  # 404: what an odd answer says is not there


@pytest.fixture
def tour(
    profile: ConnectionProfile, rancher: Rancher, upstream: Client, browse: Callable[[User], Browser], admin: User
) -> Tour:
    return furnish(profile, rancher, upstream, browse(admin))


def walk(tour: Tour) -> dict[str, int]:
    """Opens every page; Django's test client raises what would be a 500."""
    timed_cache.clear_all()
    forget_upstreams()
    statuses = {url: tour.web.get(url).status_code for url in (*tour.pages, *DOWNLOADS)}
    return statuses | {f"{url} alone": tour.web.get(url, headers=IN_A_DIALOG).status_code for url in tour.fragments}


def test_every_page_of_the_tour_is_there(tour: Tour) -> None:
    assert {url: status for url, status in walk(tour).items() if status != 200} == {}


def test_every_odd_field_is_in_a_group() -> None:
    assert sorted(sum(GROUPS, ())) == sorted(ODD_VALUES)


@pytest.mark.parametrize("fields", GROUPS, ids=lambda fields: fields[0])
def test_no_odd_value_costs_a_page(tour: Tour, rancher: Rancher, fields: tuple[str, ...]) -> None:
    for pick in range(max(len(ODD_VALUES[field]) for field in fields)):
        rancher.faults.clear()
        rancher.fail("odd", fields=f"^({'|'.join(fields)})$", pick=pick)
        tour.write()
        assert {url: status for url, status in walk(tour).items() if status not in ANSWERS} == {}, pick
        failed: list[str] = []
        reconcile(failed)
        assert failed == [], pick


@pytest.mark.parametrize(("field", "pick"), [("name", 3), ("created", 0), ("state", 0), ("credentials", 4)])
def test_says_of_one_bad_row_that_it_is_unexpected_wherever_it_is_shown(
    tour: Tour, rancher: Rancher, upstream: Client, field: str, pick: int
) -> None:
    fine = upstream.registries.create(server_address="fine.example").id
    rancher.fail("odd", fields=f"^{field}$", rows=f"^{tour.registry_id}$", pick=pick)
    rows = {part.split('"')[0]: part for part in read(tour, f"{R}?read=now").split('data-id="')[1:]}
    assert rows.keys() >= {fine, tour.registry_id}
    assert "unexpected answer" in rows[tour.registry_id]
    assert "unexpected answer" not in rows[fine]
    assert f"<strong>Unexpected answer.</strong> Corral can&#x27;t read what Rancher answers for {field}." in read(
        tour, f"{R}{tour.registry_id}/"
    )
    assert "has an unexpected answer" in read(tour, "/")
    rancher.faults.clear()
    for url in (f"{R}?read=now", f"{R}{tour.registry_id}/", "/"):
        assert "nexpected answer" not in read(tour, url)


def test_counts_a_row_without_an_id_and_takes_it_for_gone_nowhere(tour: Tour, rancher: Rancher) -> None:
    assert f'data-id="{tour.registry_id}"' in read(tour, f"{R}?read=now")
    rancher.fail("odd", "GET ", fields="^id$", rows=f"^{tour.registry_id}$")
    text = read(tour, f"{R}?read=now")
    assert "One row of Rancher&#x27;s list can&#x27;t be read and is left out" in text
    assert f'data-id="{tour.registry_id}"' not in text
    assert InventoryItem.objects.get(rancher_id=tour.registry_id).gone_at is None


def read(tour: Tour, url: str) -> str:
    answer = tour.web.get(url)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()
