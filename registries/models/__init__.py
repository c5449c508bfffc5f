"""The domain's tables, one file each."""

from registries.models.announcement import Announcement
from registries.models.audit import AuditEvent, AuditHead
from registries.models.inventory import InventoryChange, InventoryItem
from registries.models.membership import Membership
from registries.models.operation import Operation
from registries.models.profile import ConnectionProfile
from registries.models.target import AllowedTarget
from registries.models.verification import Verification, WatchedCredential

__all__ = [
    "AllowedTarget",
    "Announcement",
    "AuditEvent",
    "AuditHead",
    "ConnectionProfile",
    "InventoryChange",
    "InventoryItem",
    "Membership",
    "Operation",
    "Verification",
    "WatchedCredential",
]
