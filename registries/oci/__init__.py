"""A client of container registries, for verifying credentials: the distribution spec's `/v2/`. Knows no Django."""

from registries.oci.ladder import Found, Step, StepName
from registries.oci.probing import probe
from registries.oci.providers import endpoint_of
from registries.oci.reasons import Reason

__all__ = ["Found", "Reason", "Step", "StepName", "endpoint_of", "probe"]
