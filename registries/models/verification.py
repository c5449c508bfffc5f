"""What Corral knows of a credential beyond Rancher, which never checks one."""

import uuid
from datetime import timedelta
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils import timezone

from registries.fields import SecretField
from registries.models.profile import ConnectionProfile

SEALED_FOR = uuid.UUID("0d0c2b52-8a44-4c0c-9a53-6e0f6f4b0d4e")


class Verification(models.Model):
    """One check of a user and a password against the registry they are for, and what it found. Never the password.

    `reason` is one of `registries.oci.reasons.Reason`; `steps` are the layers that were passed, each a map of `name`,
    `milliseconds`, `state`, `cause` and `remedy`. `credential_id` is empty for what was tested before it was saved.
    """

    class Source(models.TextChoices):
        FORM = "form", "Before saving"
        PERSON = "person", "By hand"
        SCHEDULE = "schedule", "On schedule"

    profile = models.ForeignKey(ConnectionProfile, on_delete=models.CASCADE, related_name="verifications")
    registry_id = models.CharField(max_length=32, blank=True)
    credential_id = models.CharField(max_length=32, blank=True)
    server_address = models.TextField()
    public_value = models.TextField(blank=True)
    source = models.CharField(max_length=16, choices=Source.choices)
    actor = models.CharField(max_length=150, blank=True)  # the name of who asked; empty for the schedule
    image = models.TextField(blank=True)
    reason = models.CharField(max_length=32)
    milliseconds = models.PositiveIntegerField(default=0)
    steps: Any = models.JSONField(default=list)
    facts: Any = models.JSONField(default=dict)  # certificate, digest and platforms of the image, as far as found
    retry_at = models.DateTimeField(null=True)  # rate-limited until then
    checked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["profile", "credential_id", "-id"], name="verification_of_credential")]

    def __str__(self) -> str:
        return f"{self.public_value} at {self.server_address}: {self.reason}"

    @property
    def ok(self) -> bool:
        return self.reason == "ok"


class CredentialStatus(models.Model):
    """A credential's last verification and, if its team wants that, an encrypted copy that is verified on schedule.

    The copy is bound to the registry's address: `uuid` follows from it, and the secret opens under no other.
    """

    profile = models.ForeignKey(ConnectionProfile, on_delete=models.CASCADE, related_name="credential_statuses")
    registry_id = models.CharField(max_length=32)
    credential_id = models.CharField(max_length=32)
    server_address = models.TextField()
    public_value = models.TextField(blank=True)
    secret = SecretField(blank=True)
    secret_saved_at = models.DateTimeField(null=True, blank=True)  # when Corral last wrote it to Rancher
    reason = models.CharField(max_length=32, blank=True)  # of the last verification; "" before the first
    checked_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    refusals = models.PositiveSmallIntegerField(default=0)  # in a row, of this secret
    next_check_at = models.DateTimeField(null=True, blank=True)  # null: not on schedule, or stopped
    certificate_expires_at = models.DateTimeField(null=True, blank=True)
    notified_reason = models.CharField(max_length=32, blank=True)  # the reason last notified of; "" after recovery

    SEALED_AS = "watchedcredential"  # the model's first name
    TOKEN_LIVES = timedelta(hours=12)  # of Amazon ECR (GetAuthorizationToken in its API reference)

    class Meta:
        constraints = [models.UniqueConstraint("profile", "credential_id", name="credential_status_once")]
        indexes = [models.Index(fields=["next_check_at"], name="credential_status_due")]

    def __str__(self) -> str:
        return f"{self.public_value} at {self.server_address}"

    def get_absolute_url(self) -> str:
        return reverse("credential_verify", args=[self.profile.slug, self.registry_id, self.credential_id])

    @property
    def uuid(self) -> uuid.UUID:
        """What the secret is sealed for: this credential of this profile at this address."""
        return uuid.uuid5(SEALED_FOR, f"{self.profile_id}|{self.credential_id}|{self.server_address.lower()}")

    @property
    def token_expires_at(self) -> Any:
        """When the token that is the password dies, where the provider's do; None elsewhere."""
        is_ecr = ".dkr.ecr." in self.server_address and self.public_value == "AWS"
        return self.secret_saved_at + self.TOKEN_LIVES if is_ecr and self.secret_saved_at else None
