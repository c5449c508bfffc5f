"""The optional last layer: an image that the person names. Whether it exists and may be pulled, and what it is."""

import hashlib
import re
from dataclasses import dataclass

import msgspec

from registries.oci.login import REFUSED, Session
from registries.oci.providers import Endpoint, endpoint_of
from registries.oci.reasons import Reason
from registries.oci.report import Report, StepFailed, StepName
from registries.outbound.answer import Answer
from registries.outbound.errors import BadAddress

# The grammar of names, tags and digests (https://github.com/distribution/reference)
PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
NAME = re.compile(rf"{PART}(?:/{PART})*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
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
class Image:
    """A repository of the registry, and the tag or digest in it."""

    name: str
    reference: str

    @property
    def scope(self) -> str:
        return f"repository:{self.name}:pull"


class _Platform(msgspec.Struct):
    os: str = ""
    architecture: str = ""
    variant: str = ""


class _Descriptor(msgspec.Struct):
    digest: str = ""
    platform: _Platform | None = None


class _Manifest(msgspec.Struct):
    """An index has `manifests`, an image's manifest a `config`."""

    manifests: list[_Descriptor] = []
    config: _Descriptor | None = None


MANIFEST = msgspec.json.Decoder(_Manifest)
CONFIG = msgspec.json.Decoder(_Platform)


def look_at_image(report: Report, session: Session, typed: str, endpoint: Endpoint) -> None:
    """The step of the image. Raises StopSteps."""
    with report.step(StepName.IMAGE) as note:
        image = read_image(typed, endpoint)
        answer = _ask_manifest(session, image)
        digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        if DIGEST.fullmatch(image.reference) and image.reference != digest:
            raise StepFailed(Reason.NOT_A_REGISTRY, "What it sends is not what the digest stands for.")
        report.platforms = _platforms(session, image, _decode(answer))
        report.digest = digest
        note.cause = "It exists and may be pulled."


def read_image(typed: str, endpoint: Endpoint) -> Image:
    """The image as this registry knows it; a host in front has to be the registry's. Raises StepFailed."""
    rest, at, digest = typed.strip().partition("@")
    first, slash, inner = rest.partition("/")
    if slash and (set(first) & set(".:") or first == "localhost"):
        if not _is_same(first, endpoint):
            raise StepFailed(Reason.IMAGE_NOT_FOUND, "That is the name of an image in another registry.")
        rest = inner
    name, colon, tag = rest.partition(":")
    if endpoint.is_docker_hub and "/" not in name:
        name = f"library/{name}"
    fits = NAME.fullmatch(name) and (not colon or TAG.fullmatch(tag)) and (not at or DIGEST.fullmatch(digest))
    if not fits or len(name) > 255:
        raise StepFailed(
            Reason.IMAGE_NOT_FOUND, "That is not the name of an image.", "Write it as team/app:1.0, in small letters."
        )
    return Image(name, digest or tag or "latest")


def _is_same(host: str, endpoint: Endpoint) -> bool:
    try:
        return endpoint_of(host) == endpoint
    except BadAddress:
        return False


def _ask_manifest(session: Session, image: Image) -> Answer:
    path = f"/v2/{image.name}/manifests/{image.reference}"
    proven = session.challenge is not None
    try:
        answer = session.get(path, scope=image.scope, accept=ACCEPT)
        if answer.status == 401 and not proven:  # open but for some repositories
            session.meet(answer)
            answer = session.get(path, scope=image.scope, accept=ACCEPT)
    except StepFailed as trouble:
        if trouble.reason == Reason.BAD_CREDENTIALS and proven:
            raise StepFailed(Reason.NO_PULL_RIGHT) from None  # the login is good, so it is the scope that is refused
        raise
    if answer.status in REFUSED:
        raise StepFailed(Reason.NO_PULL_RIGHT if proven or answer.status == 403 else Reason.BAD_CREDENTIALS)
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


def _platforms(session: Session, image: Image, manifest: _Manifest) -> tuple[str, ...]:
    """Of an index its own, of a single image that of its configuration. Many registries redirect to where they keep
    that: it is not followed, and the platform stays unknown."""
    found = [one.platform for one in manifest.manifests if one.platform]
    if not manifest.manifests and manifest.config and DIGEST.fullmatch(manifest.config.digest):
        try:
            answer = session.get(f"/v2/{image.name}/blobs/{manifest.config.digest}", scope=image.scope)
            found = [CONFIG.decode(answer.body)] if answer.status == 200 else []
        except (StepFailed, msgspec.MsgspecError, RecursionError, ValueError):
            found = []
    words = dict.fromkeys(_as_text(one) for one in found)
    return tuple(word for word in words if word)[:MOST_PLATFORMS]


def _as_text(platform: _Platform) -> str:
    """ "" for those without a meaning (attestations are "unknown/unknown") and for what no platform is called."""
    parts = [part for part in (platform.os, platform.architecture, platform.variant) if part]
    if "unknown" in parts or len(parts) < 2 or not all(map(PLATFORM_WORD.fullmatch, parts)):
        return ""
    return "/".join(parts)
