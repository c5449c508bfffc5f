"""Fills the demo with connection profiles on the stand-in Ranchers; `demo` calls it.

Five profiles: three that work, one whose key may only read, one whose server is down. The last one's registries are
read once from the second stand-in, as if it had still been there some days ago, so that its last known list is real.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from registries.models import AllowedTarget, AuditEvent, AuditHead, ConnectionProfile, InventoryItem, Membership
from registries.roles import Role
from registries.services.audit.installation import start_log
from registries.services.inventory.reading import read_or_recall
from registries.services.profiles import profiles

LOOPBACK = "127.0.0.1"
DOWN_SINCE = timedelta(days=3, hours=4)
TEAM = "Payments"  # the operator's; the viewer has roles of their own
IN_THE_TEAM, ON_THEIR_OWN = {"operator"}, {"viewer": Role.VIEWER}


@dataclass(frozen=True)
class Stand:
    """A stand-in Rancher: where it listens, and the keys (role -> access key, secret key) that it made."""

    url: str
    keys: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Demo:
    """A profile of the demo; `key` is the role whose key it holds."""

    name: str
    description: str
    colour: ConnectionProfile.LabelColour
    tags: tuple[str, ...]
    stand: int
    project_id: str
    key: str
    api_version: ConnectionProfile.ApiVersion = ConnectionProfile.ApiVersion.V1
    protection: ConnectionProfile.Protection = ConnectionProfile.Protection.OPEN
    is_down: bool = False


Colour = ConnectionProfile.LabelColour
PROFILES = (
    Demo(
        "Production EU",
        "Everything customers see, Frankfurt",
        Colour.ROSE,
        ("production", "eu"),
        stand=0,
        project_id="1a5",
        key="env",
        protection=ConnectionProfile.Protection.PROTECTED,
    ),
    Demo(
        "Staging",
        "What goes to production next",
        Colour.AMBER,
        ("staging", "eu"),
        stand=0,
        project_id="1a7",
        key="env2",
        api_version=ConnectionProfile.ApiVersion.V2_BETA,
    ),
    Demo(
        "Sandbox",
        "For trying things out; Rancher 1.4, where a removed registry can be restored",
        Colour.GREEN,
        ("lab",),
        stand=1,
        project_id="1a5",
        key="env",
    ),
    Demo(
        "Reporting",
        "Production EU again, through the key of a member who may only read",
        Colour.BLUE,
        ("production", "reports"),
        stand=0,
        project_id="1a5",
        key="readonly",
    ),
    Demo(
        "Old office",
        "The Rancher of the office that moved; switched off since",
        Colour.GREY,
        ("legacy",),
        stand=1,
        project_id="1a7",
        key="env2",
        is_down=True,
    ),
)
DOWN = {demo.name for demo in PROFILES if demo.is_down}


class Command(BaseCommand):
    help = "Fills the demo with profiles; what people changed in them stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sandbox", nargs=2, action="append", required=True, metavar=("URL", "KEYS_FILE"))
        parser.add_argument("--down", required=True, metavar="URL")

    def handle(self, *, sandbox: list[list[str]], down: str, **_: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This opens loopback for connections: it runs with CORRAL_DEMO=1 only.")
        start_missing_log()
        stands = [Stand(url, json.loads(Path(path).read_text(encoding="utf-8"))) for url, path in sandbox]
        for profile in seed(stands, down=down):
            profiles.check_again(profile)
            read_or_recall(profile, fresh=True)
            if profile.name in DOWN:
                switch_off(profile, down=down)


def start_missing_log() -> None:
    """For a demo that had people before there was an audit log: `migrate` refuses to start one beside them."""
    if not AuditHead.objects.exists() and not AuditEvent.objects.exists():
        start_log(reason="This demo is older than its audit log.")


def seed(stands: list[Stand], *, down: str) -> list[ConnectionProfile]:
    """Makes everything at the first start, and afterwards only follows the stand-ins to their ports.

    Returns the profiles that are new. One transaction: a start that was broken off leaves nothing half made.
    """
    with transaction.atomic():
        # any port of this machine, over http: where the stand-ins are; only the demo has such a row
        _, is_first = AllowedTarget.objects.get_or_create(
            scheme=AllowedTarget.Scheme.HTTP, host=LOOPBACK, ports="", defaults={"note": "The demo's stand-in Ranchers"}
        )
        if is_first:
            return [make_profile(demo, stands[demo.stand]) for demo in PROFILES]
        for demo in PROFILES:
            moved = ConnectionProfile.objects.filter(name=demo.name, base_url__startswith=f"http://{LOOPBACK}:")
            for profile in moved:
                move(profile, down if demo.is_down else stands[demo.stand].url)
    return []


def make_profile(demo: Demo, stand: Stand) -> ConnectionProfile:
    access_key, secret_key = stand.keys[demo.key]
    profile = ConnectionProfile.objects.create(
        name=demo.name,
        slug=slugify(demo.name),
        description=demo.description,
        tags=list(demo.tags),
        label_colour=demo.colour,
        protection=demo.protection,
        base_url=stand.url,
        api_version=demo.api_version,
        project_id=demo.project_id,
        access_key=access_key,
        secret_key=secret_key,
    )
    Membership.objects.create(profile=profile, team=seed_team(), role=Role.OPERATOR)
    for user in get_user_model().objects.filter(username__in=ON_THEIR_OWN):
        Membership.objects.create(profile=profile, user=user, role=ON_THEIR_OWN[user.get_username()])
    return profile


def move(profile: ConnectionProfile, base_url: str) -> None:
    """Moves a profile with its keys, which are sealed for its origin, to where its stand-in is now."""
    keys = profile.access_key.reveal(), profile.secret_key.reveal()
    profile.base_url = base_url
    profile.access_key, profile.secret_key = keys
    profile.save(update_fields=["base_url", "access_key", "secret_key"])


def seed_team() -> Group:
    team, is_new = Group.objects.get_or_create(name=TEAM)
    if is_new:
        team.user_set.set(get_user_model().objects.filter(username__in=IN_THE_TEAM))
    return team


def switch_off(profile: ConnectionProfile, *, down: str) -> None:
    """Moves the profile to an address where nobody answers, and what is known of it into the past."""
    move(profile, down)
    profiles.check_again(profile)  # fails, and notes at which step
    read_or_recall(profile, fresh=True)  # fails too, and notes why
    then = timezone.now() - DOWN_SINCE
    ConnectionProfile.objects.filter(pk=profile.pk).update(
        checked_at=then, contact_at=then, inventory_read_at=then, failing_since=then
    )
    InventoryItem.objects.filter(profile=profile).update(seen_at=then)
