"""The browser of the browser tests: the system's own Chromium, so that nothing is downloaded past the package manager.

`python -m tests.chromium` installs it where that can be done without asking: as root on Debian or its kin.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# no sandbox: in containers and as root Chromium can't make its own; the rest keeps it from calling anywhere by itself
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find() -> str | None:
    """The path of an installed Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install() -> None:
    """Installs Debian's package. Raises CalledProcessError when apt-get fails."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        subprocess.run(["apt-get", "--quiet=2", *command], check=True, env=environment)  # noqa: S607


def main() -> int:
    if find() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stderr.write("Installing chromium for the browser tests (once) ...\n")
        install()
    if find() is None and os.environ.get("CI"):
        sys.stderr.write("CI is set and no Chromium is installed: the browser tests can't be left out there.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
