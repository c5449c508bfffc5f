"""The registry providers that the create form knows, and what each needs to know; from their public documentation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Provider:
    """A tile: its address ("" where it differs by account), and what to write."""

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
        "docker-hub", "Docker Hub", "index.docker.io", "index.docker.io", "index.docker.io", "Docker Hub",
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
