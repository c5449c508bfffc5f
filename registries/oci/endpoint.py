"""The endpoint of a registry's API by its address, and the hosts that issue tokens for a provider's registry.

All registries speak the distribution spec's `/v2/` (https://github.com/opencontainers/distribution-spec/blob/main/spec.md)
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

Docker Hub's names are in `registries.images.registry_hosts`.
"""  # noqa: E501 - a table with addresses

import re
from dataclasses import dataclass

from registries.images.registry_hosts import DOCKER_HUB_API, DOCKER_HUB_TOKENS, is_docker_hub
from registries.outbound.base_url import BaseURL, parse_base_url

# Where a provider's tokens come from, if not from the registry's own host
TOKEN_HOSTS = {
    DOCKER_HUB_API: frozenset({DOCKER_HUB_TOKENS}),
    "registry.gitlab.com": frozenset({"gitlab.com"}),
    "registry.digitalocean.com": frozenset({"api.digitalocean.com"}),
}
# Alibaba Cloud has a registry and a token host for each region
ALIBABA = re.compile(r"registry(?:-vpc)?\.([a-z0-9-]+)\.aliyuncs\.com")
SCHEME = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True)
class Endpoint:
    """A registry's API: host, and port; None where the address names none."""

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
        """Hosts beside the registry's own that may be asked for tokens, at port 443."""
        if found := ALIBABA.fullmatch(self.host):
            return frozenset({f"dockerauth.{found[1]}.aliyuncs.com"})
        return TOKEN_HOSTS.get(self.host, frozenset())

    @property
    def is_docker_hub(self) -> bool:
        return self.host == DOCKER_HUB_API


def endpoint_of(server_address: str) -> Endpoint:
    """The endpoint for a registry's address as Rancher holds it, without the scheme or path that it may have.

    Raises BadAddress for a text without a valid host, and for one with a user before the host.
    """
    authority = re.split(r"[/?#]", SCHEME.sub("", server_address.strip(), count=1), maxsplit=1)[0]
    base = parse_base_url(f"https://{authority}")
    names_port = re.search(r":\d+$", authority) is not None
    if is_docker_hub(base.host):
        return Endpoint(DOCKER_HUB_API, base.port if names_port and base.port != 443 else None)
    return Endpoint(base.host, base.port if names_port else None)
