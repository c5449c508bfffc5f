"""What Corral has to tell by itself: a credential stopped working, works again, or is about to."""

from django.db import models
from django.utils import timezone

from registries.models.profile import ConnectionProfile


class Alert(models.Model):
    """Told once, in Corral and to the webhook. `delivered_at` stays empty where no webhook is set."""

    class Kind(models.TextChoices):
        FAILING = "credential.failing", "Stopped working"
        RECOVERED = "credential.recovered", "Works again"
        EXPIRING = "credential.expiring", "About to expire"
        TEST = "webhook.test", "Test"

    kind = models.CharField(max_length=32, choices=Kind.choices)
    profile = models.ForeignKey(ConnectionProfile, on_delete=models.CASCADE, null=True, related_name="alerts")
    registry_id = models.CharField(max_length=32, blank=True)
    credential_id = models.CharField(max_length=32, blank=True)
    title = models.TextField()
    detail = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)  # null: nothing to deliver, delivered, or given up
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_problem = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["next_try_at"], name="alert_due")]

    def __str__(self) -> str:
        return self.title
