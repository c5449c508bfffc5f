"""The domain's tables, one file each."""

from registries.models.alert import Alert
from registries.models.audit import AuditEvent, AuditHead
from registries.models.inventory import InventoryChange, InventoryItem
from registries.models.membership import Membership
from registries.models.operation import Operation
from registries.models.profile import ConnectionProfile
from registries.models.target import AllowedTarget
from registries.models.verification import CredentialStatus, Verification

__all__ = [
    "Alert",
    "AllowedTarget",
    "AuditEvent",
    "AuditHead",
    "ConnectionProfile",
    "CredentialStatus",
    "InventoryChange",
    "InventoryItem",
    "Membership",
    "Operation",
    "Verification",
]
