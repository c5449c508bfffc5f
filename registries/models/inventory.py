"""What was last seen of every profile's registries."""

from django.db import models

from registries.models.profile import ConnectionProfile


class InventoryItem(models.Model):
    """A registry as Rancher last showed it. Written by every live read; `profile.inventory_read_at` is its age.

    A row is rewritten only when the registry changed (`seen_at` tells when), so that reading an unchanged list costs
    one update. `gone_at` is set when a whole read no longer has it: it was removed, here or elsewhere.
    """

    profile = models.ForeignKey(ConnectionProfile, on_delete=models.CASCADE, related_name="inventory")
    rancher_id = models.CharField(max_length=32)
    server_address = models.TextField()
    name = models.TextField(blank=True)
    description = models.TextField(blank=True)
    state = models.CharField(max_length=32)
    document = models.JSONField()  # the whole registry without secrets, as `rancher.types.Registry` has it
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("profile", "rancher_id", name="inventory_once_a_registry")]
        indexes = [models.Index(fields=["profile", "gone_at"])]

    def __str__(self) -> str:
        return f"{self.server_address} ({self.rancher_id})"


class InventoryChange(models.Model):
    """A registry from a moment on, as far as Corral saw it: what `InventoryItem` became, or that it was gone.

    Appended where an item is written, so the last row up to a moment is what was known then.
    """

    profile = models.ForeignKey(ConnectionProfile, on_delete=models.CASCADE, related_name="inventory_changes")
    rancher_id = models.CharField(max_length=32)
    document = models.JSONField(null=True)  # as in `InventoryItem`; null: gone
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["profile", "at"], name="inventory_change_at")]

    def __str__(self) -> str:
        return f"{self.rancher_id} at {self.at}"
