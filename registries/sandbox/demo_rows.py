"""The demo's registries: made up, but such as companies have them. No secret is written here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoCredential:
    user: str
    name: str | None = None
    description: str | None = None
    email: str = "registry@example.com"
    active: bool = True
    days_later: int = 0


@dataclass(frozen=True, slots=True)
class DemoRegistry:
    name: str
    address: str
    age_days: int
    description: str | None = None
    credentials: tuple[DemoCredential, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True)
class DemoProject:
    number: int
    name: str
    registries: tuple[DemoRegistry, ...]


C, R = DemoCredential, DemoRegistry

_PRODUCTION = (
    R("Docker Hub", "index.docker.io", 720, "Public images, one paid seat", (C("acme-ci", "CI pull"),)),
    R("Quay.io", "quay.io", 700, "Red Hat and CoreOS images", (C("acme+rancher", "robot"),)),
    R(
        "ECR eu-central-1",
        "412907733221.dkr.ecr.eu-central-1.amazonaws.com",
        655,
        "Release images, Frankfurt; the token is renewed every 6 hours",
        (C("AWS", "token"),),
    ),
    R("ECR eu-west-1", "412907733221.dkr.ecr.eu-west-1.amazonaws.com", 655, "Mirror, Dublin", (C("AWS", "token"),)),
    R("GitHub packages", "ghcr.io", 410, "Shared libraries' images", (C("acme-bot", "packages:read"),)),
    R("Google Artifact Registry", "europe-west3-docker.pkg.dev", 238, None, (C("_json_key", "pull only"),)),
    R("Google Container Registry", "gcr.io", 705, "Old; moving to Artifact Registry", (C("_json_key"),), False),
    R("Azure, payments", "acmepayments.azurecr.io", 388, "Payments team", (C("rancher-pull", "token"),)),
    R("Azure, analytics", "acmeanalytics.azurecr.io", 201, None, (C("rancher-pull"),)),
    R("GitLab", "registry.gitlab.com", 502, "Deploy token of group acme/platform", (C("gitlab+deploy-token-81"),)),
    R(
        "Harbor",
        "harbor.example.com:8443",
        610,
        "House registry, Frankfurt",
        (C("robot$rancher", "robot"), C("robot$rancher-2", "robot, next", "for the rotation", days_later=560)),
    ),
    R("Harbor, disaster recovery", "harbor-dr.example.com:8443", 322, "Amsterdam", (C("robot$rancher"),), False),
    R("Artifactory releases", "artifactory.example.com:6555", 688, "Signed releases", (C("svc-rancher", "reader"),)),
    R("Artifactory mirror", "artifactory.example.com:6556", 688, "Mirror of Docker Hub", (C("svc-rancher", "reader"),)),
    R("Elastic", "docker.elastic.co", 290, "Elasticsearch, Kibana, Beats", (C("acme", "licence 2024"),)),
    R("NVIDIA NGC", "nvcr.io", 97, "CUDA base images", (C("$oauthtoken", "NGC API key"),)),
    R("Microsoft", "mcr.microsoft.com", 175),
    R("Registry of the Zürich office", "registry.zrh.example.com:5000", 590, "Büro Zürich", (C("zrh-pull"),)),
    R("Old house registry", "https://registry.example.com", 726, "Came with Rancher 1.1", (C("deploy"),)),
    R("Security scanner", "scanner.example.com", 33, None, (C("scan", "inactive until audited", active=False),)),
    R("Red Hat", "registry.redhat.io", 142, "Subscription 7712", (C("7712|acme-rancher", "service account"),)),
)

_STAGING = (
    R("Docker Hub", "index.docker.io", 640, "Same seat as production", (C("acme-ci", "CI pull"),)),
    R("Quay.io", "quay.io", 640, None, (C("acme+rancher_staging", "robot"),)),
    R("ECR staging", "730335488112.dkr.ecr.eu-central-1.amazonaws.com", 600, "Nightly builds", (C("AWS", "token"),)),
    R("GitHub packages", "ghcr.io", 360, None, (C("acme-bot-staging"),)),
    R("Azure, payments", "acmepaymentstest.azurecr.io", 300, "Test tenant", (C("rancher-pull"),)),
    R("GitLab", "registry.gitlab.com", 480, "Deploy token of group acme/platform", (C("gitlab+deploy-token-82"),)),
    R("Harbor", "harbor.staging.example.com:8443", 520, "House registry", (C("robot$staging"), C("ci", "push"))),
    R("Artifactory snapshots", "artifactory.example.com:6557", 455, "Kept for 14 days", (C("svc-rancher-staging"),)),
    R("Nexus", "nexus.staging.example.com:18443", 210, "On trial", (C("trial"),), False),
    R("Elastic", "docker.elastic.co", 250, None, (C("acme"),)),
    R("Load test images", "loadtest.example.com:5000", 61, "k6 and friends", (C("k6"), C("k6-old", active=False))),
    R("Partner drop", "drop.partner.example.net", 18, "Images from the integrator", (C("acme-in", "read"),)),
    R("Microsoft", "mcr.microsoft.com", 120),
)

_SANDBOX = (
    R("Docker Hub", "index.docker.io", 430, None, (C("acme-play"),)),
    R("GitHub packages", "ghcr.io", 280, "Everybody's experiments", (C("acme-play", "packages:read"),)),
    R("Local mirror", "mirror.example.com:5000", 190, None, (C("mirror"),)),
    R("Google Artifact Registry", "europe-docker.pkg.dev", 88, "Proof of concept", (C("_json_key"),)),
    R("Oracle", "fra.ocir.io", 45, None, (C("acme/rancher"),), False),
    R("Intern's Harbor", "harbor.lab.example.com", 12, "Delete after the summer", (C("admin", "to be replaced"),)),
    R("NVIDIA NGC", "nvcr.io", 3, None, (C("$oauthtoken"),)),
)

_OLD_OFFICE = (
    R("Docker Hub", "index.docker.io", 720, None, (C("acme-office"),)),
    R("Office registry", "registry.office.example.com:5000", 715, "In the cellar", (C("deploy"),)),
    R("Quay.io", "quay.io", 590, None, (C("acme+office"),), False),
    R("GitLab of the office", "gitlab.office.example.com:4567", 530, "Moved to gitlab.com", (C("ci", "pull"),)),
)

DEMO = (DemoProject(5, "Production EU", _PRODUCTION), DemoProject(7, "Staging", _STAGING))
DEMO2 = (DemoProject(5, "Sandbox", _SANDBOX), DemoProject(7, "Old office", _OLD_OFFICE))
