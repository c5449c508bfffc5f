"""Image step, the optional last one: whether a named image exists and may be pulled, its digest and platforms."""

import hashlib
import re
from dataclasses import dataclass

import msgspec

from registries.images.reference import DIGEST, parse_image_name
from registries.images.registry_hosts import DOCKER_HUB_LIBRARY
from registries.oci.endpoint import Endpoint, endpoint_of
from registries.oci.login import REFUSED, Session
from registries.oci.reasons import Reason
from registries.oci.report import Report, StepFailed, StepName
from registries.outbound.answer import Answer
from registries.outbound.errors import BadAddress

PLATFORM_WORD = re.compile(r"[a-z0-9._-]{1,32}")
MOST_PLATFORMS = 50

ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)


@dataclass(frozen=True)
class ManifestRequest:
    """The manifest to ask for: a repository of the registry, and the tag or digest in it."""

    repository: str
    reference: str

    @property
    def path(self) -> str:
        return f"/v2/{self.repository}/manifests/{self.reference}"

    @property
    def scope(self) -> str:
        return f"repository:{self.repository}:pull"

    def is_answered_by(self, body: bytes) -> bool:
        """Whether the body is what the digest names; a tag may name anything."""
        algorithm, _, digest = self.reference.partition(":")
        return not digest or hashlib.new(algorithm, body).hexdigest() == digest


class _Platform(msgspec.Struct):
    os: str = ""
    architecture: str = ""
    variant: str = ""


class _Descriptor(msgspec.Struct):
    digest: str = ""
    platform: _Platform | None = None


class _Manifest(msgspec.Struct):
    """Both kinds of manifest: an index has `manifests`, the manifest of one image has a `config`."""

    manifests: list[_Descriptor] = []
    config: _Descriptor | None = None


MANIFEST = msgspec.json.Decoder(_Manifest)
CONFIG = msgspec.json.Decoder(_Platform)


def check_image(report: Report, session: Session, typed: str, endpoint: Endpoint) -> None:
    """Runs the image step. Raises StopSteps."""
    with report.step(StepName.IMAGE) as note:
        request = locate_image(typed, endpoint)
        answer = _fetch_manifest(session, request)
        if not request.is_answered_by(answer.body):
            raise StepFailed(Reason.NOT_A_REGISTRY, "What it sends is not what the digest stands for.")
        report.platforms = _platforms(session, request, _decode(answer))
        report.digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        note.cause = "It exists and may be pulled."


def locate_image(typed: str, endpoint: Endpoint) -> ManifestRequest:
    """The manifest request for an image's name. Raises StepFailed for no valid name, or one of another registry."""
    name = parse_image_name(typed.strip())
    if name.oddities:
        remedy = "Write it as team/app:1.0, in small letters."
        raise StepFailed(Reason.IMAGE_NOT_FOUND, name.oddities[0], remedy)
    if name.host is not None and not _is_same(name.host, endpoint):
        raise StepFailed(Reason.IMAGE_NOT_FOUND, "That is the name of an image in another registry.")
    is_short = endpoint.is_docker_hub and "/" not in name.path
    repository = f"{DOCKER_HUB_LIBRARY}/{name.path}" if is_short else name.path
    return ManifestRequest(repository, name.digest or name.tag or "latest")


def _is_same(host: str, endpoint: Endpoint) -> bool:
    try:
        return endpoint_of(host) == endpoint
    except BadAddress:
        return False


def _fetch_manifest(session: Session, request: ManifestRequest) -> Answer:
    """The registry's answer 200. Raises StepFailed."""
    is_proven = session.challenge is not None
    try:
        answer = session.get(request.path, scope=request.scope, accept=ACCEPT)
        if answer.status == 401 and not is_proven:  # an open registry with some protected repositories
            session.accept_challenge(answer)
            answer = session.get(request.path, scope=request.scope, accept=ACCEPT)
    except StepFailed as failure:
        if failure.reason == Reason.BAD_CREDENTIALS and is_proven:
            raise StepFailed(Reason.NO_PULL_RIGHT) from None  # the login was accepted, so the scope was refused
        raise
    if answer.status in REFUSED:
        raise StepFailed(Reason.NO_PULL_RIGHT if is_proven or answer.status == 403 else Reason.BAD_CREDENTIALS)
    if answer.status == 404:
        raise StepFailed(Reason.IMAGE_NOT_FOUND)
    if answer.status != 200:
        raise StepFailed(Reason.NOT_A_REGISTRY, f"For the image it answers with status {answer.status}.")
    return answer


def _decode(answer: Answer) -> _Manifest:
    try:
        return MANIFEST.decode(answer.body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise StepFailed(Reason.NOT_A_REGISTRY, "What it sends for the image is no manifest.") from None


def _platforms(session: Session, request: ManifestRequest, manifest: _Manifest) -> tuple[str, ...]:
    """Platforms of an index, or the platform in the configuration of a single image.

    Many registries redirect to where they store the configuration; redirects are not followed, so the platform stays
    unknown there.
    """
    platforms = [one.platform for one in manifest.manifests if one.platform]
    if not manifest.manifests and manifest.config and DIGEST.fullmatch(manifest.config.digest):
        try:
            path = f"/v2/{request.repository}/blobs/{manifest.config.digest}"
            answer = session.get(path, scope=request.scope)
            platforms = [CONFIG.decode(answer.body)] if answer.status == 200 else []
        except (StepFailed, msgspec.MsgspecError, RecursionError, ValueError):
            platforms = []
    names = dict.fromkeys(_platform_name(one) for one in platforms)
    return tuple(name for name in names if name)[:MOST_PLATFORMS]


def _platform_name(platform: _Platform) -> str:
    """ "" for platforms without meaning (attestations are "unknown/unknown") and for odd characters."""
    parts = [part for part in (platform.os, platform.architecture, platform.variant) if part]
    if "unknown" in parts or len(parts) < 2 or not all(map(PLATFORM_WORD.fullmatch, parts)):
        return ""
    return "/".join(parts)
