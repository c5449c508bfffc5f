"""Pull tasks: Rancher asks hosts to pull an image and collects each host's result (rancher.md, "pullTask")."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from registries.rancher import decode
from registries.rancher.errors import NotFound
from registries.rancher.resources import ID, Endpoint
from registries.rancher.types import Id

Mode = Literal["all", "cached"]
HOST_LABEL: Final = "io.rancher.scheduler.affinity:host_label"  # plain labels select no host
DONE: Final = "Done"


class PullTask(msgspec.Struct, frozen=True, kw_only=True):
    """A pull task, `activating` until every host has answered.

    `status` maps a host's name to `Pulling`, `Done` or its error text. It is None where the project has no host, and
    leaves out hosts without a name.
    """

    id: Id
    state: str
    image: str | None = None
    mode: str | None = None
    status: dict[str, Any] | None = None

    @property
    def is_moving(self) -> bool:
        return self.state not in {"active", "error", "removed", "purged"}

    @property
    def hosts(self) -> dict[str, str]:
        return {name: str(text) for name, text in sorted((self.status or {}).items())}


TASK = msgspec.json.Decoder(PullTask)


class PullTaskResource:
    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def create(self, *, image: str, mode: Mode, host_labels: Mapping[str, str]) -> PullTask:
        """Creates a task: 201, `activating`. Rancher picks the credential. Raises UpstreamError."""
        chosen = ",".join(f"{name}={value}" for name, value in host_labels.items())
        fields = {"image": image, "mode": mode, "labels": {HOST_LABEL: chosen} if chosen else {}}
        answer = self.endpoint.write("POST", f"{self.endpoint.project_root}/pulltasks", fields=fields)
        return decode.decode(answer, TASK, wrote=True)

    def get(self, task_id: str) -> PullTask:
        """Reads a task. Raises NotFound, for an impossible id without a call."""
        if not ID.fullmatch(task_id):
            raise NotFound(404)
        return decode.decode(self.endpoint.get(f"{self.endpoint.project_root}/pulltasks/{task_id}"), TASK)
