"""Where a registry is asked, and which host beside its own may be asked for its tokens.

All of them speak the distribution spec's `/v2/` (https://github.com/opencontainers/distribution-spec/blob/main/spec.md)
and, but for ECR, its token scheme (https://distribution.github.io/distribution/spec/auth/token/).

| registry | asked at | login | its tokens come from | source |
|---|---|---|---|---|
| Docker Hub: docker.io, index.docker.io | registry-1.docker.io | Bearer | auth.docker.io | https://docs.docker.com/docker-hub/usage/pulls/ and https://docs.docker.com/reference/api/registry/auth/ |
| Quay: quay.io | itself | Bearer | itself | https://docs.quay.io/glossary/robot-accounts.html |
| GitHub: ghcr.io | itself | Bearer | itself | https://docs.github.com/en/packages/working-with-a-github-packages-registry/working-with-the-container-registry |
| GitLab: registry.gitlab.com | itself | Bearer | gitlab.com | https://docs.gitlab.com/user/packages/container_registry/authenticate_with_container_registry/ |
| GitLab of one's own | itself | Bearer | its GitLab: another host, so the admin's list has to name it | https://docs.gitlab.com/administration/packages/container_registry/ |
| Harbor | itself | Bearer | itself | https://goharbor.io/docs/latest/working-with-projects/working-with-images/pulling-pushing-images/ |
| Amazon ECR: *.dkr.ecr.*.amazonaws.com | itself | Basic, user AWS, a token of 12 hours | – | https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html |
| Google: gcr.io, *.gcr.io, *-docker.pkg.dev | itself | Bearer, user _json_key | itself | https://cloud.google.com/artifact-registry/docs/docker/authentication |
| Azure: *.azurecr.io | itself | Bearer | itself | https://azure.github.io/acr/Token-BasicAuth.html |

Docker's own name for the Hub, index.docker.io, and its short names (`nginx` is library/nginx) are in
https://github.com/distribution/reference/blob/main/normalize.go.
"""  # noqa: E501 - a table with addresses

import re
from dataclasses import dataclass

from registries.outbound.base_url import BaseURL, parse_base_url

DOCKER_HUB = "registry-1.docker.io"
HUB_NAMES = frozenset({"docker.io", "index.docker.io", DOCKER_HUB})
REALM_HOSTS = {DOCKER_HUB: frozenset({"auth.docker.io"}), "registry.gitlab.com": frozenset({"gitlab.com"})}
SCHEME = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True)
class Endpoint:
    """Where a registry is asked; `port` is None where the address names none."""

    host: str
    port: int | None = None

    @property
    def secure(self) -> BaseURL:
        return BaseURL("https", self.host, self.port or 443)

    @property
    def plain(self) -> BaseURL:
        return BaseURL("http", self.host, self.port or 80)

    @property
    def realm_hosts(self) -> frozenset[str]:
        """Further hosts that may be asked for tokens, at https's own port."""
        return REALM_HOSTS.get(self.host, frozenset())

    @property
    def is_docker_hub(self) -> bool:
        return self.host == DOCKER_HUB


def endpoint_of(server_address: str) -> Endpoint:
    """From a registry's address as Rancher holds it; a scheme or a path in it is left out.

    Raises BadAddress for what is no host, or has a user in front of it.
    """
    authority = re.split(r"[/?#]", SCHEME.sub("", server_address.strip(), count=1), maxsplit=1)[0]
    base = parse_base_url(f"https://{authority}")
    names_port = re.search(r":\d+$", authority) is not None
    if base.host in HUB_NAMES:
        return Endpoint(DOCKER_HUB, base.port if names_port and base.port != 443 else None)
    return Endpoint(base.host, base.port if names_port else None)
