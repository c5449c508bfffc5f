"""A PostgreSQL for one run of tests, from Debian's package, in a folder of its own that is deleted afterwards.

`python -m tests.postgresql <arguments of pytest>` runs them on it. It listens on a socket in that folder, at no port.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

PACKAGED = Path("/usr/lib/postgresql")
# nothing of it outlives the run: it need not survive a power cut
QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses="
NOT_HERE = "PostgreSQL is not installed (Debian, Ubuntu: apt install postgresql)"


def find() -> str | None:
    """The folder of the newest installed server's programs, or None."""
    found = sorted(PACKAGED.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return str(found[-1].parent) if found else str(Path(on_path).parent) if on_path else None


@contextmanager
def running(programs: str) -> Iterator[str]:
    """A server with an empty database; its ``postgres://`` URL."""
    owner = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    with tempfile.TemporaryDirectory(prefix="corral-pg-", dir="/tmp") as folder:  # sockets want short paths
        if owner:
            account = pwd.getpwnam(owner)
            os.chown(folder, account.pw_uid, account.pw_gid)

        def run(program: str, *arguments: str) -> None:
            command = [f"{programs}/{program}", *arguments]
            subprocess.run(command, check=True, user=owner, cwd=folder, stdout=subprocess.DEVNULL)

        data = f"{folder}/data"
        run(
            "initdb", "--pgdata", data, "--username", "corral", "--auth", "trust", "--encoding", "UTF8", "--locale", "C"
        )
        run("pg_ctl", "--pgdata", data, "--wait", "-l", f"{folder}/log", "-o", f"-k {folder} {QUICK}", "start")
        try:
            yield f"postgres://corral@/postgres?{urlencode({'host': folder})}"
        finally:
            run("pg_ctl", "--pgdata", data, "--wait", "--mode", "immediate", "stop")


def main() -> int:
    programs = find()
    if programs is None:
        sys.stderr.write(f"\n{'!' * 20} NOT TESTED ON POSTGRESQL: {NOT_HERE}. {'!' * 20}\n\n")
        return 1 if os.environ.get("CI") else 0
    with running(programs) as url:
        command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
        return subprocess.run(command, env=os.environ | {"TEST_DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
