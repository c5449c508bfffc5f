"""Helpers of the sandbox's tests: a clock that only tests turn, and calls by role."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from registries.sandbox import Answer, Sandbox, new_state

START = 1_795_442_900.0  # seconds since 1970, shortly before the recordings were made
TRANSITION_MS = 400
REGISTRIES = "/v1/projects/1a5/registries"
CREDENTIALS = "/v1/projects/1a5/registrycredentials"


class Desk:
    """A sandbox, its keys and its clock. `ask` sends one request; time passes only in `wait`."""

    def __init__(self, *, generation: str = "1.6", seed: str = "empty", purge_after_ms: int = 10**12) -> None:
        state = new_state(seed, generation=generation, now=START)
        self.sandbox = Sandbox(state, transition_ms=TRANSITION_MS, purge_after_ms=purge_after_ms)
        self.now = START

    def wait(self, seconds: float = TRANSITION_MS / 1000) -> None:
        self.now += seconds

    def headers(self, role: str | None) -> dict[str, str]:
        headers = {"Host": "rancher.test", "Accept": "application/json"}
        if role is not None:
            pair = ":".join(self.sandbox.keys[role])
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        return headers

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str | None = "env",
        extra: Mapping[str, str] | None = None,
    ) -> Answer:
        headers = self.headers(role) | {"Content-Type": "application/json"} | dict(extra or {})
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.sandbox.handle(method, path, headers, data, self.now)

    def create(self, address: str, *, wait: bool = True, **members: Any) -> str:
        """A registry's id, the registry at rest."""
        answer = self.ask("POST", REGISTRIES, {"serverAddress": address} | members)
        assert answer.status == 201, answer.body
        if wait:
            self.wait()
        return str(answer.json()["id"])

    def create_credential(self, registry: str, **members: Any) -> str:
        answer = self.ask("POST", CREDENTIALS, {"registryId": registry, "email": "a@example.com"} | members)
        assert answer.status == 201, answer.body
        self.wait()
        return str(answer.json()["id"])

    def act(self, public: str, action: str, *, path: str = REGISTRIES, role: str = "env") -> Answer:
        return self.ask("POST", f"{path}/{public}?action={action}", role=role)

    def remove(self, public: str, *, path: str = REGISTRIES) -> None:
        """Deactivates and removes an active resource; it rests in `removed` afterwards."""
        self.act(public, "deactivate", path=path)
        self.wait()
        assert self.ask("DELETE", f"{path}/{public}").status == 200
        self.wait()

    def state_of(self, public: str, *, path: str = REGISTRIES) -> str:
        return str(self.ask("GET", f"{path}/{public}").json()["state"])

    def names(self, query: str = "", *, role: str = "env") -> list[str | None]:
        rows = self.ask("GET", f"{REGISTRIES}?{query}", role=role).json()["data"]
        return [row["name"] for row in rows]
