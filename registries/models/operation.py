"""Every write is an operation: committed before the call to Rancher, settled after it."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from registries.models.profile import ConnectionProfile

CLOCK_SKEW = timedelta(minutes=1)  # between hosts of one installation
CLOCK_SET_BACK = timedelta(days=1)  # the age of what seems to begin in the future


class Operation(models.Model):
    """One write of one person: who, what, before and after, and how it ended.

    `state` is pending until the outcome is known. `accepted_at` says that Rancher took the call (201, 202) and is still
    in transition. *unknown* means that the change may have happened; it is settled by reading, never by sending again.
    """

    class Verb(models.TextChoices):
        CREATE = "create", "create"
        UPDATE = "update", "update"
        ACTIVATE = "activate", "activate"
        DEACTIVATE = "deactivate", "deactivate"
        REMOVE = "remove", "remove"
        PURGE = "purge", "purge"
        RESTORE = "restore", "restore"
        PULL = "pull", "pull"

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Unknown"

    OPEN = (State.PENDING, State.UNKNOWN)

    key = models.UUIDField(
        unique=True, default=uuid.uuid4
    )  # one-time, from the form: a form sent twice is one operation
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="operations")
    actor_name = models.CharField(max_length=150)
    profile = models.ForeignKey(ConnectionProfile, on_delete=models.SET_NULL, null=True, related_name="operations")
    profile_name = models.CharField(max_length=100)
    verb = models.CharField(max_length=16, choices=Verb.choices)
    target_type = models.CharField(max_length=32, default="registry")
    registry_id = models.CharField(max_length=32, blank=True)  # of a credential: its registry
    target_id = models.CharField(max_length=32, blank=True)  # empty until a create is answered
    target_name = models.TextField(blank=True)  # the server address
    reason = models.TextField(blank=True)  # that the actor gave
    input = models.JSONField(default=dict, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    step = models.CharField(max_length=32, blank=True)  # of a removal in two steps: the call that was last sent
    error_reason = models.CharField(max_length=32, blank=True)
    error_field = models.CharField(max_length=32, blank=True)  # Rancher's name of the field that it refused
    error_text = models.TextField(blank=True)
    warning = models.TextField(blank=True)  # it succeeded, but somebody should look (a twin)
    request_id = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    accepted_at = models.DateTimeField(null=True, blank=True)
    # the profile's write serial once the call's end was noted: only readings from that serial on can disprove it
    noted_serial = models.PositiveBigIntegerField(null=True, blank=True)
    stepped_at = models.DateTimeField(null=True, blank=True)  # when that call was sent
    touched_at = models.DateTimeField(default=timezone.now)  # the worker's last look at it
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["profile", "state"]),
            models.Index(fields=["profile", "target_id"]),
            models.Index(fields=["actor", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.target_name or self.target_id} in {self.profile_name}"

    def get_absolute_url(self) -> str:
        return reverse("operation_detail", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def age(self) -> timedelta:
        return self.age_at(timezone.now())

    def age_at(self, moment: datetime) -> timedelta:
        """How long before `moment` it began. A clock that was set back since then makes it old, not young."""
        age = moment - self.started_at
        return age if age > -CLOCK_SKEW else CLOCK_SET_BACK

    def settle(self, state: "Operation.State", **changes: Any) -> bool:
        """Ends the operation, or marks it unknown, unless somebody else has ended it. Whether this call did."""
        if state != self.State.UNKNOWN:
            changes["finished_at"] = timezone.now()
        changes["state"] = state
        done = Operation.objects.filter(pk=self.pk, state__in=self.OPEN).update(**changes)
        if done:
            for name, value in changes.items():
                setattr(self, name, value)
        else:
            self.refresh_from_db()
        return bool(done)
