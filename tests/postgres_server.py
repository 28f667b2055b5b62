"""A PostgreSQL server of its own, in a scratch folder and on a socket only."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

FOLDERS = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
PATH = os.pathsep.join([os.environ["PATH"], *map(str, FOLDERS)])
INITDB, PG_CTL = shutil.which("initdb", path=PATH), shutil.which("pg_ctl", path=PATH)
LACKING = "no PostgreSQL: the copy of a release is not tried"
OWNER = "postgres"


def run(*command: str) -> None:
    """Run a command of the server, which refuses to be run by root."""
    as_owner = ("runuser", "-u", OWNER, "--") if os.geteuid() == 0 else ()
    subprocess.run([*as_owner, *command], check=True, capture_output=True, timeout=120)


@contextmanager
def server() -> Iterator[str]:
    """Start a server and stop it again; its address."""
    # the path of a socket may have a hundred characters
    folder = Path(mkdtemp(prefix="pg", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, OWNER)
    data = str(folder / "data")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    run(str(INITDB), "-D", data, "-A", "trust", "-U", OWNER, "-E", "UTF8", "--no-sync")
    try:
        run(str(PG_CTL), "-D", data, "-o", options, "-w", "-l", str(folder / "log"), "start")
        yield f"host={folder} user={OWNER} dbname=postgres"
    finally:
        run(str(PG_CTL), "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)
