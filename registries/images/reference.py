"""The parser of image names: host, path, tag and digest. Pure and total.

Parts are told apart as Rancher does it (rancher.md, "Which credential is used for an image"), which takes more names
than Docker. `ImageName.oddities` applies Docker's own grammar to the parts
(https://github.com/distribution/reference/blob/main/regexp.go).
"""

import re
from dataclasses import dataclass

from registries.images.registry_hosts import DOCKER_HUB

PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
PATH = re.compile(rf"{PART}(?:/{PART})*")
LONGEST_PATH = 255
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")


@dataclass(frozen=True, slots=True)
class ImageName:
    """The parts of an image's name, uncorrected: put together again they give `text`.

    `host` is None where the name has none; `path` is all between host and tag; `tag` and `digest` are None where the
    name has none.
    """

    text: str
    host: str | None
    path: str
    tag: str | None = None
    digest: str | None = None

    @property
    def registry_host(self) -> str:
        """The host at which Rancher looks up the image: its own, or Docker Hub's."""
        return DOCKER_HUB if self.host is None else self.host

    @property
    def oddities(self) -> tuple[str, ...]:
        """Sentences on what Docker refuses although Rancher takes it; empty for a name that Docker takes."""
        return tuple(sentence for sentence in (self._path_fault, self._tag_fault, self._digest_fault) if sentence)

    @property
    def _path_fault(self) -> str:
        if "://" in self.text:
            return "An image name has no scheme: leave out what stands before the host."
        if not self.path:
            return "The name of the image is missing."
        if not PATH.fullmatch(self.path):
            return "Docker takes only small letters, digits and single separators in the name."
        if len(self.path) > LONGEST_PATH:
            return f"Docker takes no name of more than {LONGEST_PATH} characters."
        return ""

    @property
    def _tag_fault(self) -> str:
        if self.tag is None or TAG.fullmatch(self.tag):
            return ""
        return "Docker takes no such tag: letters, digits, dots, dashes and underscores, 128 at most."

    @property
    def _digest_fault(self) -> str:
        if self.digest is None or DIGEST.fullmatch(self.digest):
            return ""
        return "Docker takes no such digest: it reads like sha256: and 64 hexadecimal digits."


def is_host(part: str) -> bool:
    """Whether Rancher takes the first part of a name for a host: it holds a dot or a colon.

    Rancher doesn't look up plain `localhost` at Docker Hub either (resolver.json), so it counts as a host.
    """
    return "." in part or ":" in part or part == "localhost"


def parse_image_name(text: str) -> ImageName:
    """The parts of any text, parsed as an image's name."""
    first, slash, rest = text.partition("/")
    host = first if slash and is_host(first) else None
    name, at, digest = (text if host is None else rest).partition("@")
    path, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        path, tag, colon = name, "", ""
    return ImageName(text=text, host=host, path=path, tag=tag if colon else None, digest=digest if at else None)
