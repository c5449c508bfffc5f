"""A connection profile: one Rancher project and the API key that opens it."""

import uuid
from urllib.parse import urlsplit

from django.db import models
from django.urls import reverse

from registries.fields import SecretField
from registries.outbound.base_url import parse_base_url
from registries.outbound.errors import BadAddress


class ConnectionProfile(models.Model):
    """Where a project lives, the key for it, and what was last heard from it."""

    class ApiVersion(models.TextChoices):
        V1 = "v1", "v1"
        V2_BETA = "v2-beta", "v2-beta"

    class Protection(models.TextChoices):
        OPEN = "open", "Open"
        PROTECTED = "protected", "Protected"

    class Rights(models.TextChoices):
        UNKNOWN = "", "Not known"
        FULL = "full", "Full"
        READ_ONLY = "read-only", "Read only"

    class LabelColour(models.TextChoices):
        GREY = "grey", "Grey"
        ROSE = "rose", "Rose"
        AMBER = "amber", "Amber"
        GREEN = "green", "Green"
        TEAL = "teal", "Teal"
        BLUE = "blue", "Blue"
        VIOLET = "violet", "Violet"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # before the secrets: they are bound to it
    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=64, unique=True)
    description = models.TextField(max_length=1024, blank=True)
    tags = models.JSONField(default=list, blank=True)
    label_colour = models.CharField(max_length=8, choices=LabelColour.choices, default=LabelColour.GREY)
    protection = models.CharField(max_length=16, choices=Protection.choices, default=Protection.OPEN)

    base_url = models.CharField(max_length=512)
    api_version = models.CharField(max_length=8, choices=ApiVersion.choices, default=ApiVersion.V1)
    project_id = models.CharField(max_length=32, blank=True)
    project_name = models.CharField(max_length=255, blank=True)
    access_key = SecretField(blank=True)
    secret_key = SecretField(blank=True)
    ca_certificate = models.TextField(blank=True)

    keeps_copies = models.BooleanField(default=False)  # its maintainers let Corral keep credentials to test them again

    # the last whole check of the connection (`rancher.connection_check`)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_steps = models.JSONField(default=list, blank=True)
    check_passed = models.BooleanField(null=True, blank=True)
    key_kind = models.CharField(max_length=16, blank=True)
    rights = models.CharField(max_length=16, choices=Rights.choices, default=Rights.UNKNOWN, blank=True)
    server_version = models.CharField(max_length=64, blank=True)

    # the last contact, by whatever call
    contact_at = models.DateTimeField(null=True, blank=True)  # Rancher last answered as it should
    contact_ms = models.PositiveIntegerField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)  # null: the last call was answered
    failure_reason = models.CharField(max_length=32, blank=True)  # `UpstreamError.reason`
    failure_text = models.CharField(max_length=300, blank=True)  # its sentence

    inventory_read_at = models.DateTimeField(null=True, blank=True)  # when the whole list was last read
    inventory_fingerprint = models.CharField(max_length=64, blank=True)  # of that list: the same again is not rewritten
    write_serial = models.PositiveIntegerField(default=0)  # counts writes: a copy read before one is thrown away

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("profile_detail", args=[self.slug])

    @property
    def code(self) -> str:
        """Two letters for the badge: the last word's when it is that short ("Production EU"), else the first two."""
        words = self.name.split()
        if len(words) > 1 and len(words[-1]) == 2:
            return words[-1].upper()
        return (words[0][0] + words[1][0] if len(words) > 1 else self.name[:2]).upper()

    @property
    def host(self) -> str:
        """Host and port of Rancher, as people name it."""
        return urlsplit(self.base_url).netloc

    @property
    def origin(self) -> str:
        """Scheme, host and port of Rancher; "" if the stored address is invalid."""
        try:
            return parse_base_url(self.base_url).origin
        except BadAddress:
            return ""

    @property
    def sealed_for(self) -> str:
        """The keys open for this origin alone, so that an address written into the database receives none."""
        return self.origin or self.base_url

    @property
    def is_protected(self) -> bool:
        return self.protection == self.Protection.PROTECTED

    @property
    def is_read_only(self) -> bool:
        return self.rights == self.Rights.READ_ONLY

    @property
    def has_keys(self) -> bool:
        return bool(self.access_key) and bool(self.secret_key)
