"""What the tests need of the system, by Debian's packages.

`python -m tests.debian` installs what is missing where that can be done without asking: as root on Debian or its kin.
Elsewhere the tests that need it are left out, loudly; never where CI is set.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from ctypes.util import find_library

from tests import chromium, postgresql

PACKAGES: dict[str, Callable[[], str | None]] = {
    "chromium": chromium.find,
    "libatomic1": lambda: find_library("atomic"),  # of the node that Playwright brings along
    "postgresql": postgresql.find,
    "docker-registry": lambda: shutil.which("docker-registry"),
    "skopeo": lambda: shutil.which("skopeo"),
}


def missing() -> list[str]:
    """Packages whose program isn't here."""
    return [package for package, find in PACKAGES.items() if find() is None]


def install(packages: list[str]) -> None:
    """Raises CalledProcessError when apt-get fails."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", "--quiet=2", *command], check=True, env=environment)  # noqa: S607


def main() -> int:
    packages = missing()
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stderr.write(f"Installing {', '.join(packages)} for the tests (once) ...\n")
        install(packages)
        packages = missing()
    if packages and os.environ.get("CI"):
        sys.stderr.write(f"CI is set and {', '.join(packages)} can't be installed: nothing can be left out there.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
