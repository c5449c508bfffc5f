"""A client of container registries, for verifying credentials: the distribution spec's `/v2/`. Knows no Django."""

from registries.oci.endpoint import endpoint_of
from registries.oci.probe import probe
from registries.oci.reasons import Reason
from registries.oci.report import ProbeResult, Step, StepName

__all__ = ["ProbeResult", "Reason", "Step", "StepName", "endpoint_of", "probe"]
