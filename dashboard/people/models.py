"""People who sign in. Teams are Django's groups."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class SiteRole(models.TextChoices):
    """What somebody may do everywhere, whatever memberships say."""

    NONE = "", "none"
    ADMIN = "admin", "admin"
    AUDITOR = "auditor", "auditor"


class User(AbstractUser):
    """Somebody who signs in; `site_role` is the whole site's, a profile's roles are `registries.Membership`."""

    site_role = models.CharField(max_length=16, choices=SiteRole.choices, default=SiteRole.NONE, blank=True)

    class Meta(AbstractUser.Meta):
        pass
