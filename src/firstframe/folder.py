"""Where the product keeps things: the layout of the data folder, its secrets, and the lock on it."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

import msgspec
import structlog

from firstframe.disk import write_atomically
from firstframe.errors import ConfigError
from firstframe.lock import hold

log = structlog.get_logger()

OWNER_ONLY = 0o700
"""A folder into which only who runs the product can look."""


_KEPT_FILES = ("secrets.json", "session.key", "accounts.db")


class Secrets(msgspec.Struct, frozen=True):
    """The passwords of the embedded engine's two users."""

    writer: str
    reader: str


class EngineFace(msgspec.Struct, frozen=True):
    """How to reach the embedded engine: written by the engine's starter, read by the other roles."""

    host: str
    port: int
    write_password: str
    read_password: str

    @property
    def url(self) -> str:
        return f"clickhouse://default:{self.write_password}@{self.host}:{self.port}/firstframe"

    @property
    def reader_url(self) -> str:
        return f"clickhouse://reader:{self.read_password}@{self.host}:{self.port}/firstframe"


class Folder:
    """The data folder: ``journal/``, ``engine/``, ``accounts.db`` to keep; ``run/`` for what only matters now."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).resolve()
        self._lock: IO[str] | None = None

    def make(self) -> Folder:
        """Create what is missing. Raises `ConfigError` when the folder cannot be made, or not used by this user."""
        _check_name(self.path)
        try:
            for part in (self.path, self.journal, self.engine, self.run):
                part.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"the data folder {self.path} cannot be made: {error.strerror}") from error
        self.check_access()
        return self

    def check_access(self) -> None:
        """Raises `ConfigError` for what is there and is somebody else's, as after a start by another user."""
        for part in (self.path, self.journal, self.engine, self.run):
            if part.is_dir() and not os.access(part, os.R_OK | os.W_OK | os.X_OK):
                raise _not_ours(part)
        for file in (self.run / "lock", self.engine_face_file, *(self.path / name for name in _KEPT_FILES)):
            if file.is_file() and not os.access(file, os.R_OK | os.W_OK):
                raise _not_ours(file)

    @property
    def is_made(self) -> bool:
        """Whether an installation is there."""
        return self.journal.is_dir()

    def existing(self) -> Folder:
        """The folder of an installation that is there already. Raises `ConfigError` where none is."""
        if not self.is_made:
            raise ConfigError(
                f"there is no firstframe installation at {self.path}; "
                "name its data folder with --data or FIRSTFRAME_DATA"
            )
        return self

    @property
    def journal(self) -> Path:
        return self.path / "journal"

    @property
    def engine(self) -> Path:
        return self.path / "engine"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def has_lost_accounts(self) -> bool:
        """Whether this installation has run before, and nothing is left of its keys and projects."""
        has_run = any((self.path / name).is_file() for name in ("secrets.json", "session.key"))
        accounts = self.path / "accounts.db"
        return has_run and not (accounts.is_file() and accounts.stat().st_size)

    @property
    def accounts_url(self) -> str:
        # Quoted: SQLAlchemy reads %20 in a URL as a blank, and would take a database of another folder.
        return f"sqlite:///{quote(str(self.path / 'accounts.db'))}"

    @property
    def engine_face_file(self) -> Path:
        return self.run / "engine.json"

    def progress_file(self, partition: int) -> Path:
        return self.run / f"fold-{partition}.json"

    def lock(self) -> None:
        """Hold the folder until the process ends. Raises `ConfigError` when another firstframe holds it."""
        self._lock = hold(
            self.run / "lock",
            lambda process: (
                f"the data folder {self.path} is in use by another firstframe (process {process}); "
                "stop that one first, or give this one another --data"
            ),
        )

    def passwords(self) -> Secrets:
        """The embedded engine's secrets, made on first use."""
        file = self.path / "secrets.json"
        try:
            return msgspec.json.decode(file.read_bytes(), type=Secrets)
        except FileNotFoundError:
            log.info("the engine's passwords are made", file=str(file))
        except msgspec.DecodeError:
            # Nothing is lost with them: whoever uses them reads them here.
            log.warning("the engine's passwords cannot be read, new ones are made", file=str(file))
        made = Secrets(secrets.token_urlsafe(24), secrets.token_urlsafe(24))
        write_atomically(file, msgspec.json.encode(made), 0o600, durable=True)
        return made

    def forget_engine_face(self) -> None:
        """No engine runs yet. The file stays, and so does its place on a disk that may be full."""
        with suppress(FileNotFoundError), self.engine_face_file.open("r+b") as file:
            file.write(b" " * os.fstat(file.fileno()).st_size)

    def engine_url(self, given: str) -> str:
        """The engine to talk to: the operator's, where one is given, or the embedded one. Raises `ConfigError`."""
        return given or self.engine_face().url

    def engine_face(self) -> EngineFace:
        """How to reach the engine that runs on this folder. Raises `ConfigError` when none has."""
        try:
            return msgspec.json.decode(self.engine_face_file.read_bytes(), type=EngineFace)
        except (OSError, msgspec.DecodeError) as error:
            raise ConfigError(
                f"no engine runs on {self.path}: start `firstframe serve` or `firstframe engine` on it, "
                "or name another with --engine clickhouse://user:password@host:port/database"
            ) from error


def _check_name(path: Path) -> None:
    """Raises `ConfigError` for a name that the embedded engine would cut or cannot take."""
    name = os.fsencode(path)
    if b"?" in name or name != name.decode("utf-8", "ignore").encode():
        raise ConfigError(
            f"the data folder {str(path)!r} needs another name: text in UTF-8, without a question mark"
        )


def _not_ours(path: Path) -> ConfigError:
    try:
        owner = path.stat().st_uid
    except OSError:
        return ConfigError(f"{path} cannot be looked at by this user")
    return ConfigError(
        f"{path} cannot be read and written by this user ({os.geteuid()}): it belongs to user {owner}; "
        "give the whole data folder to whoever runs firstframe (chown -R)"
    )
