"""The locked requirements install with the oldest and the newest pip: `python -m tests.locks` (`make locks`).

Each pip gets an empty environment and the very commands of the Makefile. `pip check` after each lock turns red when a
package is missing that another one requires. It knows nothing of extras: those are `tests/dashboard/test_locks.py`'s.
"""

import shutil
import subprocess
import sys
import venv

# Debian 12's; Python 3.12 came with 23.2.1, and older ones don't run on it.
OLDEST = "23.0.1" if sys.version_info < (3, 12) else "23.2.1"
FOLDER = "var/locks"  # one that a crash leaves behind is emptied by the next run


def install_with(pip: str) -> str:
    """Installs both locks in an empty environment, with the pip that `pip` requires; its version.

    Raises CalledProcessError when an installation fails or leaves something out.
    """
    try:
        venv.create(FOLDER, clear=True, with_pip=True)
        run_pip = [f"{FOLDER}/bin/python", "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*run_pip, "install", "--quiet", "--upgrade", "--only-binary", ":all:", pip], check=True)
        for stamp in (".runtime", ".development"):
            make = ["make", "--no-print-directory", f"VENV={FOLDER}", f"{FOLDER}/{stamp}"]
            subprocess.run(make, check=True)
            subprocess.run([*run_pip, "check"], check=True)
        shown = subprocess.run([*run_pip, "--version"], check=True, capture_output=True, text=True)
        return shown.stdout.split()[1]
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)


def main() -> int:
    for pip in (f"pip=={OLDEST}", "pip"):
        try:
            version = install_with(pip)
        except subprocess.CalledProcessError as failed:
            sys.stderr.write(f"The locked requirements don't install with {pip}: {failed}\n")
            return 1
        sys.stdout.write(f"pip {version} installs both locks, and nothing is missing.\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
