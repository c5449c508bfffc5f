"""Image names, read as Rancher reads them (rancher.md, "Which credential is used for an image"). Pure and total."""

import re
from dataclasses import dataclass

from registries.images.server_addresses import DOCKER_HUB

# https://github.com/distribution/reference: what Docker takes, which is less than what Rancher does
PATH = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-f]{32,}")


@dataclass(frozen=True, slots=True)
class ImageName:
    """An image's name in parts. Nothing is corrected: `text` is put together again from what is here.

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
        """Where Rancher looks for the registry: the name's own host, or Docker Hub's."""
        return DOCKER_HUB if self.host is None else self.host

    @property
    def oddities(self) -> tuple[str, ...]:
        """Sentences about what Docker will not take although Rancher does; empty for a name in order."""
        found = []
        if "://" in self.text:
            found.append("An image name has no scheme: leave out what stands before the host.")
        elif not self.path:
            found.append("The name of the image is missing.")
        elif not PATH.fullmatch(self.path):
            found.append("Docker takes only small letters, digits and single separators in the name.")
        if self.tag is not None and not TAG.fullmatch(self.tag):
            found.append("Docker takes no such tag: letters, digits, dots, dashes and underscores, 128 at most.")
        if self.digest is not None and not DIGEST.fullmatch(self.digest):
            found.append("Docker takes no such digest: it reads like sha256: and 64 hexadecimal digits.")
        return tuple(found)


def is_host(part: str) -> bool:
    """Whether Rancher takes the first part of a name for a host: it holds a dot or a colon.

    Plain `localhost` is not taken for a name on Docker Hub either (resolver.json), so it counts as one.
    """
    return "." in part or ":" in part or part == "localhost"


def read_image(text: str) -> ImageName:
    """The parts of any text, read as an image's name; nothing is raised."""
    first, slash, rest = text.partition("/")
    host = first if slash and is_host(first) else None
    name, at, digest = (text if host is None else rest).partition("@")
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        head, tag, colon = name, "", ""
    return ImageName(text=text, host=host, path=head, tag=tag if colon else None, digest=digest if at else None)
