"""Hosts of registries: Docker Hub's names, and hosts that differ by nothing but a default port. Pure and total.

Docker treats the first three names of Docker Hub as one registry
(https://github.com/distribution/reference/blob/main/normalize.go). Rancher compares letters, so to Rancher each of them
is a registry of its own (rancher.md, "Which credential is used for an image").
"""

from typing import Final

DOCKER_HUB: Final = "index.docker.io"  # Rancher looks up images without a host here, and nowhere else
DOCKER_HUB_API: Final = "registry-1.docker.io"  # answers `/v2/`
DOCKER_HUB_TOKENS: Final = "auth.docker.io"  # issues the tokens for it
DOCKER_HUB_LIBRARY: Final = "library"  # `nginx` is the repository library/nginx there

DOCKER_HUB_REGISTRY: Final = frozenset({DOCKER_HUB, DOCKER_HUB_API, "docker.io"})
DOCKER_HUB_WEBSITES: Final = frozenset({"docker.com", "hub.docker.com", "registry.hub.docker.com", "www.docker.com"})

DEFAULT_PORTS: Final = ("443", "80")


def is_docker_hub(host: str) -> bool:
    """Whether Docker takes the host, given without a port, for Docker Hub's registry; letters' case aside."""
    return host.lower() in DOCKER_HUB_REGISTRY


def is_meant_as_docker_hub(host: str) -> bool:
    """Whether people who write the host mean Docker Hub: its registry or one of its websites; letters' case aside."""
    return is_docker_hub(host) or host.lower() in DOCKER_HUB_WEBSITES


def split_port(host: str) -> tuple[str, str]:
    """The host without its port, and the port; "" where it has none."""
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and port.isdigit() else (host, "")


def without_default_port(host: str) -> str:
    name, port = split_port(host)
    return name if port in DEFAULT_PORTS else host


def is_same_place(one: str, other: str) -> bool:
    """Whether two hosts lead to one registry: the same but for case and a default port, or both Docker Hub's."""
    first, second = (without_default_port(host).lower() for host in (one, other))
    return first == second or (is_meant_as_docker_hub(first) and is_meant_as_docker_hub(second))
