"""The domain's tables, one file each."""

from registries.models.audit import AuditEvent, AuditHead
from registries.models.inventory import InventoryItem
from registries.models.membership import Membership
from registries.models.operation import Operation
from registries.models.profile import ConnectionProfile
from registries.models.target import AllowedTarget

__all__ = ["AllowedTarget", "AuditEvent", "AuditHead", "ConnectionProfile", "InventoryItem", "Membership", "Operation"]
