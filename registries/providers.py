"""Providers of registries: their tiles in the create form, and what they call a user and a password.

Source: each provider's public documentation.
"""

from dataclasses import dataclass

from registries.images.registry_hosts import DOCKER_HUB, is_docker_hub


@dataclass(frozen=True)
class Provider:
    """A provider's tile. `address` is "" where it differs by account; `example` and `advice` help to write it."""

    slug: str
    name: str
    summary: str
    address: str
    example: str
    name_hint: str
    advice: str
    icon: str


PROVIDERS = (
    Provider(
        "docker-hub", "Docker Hub", DOCKER_HUB, DOCKER_HUB, DOCKER_HUB, "Docker Hub",
        "Images without a host, such as nginx or team/app, are looked up here. Use an access token as the password.",
        "hub",
    ),
    Provider(
        "quay", "Quay.io", "quay.io", "quay.io", "quay.io", "Quay.io",
        "Robot accounts are named account+robot and can be given single repositories.",
        "quay",
    ),
    Provider(
        "ecr", "Amazon ECR", "12-hour tokens", "", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "Amazon ECR",
        "One address for each account and region. The user is AWS, the password a token that lives twelve hours.",
        "cloud",
    ),
    Provider(
        "google", "Google", "gcr.io or pkg.dev", "", "europe-west1-docker.pkg.dev", "Google",
        "gcr.io, eu.gcr.io … or REGION-docker.pkg.dev, without the project. The user is _json_key, the password a key.",
        "google",
    ),
    Provider(
        "github", "GitHub", "ghcr.io", "ghcr.io", "ghcr.io", "GitHub packages",
        "The user is a GitHub account, the password a token with the right read:packages.",
        "github",
    ),
    Provider(
        "gitlab", "GitLab", "gitlab.com", "registry.gitlab.com", "registry.gitlab.com", "GitLab",
        "A GitLab of your own has its registry at a host or port of its own. Deploy tokens are made for pulling.",
        "gitlab",
    ),
    Provider(
        "azure", "Azure", "NAME.azurecr.io", "", "example.azurecr.io", "Azure",
        "One host for each registry. A service principal or a repository-scoped token is user and password.",
        "azure",
    ),
    Provider(
        "custom", "Custom", "any address", "", "registry.example.com:5000", "",
        "The host that image names begin with, and the port if they carry one.",
        "registry",
    ),
)  # fmt: skip

BY_SLUG = {provider.slug: provider for provider in PROVIDERS}


@dataclass(frozen=True)
class CredentialWords:
    """A provider's words for user and password of a pull credential. `user` is set where it is always the same."""

    user_label: str
    secret_label: str
    advice: str
    user: str = ""


PLAIN_WORDS = CredentialWords("User", "Password", "Rancher checks neither: test them before you save.")
# from each provider's public documentation on authenticating `docker login`
CREDENTIAL_WORDS = {
    "docker-hub": CredentialWords(
        "Docker Hub user or organisation",
        "Access token",
        "Make an access token with the permission “Read-only”; the account's own password fails where two-factor "
        "authentication is on.",
    ),
    "quay": CredentialWords(
        "Robot account",
        "Robot token",
        "A robot account is named account+robot. Its token is shown in Quay under Robot Accounts.",
    ),
    "ecr": CredentialWords(
        "User",
        "Authorisation token",
        "The user is always AWS. The token lives twelve hours (aws ecr get-login-password), so something has to renew "
        "it: Corral says when it ends.",
        user="AWS",
    ),
    "google": CredentialWords(
        "User",
        "Service account key",
        "The user is always _json_key. Paste the whole JSON file, line breaks included: it goes through as it is.",
        user="_json_key",
    ),
    "github": CredentialWords(
        "GitHub user",
        "Personal access token",
        "A classic token with the scope read:packages. A fine-grained one can't read packages.",
    ),
    "gitlab": CredentialWords(
        "User or deploy token's name",
        "Token",
        "A deploy token with the scope read_registry pulls and does nothing else.",
    ),
    "azure": CredentialWords(
        "Service principal's id or token's name",
        "Password",
        "A repository-scoped token or a service principal with the role AcrPull; the admin account can do everything.",
    ),
}


def provider_of(server_address: str) -> Provider:
    """The provider of a registry, recognised by its host; `custom` for any other."""
    host = server_address.lower().partition(":")[0]
    if is_docker_hub(host):
        return BY_SLUG["docker-hub"]
    if ".dkr.ecr." in host:
        return BY_SLUG["ecr"]
    if host == "gcr.io" or host.endswith((".gcr.io", "-docker.pkg.dev")):
        return BY_SLUG["google"]
    if host.endswith(".azurecr.io"):
        return BY_SLUG["azure"]
    return next((one for one in PROVIDERS if one.address and one.address == host), BY_SLUG["custom"])


def credential_words(server_address: str, *, chosen: str = "") -> CredentialWords:
    """The words for the form of a registry's credential: those of the address's provider, else of the chosen one."""
    slug = provider_of(server_address).slug
    return CREDENTIAL_WORDS.get(chosen if slug == "custom" else slug, PLAIN_WORDS)
