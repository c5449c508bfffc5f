"""Tables of the shell itself."""

from django.db import models
from django.utils import timezone


class Heartbeat(models.Model):
    """The last sign of life of a background process; deleted when the process ends as it should."""

    name = models.CharField(max_length=32)  # worker, beat
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "host", "pid"], name="heartbeat_once_a_process")]

    def __str__(self) -> str:
        return f"{self.name} {self.pid} on {self.host}"
