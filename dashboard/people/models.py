"""People who sign in, and invitations to become one. Teams are Django's groups."""

from datetime import timedelta

from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone


class SiteRole(models.TextChoices):
    """What somebody may do everywhere, whatever memberships say."""

    NONE = "", "none"
    ADMIN = "admin", "admin"
    AUDITOR = "auditor", "auditor"


class User(AbstractUser):
    """Somebody who signs in; `site_role` is the whole site's, a profile's roles are `registries.Membership`."""

    site_role = models.CharField(max_length=16, choices=SiteRole.choices, default=SiteRole.NONE, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractUser.Meta):
        pass

    @property
    def seen_ago(self) -> timedelta | None:
        """How long ago the last request of theirs was; None when there was none."""
        return timezone.now() - self.last_seen_at if self.last_seen_at else None


class Invitation(models.Model):
    """A link that makes one person, once. Only the hash of its token is kept, so the database opens nothing."""

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
