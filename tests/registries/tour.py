"""A tour of every page that shows what Rancher says, over one project with something on each of them.

The pages are those of the table of roles, so that a new view is on the tour by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

from django.test import Client as Browser
from django.utils import timezone

from registries.models import Alert, AuditEvent, ConnectionProfile, CredentialStatus, Operation
from registries.rancher.client import Client
from tests.registries.conftest import Rancher, rest, settled
from tests.registries.operations.test_stale_edits import form_of
from tests.registries.role_table import ONLY_FRAGMENTS, TABLE, R

ONLY_BY_POST = 405
OF_PEOPLE = ("person_", "team_", "member_", "invitation_", "target_", "my_access")
DOWNLOADS = (f"{R}export/?format=csv", f"{R}export/?format=json", "/audit/export/?format=csv", "/audit/export/")
MORE = (f"{R}?read=now", f"{R}?state=attention", f"{R}?q=e&sort=state", f"{R}?state=removed", "/audit/?q=quay")
HOSTS = ["host-a", "host-b"]


@dataclass(frozen=True)
class Tour:
    """One project in a sandbox, and somebody who may see and do everything, without JavaScript."""

    registry_id: str
    credential_id: str
    web: Browser

    @property
    def pages(self) -> list[str]:
        """URLs of whole pages, as of now: of the newest operation, pull and event too."""
        return [self._url(name, url) for name, url in _shown()] + [
            *MORE,
            f"{R}as-of/?at={timezone.now():%Y-%m-%dT%H:%M:%S}",
        ]

    @property
    def fragments(self) -> list[str]:
        return [self._url(name, url) for name, (url, _) in TABLE.items() if name in ONLY_FRAGMENTS]

    def write(self) -> dict[str, str]:
        """Sends one write of each kind, whatever comes of it; the answers in HTML, by URL.

        The first edit is as of a form that nobody opened, so that it clashes with all that is there.
        """
        one = f"{R}{self.registry_id}/"
        credential = f"{one}credentials/{self.credential_id}/"
        forms: dict[str, dict[str, str]] = {
            f"{R}new/": {"server_address": f"r{uuid4().hex[:8]}.example"},
            f"{one}edit/?clash": {"name": uuid4().hex[:8]},
            f"{one}edit/": form_of(self.web, f"{one}edit/") | {"name": uuid4().hex[:8]},
            f"{one}credentials/new/": {"public_value": "robot", "secret_value": "s3cret"},
            f"{credential}edit/?clash": {"public_value": uuid4().hex[:8]},
            f"{credential}edit/": form_of(self.web, f"{credential}edit/") | {"public_value": uuid4().hex[:8]},
            f"{credential}deactivate/": {},
            f"{one}deactivate/": {},
            f"{one}activate/": {},
            "/profiles/staging/pulls/new/": {"image": "quay.io/team/app:1", "mode": "all"},
            "/profiles/staging/check/": {},
        }
        answers = ((url, self.web.post(url, form | {"operation_key": str(uuid4())})) for url, form in forms.items())
        return {f"POST {url}": answer.content.decode() for url, answer in answers}

    def _url(self, name: str, url: str) -> str:
        """The table's URL with the ids of what is here."""
        operations = Operation.objects.order_by("-pk")
        newest = {
            "operation_detail": ("/operations/1/", operations.exclude(verb="pull")),
            "pull_detail": ("/pulls/2/", operations.filter(verb="pull")),
            "audit_detail": ("/audit/1/", AuditEvent.objects.order_by("-pk")),
        }
        if name in newest:
            tail, rows = newest[name]
            url = url.replace(tail, f"/{tail.split('/')[1]}/{rows.values_list('pk', flat=True).first() or 0}/")
        return url.replace("/1sp1/", f"/{self.registry_id}/").replace("/1c9/", f"/{self.credential_id}/")


def _shown() -> Iterator[tuple[str, str]]:
    """The table's rows that an admin gets as a page, without those that show nothing of Rancher's."""
    for name, (url, statuses) in TABLE.items():
        is_page = name not in ONLY_FRAGMENTS and statuses[-1] != ONLY_BY_POST
        if is_page and not name.startswith(OF_PEOPLE) and not name.endswith("_export"):
            yield name, url


def furnish(profile: ConnectionProfile, rancher: Rancher, upstream: Client, web: Browser) -> Tour:
    """A registry with two credentials, a twin's address, operations, a pull on two hosts, events and alerts."""
    rancher.sandbox.state.hosts[5] = HOSTS
    registry_id = upstream.registries.create(server_address="quay.io", name="Quay", description="Robots").id
    made = [
        upstream.credentials.create(registry_id=registry_id, public_value=user, secret_value="s3cret").id
        for user in ("robot", "second")
    ]
    settled(upstream, registry_id, "active")
    for credential_id in made:
        rest(upstream, credential_id)
    CredentialStatus.objects.create(
        profile=profile,
        registry_id=registry_id,
        credential_id=made[0],
        server_address="quay.io",
        public_value="robot",
        reason="bad_credentials",
        notified_reason="bad_credentials",
    )
    Alert.objects.create(kind=Alert.Kind.TEST, title="A test")
    removed = upstream.registries.create(server_address="gone.example").id
    settled(upstream, removed, "active")
    upstream.registries.act(removed, "deactivate")
    settled(upstream, removed, "inactive")
    web.get(R)
    upstream.registries.remove(removed)
    tour = Tour(registry_id, made[0], web)
    tour.write()
    return tour
