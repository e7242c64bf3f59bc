"""Connections to the embedded engine: one for each statement, or one kept for each named session.

A connection holds settings, parameters, the current database and temporary tables. Opening one costs a third of a
millisecond, so a statement gets its own and can leave nothing behind for the next; only a client that asks for a
session by name (`session_id`) is given the same one again.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import msgspec
from chdb.session import Session as ChdbSession

from firstframe.engine.fault import SESSION_IS_LOCKED, SESSION_NOT_FOUND, Fault, fault, fault_of

_DEFAULTS = {"implicit_select": "0", "allow_introspection_functions": "0"}
"""Where chDB's own defaults are those of a local tool, not of a server."""
_MAX_SESSIONS = 200
_Connection: Any = ChdbSession  # its methods have no types


class Piece(msgspec.Struct, frozen=True):
    """A part of an answer, or all of it."""

    data: bytes
    rows: int
    read_rows: int
    read_bytes: int


class Written(msgspec.Struct, frozen=True):
    """What an INSERT did."""

    rows: int
    bytes: int


class Session:
    """One connection. Used by one statement at a time, from whichever thread runs it."""

    def __init__(self, path: Path) -> None:
        self._connection = _Connection(str(path))
        self._applied: dict[str, str] = {}
        self._database: str | None = None
        self._assign(_DEFAULTS)

    def prepare(self, database: str | None, settings: Mapping[str, str]) -> None:
        """Make the next statement see this database and these settings."""
        if database and database != self._database:
            self.whole(b"USE " + quoted(database).encode(), "Null")
            self._database = database
        gone = self._applied.keys() - settings.keys()
        if gone:
            self.whole(("SET " + ", ".join(f"{name} = DEFAULT" for name in sorted(gone))).encode(), "Null")
        self._assign({name: value for name, value in settings.items() if self._applied.get(name) != value})
        self._applied = dict(settings)

    def bind(self, params: Mapping[str, str]) -> None:
        """Give parameters to an INSERT whose data is to come; other statements take theirs along."""
        self._assign({f"param_{name}": value for name, value in params.items()})

    def lock_down(self) -> None:
        """No statement on this connection changes anything from now on."""
        self._assign({"readonly": "1"})

    def ask(self, sql: str, params: Mapping[str, str]) -> str:
        """The answer to one of our own questions, as text."""
        return self.whole(sql.encode(), "TSVRaw", params).data.decode("utf-8", "replace")

    def whole(self, sql: bytes, fmt: str, params: Mapping[str, str] | None = None) -> Piece:
        """Run a statement and take its answer at once."""
        try:
            result = self._connection.query(_text(sql), fmt, params=dict(params or {}))
            return _piece(result)
        except RuntimeError as error:  # chDB's own errors are of this kind
            raise fault_of(error) from None

    def pieces(self, sql: bytes, fmt: str, params: Mapping[str, str]) -> Iterator[Piece]:
        """Run a SELECT and take its answer block by block; closing the iterator ends the query."""
        try:
            stream = self._connection.send_query(_text(sql), fmt, params=dict(params))
        except RuntimeError as error:  # chDB's own errors are of this kind
            raise fault_of(error) from None
        try:
            yield from map(_piece, stream)
        except RuntimeError as error:  # chDB's own errors are of this kind
            raise fault_of(error) from None
        finally:
            stream.close()

    def insert(self, sql: bytes, tail: bytes, fmt: str) -> "Inserting":
        """Begin an INSERT whose data is to come; ``tail`` is its SETTINGS clause."""
        return Inserting(self._connection, sql, tail, fmt)

    def close(self) -> None:
        self._connection.close()

    def _assign(self, values: Mapping[str, str]) -> None:
        if values:
            changes = ", ".join(f"{_name(name)} = {literal(value)}" for name, value in values.items())
            self.whole(f"SET {changes}".encode("utf-8", "surrogateescape"), "Null")


class Inserting:
    """An INSERT under way: all rows are there after `finish`, none after `cancel`.

    Its data is held in memory and read by the engine as a file. chDB's own streaming insert (`send_insert`) is not
    used: it says that it succeeded whatever the table's storage threw, a full disk and a constraint alike.
    """

    def __init__(self, connection: Any, sql: bytes, tail: bytes, fmt: str) -> None:
        self._connection = connection
        self._sql, self._tail, self._fmt = sql, tail, _format(fmt)
        self._file, self._path = _spool()

    def append(self, data: bytes) -> None:
        self._file.write(data)

    def finish(self) -> Written:
        self._file.flush()
        source = f" FROM INFILE {literal(self._path)} COMPRESSION 'none' ".encode()
        try:
            result = self._connection.query(
                _text(self._sql + source + self._tail + f" FORMAT {self._fmt}".encode()), "Null"
            )
        except RuntimeError as error:  # chDB's own errors are of this kind
            raise fault_of(error) from None
        finally:
            self._file.close()
        return Written(int(result.rows_written()), int(result.bytes_written()))

    def cancel(self) -> None:
        self._file.close()


class Sessions:
    """Makes connections, and keeps those that have a name until they have been idle too long."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._root = Session(path)  # the engine lives as long as its last connection: this one
        self._kept: dict[tuple[str, str], Session] = {}
        self._until: dict[tuple[str, str], float] = {}
        self._busy: set[tuple[str, str]] = set()
        self.version = self._root.ask("SELECT version()", {}).strip()
        self.time_zone = self._root.ask("SELECT timezone()", {}).strip()

    def open(self) -> Session:
        """A connection for one statement; the caller closes it."""
        return Session(self._path)

    def claim(self, key: tuple[str, str], *, must_exist: bool) -> Session | None:
        """The connection of a named session, for one statement; None when it is to be made.

        Raises `Fault` when another statement has it, as the server does.
        """
        self._expire()
        if key in self._busy:
            raise fault(SESSION_IS_LOCKED, f"Session {key[1]} is locked by a concurrent client")
        if must_exist and key not in self._kept:
            raise fault(SESSION_NOT_FOUND, f"Session {key[1]} not found")
        self._busy.add(key)
        return self._kept.get(key)

    def release(self, key: tuple[str, str], session: Session | None, timeout_seconds: float) -> None:
        """Give a named session back, with the time it may now be idle."""
        self._busy.discard(key)
        if session is not None:
            self._kept[key] = session
            self._until[key] = time.monotonic() + timeout_seconds

    def close(self) -> None:
        for session in self._kept.values():
            session.close()
        self._kept.clear()
        self._root.close()

    def _expire(self) -> None:
        now = time.monotonic()
        idle = sorted((until, key) for key, until in self._until.items() if key not in self._busy)
        spare = len(self._kept) - _MAX_SESSIONS
        for count, (until, key) in enumerate(idle):
            if until < now or count < spare:
                self._until.pop(key)
                self._kept.pop(key).close()


def literal(value: str) -> str:
    """A string literal."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def quoted(name: str) -> str:
    """An identifier in backticks."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def _spool() -> tuple[IO[bytes], str]:
    """A file in memory where the system has such, so that a full disk is no matter to it; and its path."""
    if hasattr(os, "memfd_create"):
        held = os.fdopen(os.memfd_create("insert"), "wb")
        return held, f"/proc/self/fd/{held.fileno()}"
    named = tempfile.NamedTemporaryFile("wb")  # noqa: SIM115 - closed by finish and cancel
    return named, named.name


def _format(name: str) -> str:
    if not name.isalnum() or not name.isascii():
        raise Fault(73, f"Code: 73. DB::Exception: Unknown format {name!r}. (UNKNOWN_FORMAT)")
    return name


def _name(name: str) -> str:
    if not name.replace("_", "a").replace(".", "a").isalnum() or not name.isascii():
        raise Fault(115, f"Code: 115. DB::Exception: Unknown setting {name!r}. (UNKNOWN_SETTING)")
    return name


def _text(sql: bytes) -> Any:
    try:
        return sql.decode()
    except UnicodeDecodeError:
        return sql


def _piece(result: Any) -> Piece:
    return Piece(
        result.bytes(), result.rows_read(), int(result.storage_rows_read()), int(result.storage_bytes_read())
    )
