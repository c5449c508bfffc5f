"""A real client library for Rancher, from PyPI, against the sandbox."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cattle
import pytest

from registries.sandbox.server import SandboxServer


@pytest.fixture(params=["v1", "v2-beta"])
def client(
    request: pytest.FixtureRequest, server: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    monkeypatch.setenv("HOME", str(tmp_path))  # where the library would keep schemas
    access, secret = server.sandbox.keys["env"]
    url = f"{server.base_url}/{request.param}/projects/1a5/schemas"
    client = cattle.Client(url=url, access_key=access, secret_key=secret, cache=False)
    yield client
    client._session.close()


def test_life_of_a_registry(client: Any) -> None:
    registry = client.wait_success(client.create_registry(serverAddress="quay.io", name="Quay"), timeout=10)
    assert (registry.state, registry.serverAddress) == ("active", "quay.io")
    registry = client.update(registry, name="Quay.io", description="public")
    assert (registry.name, registry.description) == ("Quay.io", "public")
    registry = client.wait_success(registry.deactivate(), timeout=10)
    assert registry.state == "inactive"
    registry = client.wait_success(registry.activate(), timeout=10)
    assert registry.state == "active"
    registry = client.wait_success(registry.deactivate(), timeout=10)
    registry = client.wait_success(client.delete(registry), timeout=10)
    assert registry.state == "removed"
    assert list(client.list_registry()) == []
    registry = client.wait_success(registry.purge(), timeout=10)
    assert registry.state == "purged"


def test_life_of_a_credential(client: Any) -> None:
    registry = client.wait_success(client.create_registry(serverAddress="quay.io"), timeout=10)
    members = {"registryId": registry.id, "publicValue": "robot", "secretValue": "s3cret", "email": "a@example.com"}
    credential = client.create_registry_credential(**members)
    assert credential.secretValue == "s3cret"
    credential = client.wait_success(credential, timeout=10)
    assert (credential.state, credential.secretValue) == ("active", None)
    assert client.update(credential, publicValue="robot-2").publicValue == "robot-2"
    listed = client.list_registry_credential(registryId=registry.id)
    assert [one.publicValue for one in listed] == ["robot-2"]
    credential = client.wait_success(credential.deactivate(), timeout=10)
    credential = client.wait_success(client.delete(credential), timeout=10)
    credential = client.wait_success(credential.purge(), timeout=10)
    assert credential.state == "purged"


def test_refusals_reach_the_caller(client: Any) -> None:
    client.create_registry(serverAddress="quay.io")
    with pytest.raises(cattle.ApiError) as refused:
        client.create_registry(serverAddress="QUAY.io")
    assert (refused.value.error.status, refused.value.error.code) == (400, "ServerAddressUsed")
    assert client.by_id_registry("1sp99") is None
