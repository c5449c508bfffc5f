"""Old paths of background tasks, for what was queued before an upgrade. Delete this module in version 0.2.0.

django-tasks-db stores a task under its dotted path, and its worker imports that path. Tasks stood in this module before
each moved beside the function that it runs. New tasks don't belong here.
"""

from registries.services.notifications.delivery import deliver_alerts
from registries.services.operations.removal import continue_removal
from registries.services.verification.schedule import verify_credentials

deliver_announcements = deliver_alerts

__all__ = ["continue_removal", "deliver_alerts", "deliver_announcements", "verify_credentials"]
