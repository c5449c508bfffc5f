"""`manage.py demo_profiles` on two stand-ins: what the demo's people find."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from dashboard.demo.state import bind
from dashboard.management.commands.demo import seed_people
from registries.models import AllowedTarget, AuditEvent, ConnectionProfile, InventoryItem, Membership
from registries.sandbox import Sandbox, new_state
from registries.sandbox.server import serve
from registries.services.audit.chain_check import verify_audit_log
from tests import audit_table

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Machine:
    """Two stand-ins with their files of keys, and an address at which nobody answers."""

    stands: list[tuple[str, str]]
    down: str

    def seed(self) -> None:
        call_command("demo_profiles", sandbox=[list(stand) for stand in self.stands], down=self.down)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with ExitStack() as stack:
        stands = []
        for generation, seed in (("1.6", "demo"), ("1.4", "demo2")):
            sandbox = Sandbox(new_state(seed, generation=generation, now=time.time()))
            keys = tmp_path / f"{generation}.json"
            keys.write_text(json.dumps(sandbox.keys))
            stands.append((stack.enter_context(serve(sandbox)), str(keys)))
        holder = stack.enter_context(bind(0))
        seed_people(password="amber-basil-cedar-1234")
        yield Machine(stands, f"http://127.0.0.1:{holder.getsockname()[1]}")


def items(name: str) -> int:
    return InventoryItem.objects.filter(profile__name=name).count()


def test_every_profile_shows_what_it_is_there_for(machine: Machine) -> None:
    machine.seed()
    profiles = {profile.name: profile for profile in ConnectionProfile.objects.all()}
    assert set(profiles) == {"Production EU", "Staging", "Sandbox", "Reporting", "Old office"}
    assert profiles["Production EU"].is_protected
    assert [name for name, profile in profiles.items() if profile.is_read_only] == ["Reporting"]
    assert [name for name, profile in profiles.items() if profile.failing_since] == ["Old office"]
    assert profiles["Sandbox"].server_version == "v1.4.3"
    assert sum(items(name) for name in profiles if name != "Reporting") in range(38, 50)
    assert items("Reporting") == items("Production EU")
    assert InventoryItem.objects.filter(state="inactive").exists()


def test_the_last_known_list_of_the_dead_server_is_old(machine: Machine) -> None:
    machine.seed()
    office = ConnectionProfile.objects.get(name="Old office")
    assert office.base_url == machine.down
    assert office.inventory_read_at
    assert (timezone.now() - office.inventory_read_at).days == 3
    assert items("Old office") > 0


def test_operator_and_viewer_have_their_role_everywhere(machine: Machine) -> None:
    machine.seed()
    own = Membership.objects.filter(team=None).values_list("user__username", "role")
    through_teams = Membership.objects.filter(user=None).values_list("team__name", "team__user__username", "role")
    assert list(own) == [("viewer", "viewer")] * 5
    assert list(through_teams) == [("Payments", "operator", "operator")] * 5


def test_what_people_changed_is_there_after_the_next_start(machine: Machine) -> None:
    machine.seed()
    ConnectionProfile.objects.get(name="Reporting").delete()
    ConnectionProfile.objects.filter(name="Staging").update(description="Mine now")
    machine.seed()
    assert ConnectionProfile.objects.count() == 4
    assert ConnectionProfile.objects.get(name="Staging").description == "Mine now"
    assert AllowedTarget.objects.count() == 1


def test_profiles_follow_a_stand_in_to_its_new_port(machine: Machine) -> None:
    machine.seed()
    ConnectionProfile.objects.filter(name="Sandbox").update(base_url="https://rancher.example.com")
    machine.stands[0] = ("http://127.0.0.1:1", machine.stands[0][1])
    machine.down = "http://127.0.0.1:2"
    machine.seed()
    urls = dict(ConnectionProfile.objects.values_list("name", "base_url"))
    assert urls == {
        "Production EU": "http://127.0.0.1:1",
        "Staging": "http://127.0.0.1:1",
        "Reporting": "http://127.0.0.1:1",
        "Sandbox": "https://rancher.example.com",
        "Old office": "http://127.0.0.1:2",
    }


def test_a_demo_that_is_older_than_its_audit_log_gets_one_and_keeps_it(machine: Machine) -> None:
    """Its people are there already; a log of somebody else's is never started anew like that."""
    with audit_table.unguarded():
        audit_table.empty()
    machine.seed()
    rows = list(AuditEvent.objects.values_list("pk", "mac"))
    machine.seed()
    assert (rows[:1], verify_audit_log().ok) == (list(AuditEvent.objects.filter(pk=1).values_list("pk", "mac")), True)
