"""Stand-in for a Rancher 1.x server, for the demo and the tests; it answers as the recordings of real servers do.

`Sandbox` is the pure part; `server.serve` mounts it on loopback and `adapter.SandboxAdapter` under `requests`.
Imports neither Django nor anything of the product, and is no part of the production image.
"""

from registries.sandbox.answers import Answer
from registries.sandbox.sandbox import Sandbox
from registries.sandbox.seed import new_state

__all__ = ["Answer", "Sandbox", "new_state"]
