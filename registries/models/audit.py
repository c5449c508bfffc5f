"""The audit log: what happened, each row chained to the one before. Nothing in it is ever changed or deleted.

The database refuses updates and deletions (`audit_guard`), the chain shows what got past it (`registries.chain`), and
`AuditHead` shows what was cut off its end.
"""

import json
from typing import Any

from django.db import models
from django.urls import reverse


class AuditEvent(models.Model):
    """One thing that somebody did, tried, or was refused.

    Names stand as text and ids without foreign keys, so that removing a profile or a person changes no row. `id` counts
    without gaps. A change has two rows: *begun*, written in the transaction of its operation, and its outcome.
    `before` and `after` are JSON objects without secrets, "" where there is none.

    Every column but `mac` stands in `chain.FORMATS`. A column that is added later is null in older rows, and only there
    if it is text.
    """

    class Outcome(models.TextChoices):
        BEGUN = "begun", "Begun"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Unknown"
        REFUSED = "refused", "Refused"

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()  # never before the predecessor's
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150)
    role = models.CharField(max_length=16)  # that the actor had: the site's, or the profile's
    address = models.CharField(max_length=45)
    action = models.CharField(max_length=48)  # noun.verb
    profile_id = models.BigIntegerField(null=True)
    profile_name = models.CharField(max_length=100)
    target_type = models.CharField(max_length=32)
    target_id = models.CharField(max_length=64)
    target_name = models.TextField()
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    reason = models.TextField()  # given by the actor; of a refusal, by Corral
    before = models.TextField()
    after = models.TextField()
    request_id = models.CharField(max_length=64)
    operation_id = models.BigIntegerField(null=True)
    key_id = models.CharField(max_length=32)  # of the key that made `mac`
    previous = models.CharField(max_length=64)  # the predecessor's `mac`
    mac = models.CharField(max_length=64)
    # says which columns `mac` covers. Nullable, so that SQLite adds it without remaking the table, which would drop the
    # triggers; the database's default labels the rows from before there were versions
    format_version = models.SmallIntegerField(null=True, db_default=1)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["actor_id", "id"], name="audit_actor"),
            models.Index(fields=["profile_id", "id"], name="audit_profile"),
            models.Index(fields=["action", "id"], name="audit_action"),
            models.Index(fields=["outcome", "id"], name="audit_outcome"),
            models.Index(fields=["operation_id", "id"], name="audit_operation"),
            models.Index(fields=["target_id", "profile_id", "id"], name="audit_target"),
        ]

    def __str__(self) -> str:
        return f"{self.id}: {self.actor_name} {self.action} {self.target_name} ({self.outcome})"

    def get_absolute_url(self) -> str:
        return reverse("audit_detail", args=[self.pk])

    @property
    def before_values(self) -> dict[str, Any]:
        return dict(json.loads(self.before)) if self.before else {}

    @property
    def after_values(self) -> dict[str, Any]:
        return dict(json.loads(self.after)) if self.after else {}


class AuditHead(models.Model):
    """The chain's last row, one row of its own: locked by whoever appends, and proof of the chain's length.

    `seal` is an HMAC over the columns before it, so that nobody without the key can move the end. `installation_id` is
    that of the row that names the installation (`services.audit.installation`), kept apart to be compared with it.
    """

    event_id = models.BigIntegerField(default=0)
    at = models.DateTimeField(null=True)
    mac = models.CharField(max_length=64, blank=True)
    key_id = models.CharField(max_length=32, blank=True)
    seal = models.CharField(max_length=64, blank=True)
    installation_id = models.CharField(max_length=32, blank=True)  # "": a log from before this column, not yet named

    def __str__(self) -> str:
        return f"{self.event_id}:{self.mac}"
