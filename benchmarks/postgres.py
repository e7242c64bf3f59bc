"""A PostgreSQL of its own for a benchmark: Debian's, with its defaults (so with fsync), gone when the block ends."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from process import free_port, wait_until

USER = "postgres"


@contextmanager
def postgres(folder: Path, *options: str) -> Iterator[str]:
    """A cluster in a new folder, on a free loopback port: the URL of its database ``postgres``."""
    programs = _programs()
    data, port = folder / "postgres", free_port()
    folder.mkdir(parents=True, exist_ok=True)
    as_user = _as_owner(folder)
    initdb = [
        str(programs / "initdb"),
        "-D",
        str(data),
        "-U",
        USER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-instructions",
    ]
    subprocess.run([*as_user, *initdb], check=True, capture_output=True)
    settings = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *options]
    command = [*as_user, str(programs / "postgres"), "-D", str(data)]
    with (folder / "postgres.log").open("ab") as log:
        server = subprocess.Popen(
            [*command, *(word for setting in settings for word in ("-c", setting))], stdout=log, stderr=log
        )
    try:
        ready = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        wait_until(lambda: subprocess.run(ready, check=False).returncode == 0, 60, "PostgreSQL")
        yield f"postgresql://{USER}@127.0.0.1:{port}/postgres"
    finally:
        stop = [str(programs / "pg_ctl"), "stop", "-D", str(data), "-m", "fast", "-w"]
        subprocess.run([*as_user, *stop], check=False, capture_output=True)
        server.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def execute(url: str, sql: str) -> str:
    """Run statements; returns what they say."""
    psql = str(_programs() / "psql")
    command = [psql, url, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    named = shutil.which("initdb")
    if named is None:
        raise SystemExit("PostgreSQL is missing: apt-get install postgresql")
    return Path(named).parent


def _as_owner(folder: Path) -> Sequence[str]:
    """PostgreSQL does not run as root: there Debian's own user runs it."""
    if os.geteuid() != 0 or getpass.getuser() == USER:
        return ()
    shutil.chown(folder, USER, USER)
    return ("runuser", "-u", USER, "--")
