"""Starts the real embedded engine once for a test run, and gives each test a database of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

from firstframe.engine.client import Engine
from firstframe.engine.migrate import migrate

WRITE_PASSWORD = "write-secret"
READ_PASSWORD = "read-secret"
MEMORY_BYTES = 2 << 30
TEMPLATE = "template"
"""The database that was migrated; others are copies of it, which takes a third of the time."""

_SERVE = """
import sys
from pathlib import Path
from firstframe.engine.server import run
run(Path(sys.argv[1]), "127.0.0.1", int(sys.argv[2]), write_password=sys.argv[3], read_password=sys.argv[4],
    memory_bytes=int(sys.argv[5]), query_seconds=float(sys.argv[6]))
"""


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def begin(folder: Path, port: int, query_seconds: float = 30) -> subprocess.Popen[bytes]:
    """The engine as a process of its own that is starting."""
    arguments = [str(folder), str(port), WRITE_PASSWORD, READ_PASSWORD, str(MEMORY_BYTES), str(query_seconds)]
    return subprocess.Popen([sys.executable, "-c", _SERVE, *arguments])


def start(folder: Path, port: int, query_seconds: float = 30) -> subprocess.Popen[bytes]:
    """The same, answering when this returns."""
    process = begin(folder, port, query_seconds)
    try:
        _wait(process, port)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process


def stop(process: subprocess.Popen[bytes]) -> int:
    """Ask it to end, and its exit code."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


@contextmanager
def running(folder: Path | None = None) -> Iterator[str]:
    """An engine on a folder (a temporary one by default): its URL, without a database but the template of all."""
    place = folder or Path(tempfile.mkdtemp(prefix="firstframe-engine-"))
    port = free_port()
    process = start(place, port)
    url = f"clickhouse://default:{WRITE_PASSWORD}@127.0.0.1:{port}"
    try:
        with closing(Engine.connect(f"{url}/{TEMPLATE}")) as engine:
            migrate(engine)
        yield url
    finally:
        stop(process)
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


@contextmanager
def fresh(engine_url: str) -> Iterator[Engine]:
    """A client on a new database with all tables; the database is dropped afterwards."""
    name = f"test_{os.getpid()}_{uuid4().hex[:12]}"
    engine = Engine.connect(f"{engine_url}/{name}")
    try:
        engine.create_database()
        for (table,) in engine.query(f"SHOW TABLES FROM {TEMPLATE}").rows:
            engine.command(f"CREATE TABLE {table} AS {TEMPLATE}.{table}")
        engine.command(f"INSERT INTO migrations SELECT * FROM {TEMPLATE}.migrations")
        yield engine
    finally:
        engine.command(f"DROP DATABASE IF EXISTS {name}")
        engine.close()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the engine ended with {process.returncode} before it answered")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=1) as answer:
                if answer.read() == b"Ok.\n":
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError("the engine did not answer within a minute")
