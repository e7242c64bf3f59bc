"""The embedded engine as a process: chDB on a folder, behind ClickHouse's HTTP interface on a loopback port.

Reads and writes the folder it is given, which no second process may open; stops on SIGTERM after the statements
that are running.
"""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
import uvicorn

from firstframe.engine.definition import Definitions
from firstframe.engine.request import READER, WRITER
from firstframe.errors import ConfigError
from firstframe.lock import hold
from firstframe.stop import Stop

log = structlog.get_logger()

LANES = 16
"""Statements that run side by side; others wait."""
GUEST_LANES = 12
"""Of them for the read-only user at most: the fold and the API never wait for who only looks."""
_GRACE_SECONDS = 60
_LOCK = "firstframe.lock"


def run(
    folder: Path,
    host: str,
    port: int,
    *,
    write_password: str,
    read_password: str,
    memory_bytes: int,
    query_seconds: float,
) -> None:
    """Serve until SIGTERM or SIGINT. Raises `ConfigError` for a folder in use, a copy of one that lost its links, or
    an address that is not loopback.

    The user `WRITER` may do everything; `READER`, who exists when ``read_password`` is not empty, may read.
    """
    from firstframe.engine.face import Face
    from firstframe.engine.keeper import Keeper
    from firstframe.engine.lane import Lanes

    _check(host, write_password)
    stop = Stop()  # before chDB is loaded, which takes longer than the life of some who start it
    with owned(folder):
        _check_links(folder / "columns")
        from firstframe.engine.session import Sessions  # loads chDB: a second or two

        for path in Definitions(folder).restore():
            log.warning("a change of a definition was not whole, and is taken back", file=str(path))
        sessions, lanes = Sessions(folder / "columns"), Lanes(LANES, for_guests=GUEST_LANES)
        keeper = Keeper(folder, sessions.open).start()
        face = Face(
            sessions,
            lanes,
            {WRITER: write_password, READER: read_password},
            keeper,
            memory_bytes=memory_bytes,
            query_seconds=query_seconds,
        )
        try:
            server = uvicorn.Server(_config(face, host, port))
            stop.end(server)
            server.run()
        finally:
            keeper.close()
            lanes.close()
            sessions.close()


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """The folder as ours alone, for as long as the block runs. Raises `ConfigError`."""
    folder.mkdir(parents=True, exist_ok=True)
    with hold(
        folder / _LOCK,
        lambda process: (
            f"the engine's folder {folder} is in use by process {process}; "
            "one engine owns a folder, so stop that one or name another folder"
        ),
    ):
        yield


def _check(host: str, write_password: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ConfigError(f"the embedded engine listens on {host!r}, but only a loopback address is allowed")
    if not write_password:
        raise ConfigError("the embedded engine needs a write password, but it is empty")


def _check_links(columns: Path) -> None:
    """Raises `ConfigError` for a copy in which folders stand where links should: chDB refuses it without a reason."""
    for definition in (columns / "metadata").glob("*.sql"):
        link = definition.with_suffix("")
        if link.is_dir() and not link.is_symlink() and "ENGINE = Atomic" in definition.read_text():
            raise ConfigError(
                f"{link} is a folder, but was a symbolic link, so this is a copy that followed the links; "
                f"copy it again with cp -a, rsync -a or tar, or remove {link} and {columns / 'data'} from it, "
                "which hold nothing that is not in store/ as well"
            )


def _config(face: object, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        face,  # type: ignore[arg-type]
        host=host,
        port=port,
        http="httptools",
        loop="uvloop",
        lifespan="off",
        interface="asgi3",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
