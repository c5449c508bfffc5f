"""People who sign in, invitations, and counts of tries to sign in. Teams are Django's groups."""

from datetime import timedelta

from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac


class SiteRole(models.TextChoices):
    """Role in the whole site; takes precedence over memberships."""

    NONE = "", "none"
    ADMIN = "admin", "admin"
    AUDITOR = "auditor", "auditor"


class User(AbstractUser):
    """Person who signs in; `site_role` holds for the whole site, roles in a profile are `registries.Membership`."""

    site_role = models.CharField(max_length=16, choices=SiteRole.choices, default=SiteRole.NONE, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    session_version = models.PositiveIntegerField(default=0, editable=False)  # a higher one ends the sessions so far

    class Meta(AbstractUser.Meta):
        pass

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Hash of password and `session_version` that every session carries; Django compares it at each request."""
        of_password: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]  # not in Django's stubs
        if not self.session_version:
            return of_password
        value = f"{of_password}|{self.session_version}"
        return salted_hmac("corral.session", value, secret=secret, algorithm="sha256").hexdigest()

    @property
    def seen_ago(self) -> timedelta | None:
        """Time since their last request; None without one."""
        return timezone.now() - self.last_seen_at if self.last_seen_at else None


class Invitation(models.Model):
    """Link that creates one person, once. Only the token's hash is stored, so a copy of the database opens no link."""

    username = models.CharField(max_length=150)
    email = models.EmailField(blank=True)
    site_role = models.CharField(max_length=16, choices=SiteRole.choices, default=SiteRole.NONE, blank=True)
    teams = models.ManyToManyField(Group, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)  # SHA-256, hexadecimal
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                Lower("username"), condition=Q(used_at=None, revoked_at=None), name="one_open_invitation_a_username"
            )
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def has_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    @property
    def expires_in(self) -> timedelta:
        return self.expires_at - timezone.now()


class RateLimitSlot(models.Model):
    """One try that counts towards a rate limit until it expires; see `dashboard.rate_limits`."""

    name = models.CharField(max_length=32)  # of the limit
    key_hash = models.CharField(max_length=64)  # SHA-256 of what is limited, hexadecimal
    number = models.PositiveSmallIntegerField()  # of the slot, from 0
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "key_hash", "number"], name="one_row_a_slot")]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class FailedSignIns(models.Model):
    """Failed sign-ins from one address in one minute, until the beat writes them to the audit log as one row."""

    address = models.CharField(max_length=45)
    minute = models.DateTimeField()
    reasons = models.JSONField(default=dict)  # reason: how often
    names = models.JSONField(default=list)  # that were typed, the first few

    class Meta:
        constraints = [models.UniqueConstraint(fields=["minute", "address"], name="one_row_a_minute_and_address")]

    def __str__(self) -> str:
        return f"{self.address} {self.minute}"
