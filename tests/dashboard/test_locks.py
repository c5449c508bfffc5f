"""The locks name all that is installed, what extras require too; every line that installs takes them as they are.

`make locks` installs them. Its `pip check` knows nothing of extras: no package's metadata says with which ones it was
asked for.
"""

import re
from collections.abc import Iterator, Mapping
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.settings import BASE_DIR

PINNED = re.compile(r"^(?P<requirement>[a-z0-9][^\\\n]*)", re.MULTILINE)
NAMED = re.compile(r"^[a-z].*", re.MULTILINE)
INSTALLS = re.compile(r"pip install .*-r(?:equirement)? requirements.*")


def locked(*names: str) -> dict[str, str]:
    """Package -> version for the Python that runs here."""
    pinned: dict[str, str] = {}
    for name in names:
        for found in PINNED.finditer((BASE_DIR / name).read_text()):
            requirement = Requirement(found["requirement"])
            if requirement.marker is None or requirement.marker.evaluate():
                pinned[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    return pinned


def wanted(*names: str) -> list[Requirement]:
    """What people ask for, with extras."""
    return [Requirement(line) for name in names for line in NAMED.findall((BASE_DIR / name).read_text())]


def required_by(requirement: Requirement) -> Iterator[Requirement]:
    """What its installed package requires here, with these extras."""
    for text in metadata.requires(requirement.name) or []:
        further = Requirement(text)
        extras = ["", *requirement.extras]
        if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in extras):
            yield further


def not_locked(requirements: list[Requirement], lock: Mapping[str, str]) -> list[str]:
    """Whatever the requirements need, and theirs, that the lock lacks or has in a version they don't take."""
    lacking, met, left = [], set(), list(requirements)
    while left:
        requirement = left.pop()
        if str(requirement) in met:
            continue
        met.add(str(requirement))
        version = lock.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            lacking.append(str(requirement))
        else:
            left += required_by(requirement)
    return lacking


RUNTIME = ("requirements.txt",)
DEVELOPMENT = ("requirements.txt", "requirements-dev.txt", "requirements-sdist.txt")


@pytest.mark.parametrize(
    ("named", "locks"),
    [
        pytest.param(["requirements.in"], RUNTIME, id="runtime"),
        pytest.param(["requirements-dev.in", "requirements-sdist.in"], DEVELOPMENT, id="development"),
    ],
)
def test_the_locks_have_all_that_is_required(named: list[str], locks: tuple[str, ...]) -> None:
    lock = locked(*locks)
    assert len(lock) > len(wanted(*named))
    assert not_locked(wanted(*named), lock) == []


def test_what_an_extra_requires_is_missed() -> None:
    lock = locked(*RUNTIME)
    del lock["fido2"]
    found = not_locked(wanted("requirements.in"), lock)
    assert [Requirement(text).name for text in found] == ["fido2"]


def test_a_version_that_is_not_taken_is_missed() -> None:
    lock = locked(*RUNTIME) | {"django": "4.2"}
    assert "django<5.3,>=5.2" in not_locked(wanted("requirements.in"), lock)


@pytest.mark.parametrize(("name", "lines"), [("README.md", 1), ("Dockerfile", 1)])
def test_who_installs_takes_the_lock_as_it_is_and_builds_nothing(name: str, lines: int) -> None:
    found = INSTALLS.findall((BASE_DIR / name).read_text())
    assert len(found) == lines
    for line in found:
        assert {"--no-deps", "--require-hashes", "--only-binary"} < set(line.split())
