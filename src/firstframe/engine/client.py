"""How the other parts talk to the engine: one small client over ClickHouse's HTTP interface, sync and async.

The embedded engine and any other ClickHouse server are the same to it. A client connects at its first
statement, so that an engine that is away at start is met as an `EngineError` of that statement, nothing else.
"""

import asyncio
import copy
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any, ParamSpec, Self, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import clickhouse_connect
import msgspec
import urllib3
from clickhouse_connect.datatypes.base import ClickHouseType
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from clickhouse_connect.driver.httputil import get_pool_manager

from firstframe.errors import ConfigError, EngineError

P = ParamSpec("P")
T = TypeVar("T")

_SCHEMES = {"clickhouse": (False, 8123), "clickhouses": (True, 8443)}
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_CODE = re.compile(r"Code: (\d+)")
_CONNECTIONS = 32
"""Connections one client keeps open; more are opened and closed again."""


class Rows(msgspec.Struct, frozen=True):
    """An answer: the names of its columns, and its rows. Instants are datetimes in UTC.

    An answer without rows may come without columns too: the native format sends nothing then.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Target(msgspec.Struct, frozen=True):
    """What a URL of the engine names."""

    host: str
    port: int
    user: str
    password: str
    database: str
    secure: bool
    settings: dict[str, str]


def target_of(url: str) -> Target:
    """``clickhouse://user:password@host:port/database?setting=value`` taken apart. Raises `ConfigError`."""
    wanted = "clickhouse://user:password@host:port/database (clickhouses:// with TLS)"
    try:
        parts = urlsplit(url)
        given = parts.port
    except ValueError as error:  # without its text, in which the password may stand
        raise ConfigError(f"the engine's URL has no port that is one, but {wanted} is wanted") from error
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ConfigError(
            f"the engine's URL begins {parts.scheme!r}, host {parts.hostname!r}, but {wanted} is wanted"
        )
    secure, port = _SCHEMES[parts.scheme]
    return Target(
        host=parts.hostname,
        port=given or port,
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.strip("/")) or "default",
        secure=secure,
        settings=dict(parse_qsl(parts.query)),
    )


class Engine:
    """A client that several threads may share."""

    def __init__(self, target: Target, where: Callable[[], str] | None = None) -> None:
        self.target = target
        self._where = where
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._types: dict[tuple[str, tuple[str, ...]], Sequence[ClickHouseType]] = {}

    @classmethod
    def connect(cls, url: str, where: Callable[[], str] | None = None) -> Self:
        """A client for this URL; nothing is sent yet. Raises `ConfigError` for a URL that cannot be one.

        ``where`` is asked for the URL after each failure: an engine that was started again may be somewhere else.
        """
        return cls(target_of(url), where)

    def insert(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, token: str | None = None
    ) -> None:
        """All rows or none. With a token, rows that were inserted under it before are not inserted again."""
        if not rows:
            return
        key = (table, tuple(columns))
        settings: dict[str, Any] = {
            "async_insert": 0,
            # Late events of many days are few rows each, but they must all be written.
            "max_partitions_per_insert_block": 0,
            # No row leaves out a column that is named, so none is looked for: a tenth of the cost of a small insert.
            "input_format_defaults_for_omitted_fields": 0,
        }
        if token is not None:
            settings["insert_deduplication_token"] = token
        with self._asked():
            client = self._connected()
            try:
                types = self._types.get(key) or self._learn(client, key)
                client.insert(table, rows, column_names=columns, column_types=types, settings=settings)
            except ClickHouseError:
                self._types.pop(key, None)
                raise

    def query(
        self,
        sql: str,
        params: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> Rows:
        """The answer to one SELECT; ``{name:Type}`` in the text is bound by the server from ``params``."""
        with self._asked():
            result = self._connected().query(
                sql, parameters=dict(params or {}), settings=dict(settings or {}), tz_mode="aware"
            )
            return Rows(tuple(result.column_names), result.result_rows)

    def raw(self, sql: str, params: Mapping[str, Any] | None = None, fmt: str = "CSVWithNames") -> bytes:
        """The answer to one SELECT in one of ClickHouse's formats."""
        with self._asked():
            answer: bytes = self._connected().raw_query(sql, parameters=dict(params or {}), fmt=fmt)
            return answer

    def command(self, sql: str) -> None:
        """A statement without an answer."""
        with self._asked():
            self._connected().command(sql)

    def create_database(self) -> None:
        """Make the database of the URL where it is missing."""
        name = self.target.database.replace("`", "\\`")
        with self._asked():
            self._connected().command(f"CREATE DATABASE IF NOT EXISTS `{name}`", use_database=False)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """A statement. Where it fails, the next one goes where the engine is then. Raises `EngineError`."""
        try:
            with _told():
                yield
        except EngineError:
            self._look_again()
            raise

    def _look_again(self) -> None:
        if self._where is None:
            return
        try:
            target = target_of(self._where())
        except ConfigError:
            return  # it is only starting
        with self._lock:
            if target != self.target:
                # Statements of other threads may still be under way in the old client, so nobody closes it.
                self.target, self._client = target, None

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connected(self) -> Client:
        client = self._client
        if client is not None:
            return client
        with self._lock:
            if self._client is None:
                self._client = _open(self.target)
            return self._client

    def _learn(self, client: Client, key: tuple[str, tuple[str, ...]]) -> Sequence[ClickHouseType]:
        table, columns = key
        types = client.create_insert_context(table, list(columns)).column_types
        self._types[key] = types
        return types


class AsyncEngine:
    """The same for an event loop: statements wait in threads of its own."""

    def __init__(self, engine: Engine, threads: int = 8) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="engine")
        self._turn: Callable[[], AbstractAsyncContextManager[None]] = nullcontext

    @classmethod
    def connect(cls, url: str, threads: int = 8, *, where: Callable[[], str] | None = None) -> Self:
        return cls(Engine.connect(url, where), threads)

    async def insert(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, token: str | None = None
    ) -> None:
        await self._wait(self._engine.insert, table, columns, rows, token=token)

    async def query(
        self,
        sql: str,
        params: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> Rows:
        return await self._wait(self._engine.query, sql, params, settings=settings)

    async def raw(
        self, sql: str, params: Mapping[str, Any] | None = None, fmt: str = "CSVWithNames"
    ) -> bytes:
        return await self._wait(self._engine.raw, sql, params, fmt)

    async def command(self, sql: str) -> None:
        await self._wait(self._engine.command, sql)

    def in_turn(self, turn: Callable[[], AbstractAsyncContextManager[None]]) -> Self:
        """The same engine for somebody who shares it: each statement runs inside such a block."""
        theirs = copy.copy(self)
        theirs._turn = turn  # noqa: SLF001 - one of our own kind
        return theirs

    async def close(self) -> None:
        await self._wait(self._engine.close)
        self._threads.shutdown(wait=False)

    async def _wait(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        job = partial(call, *args, **kwargs)
        async with self._turn():
            return await asyncio.get_running_loop().run_in_executor(self._threads, job)


def _open(target: Target) -> Client:
    # The pool is our own: the library's shared one would mix the connections of engines that come and go.
    client = clickhouse_connect.get_client(
        host=target.host,
        port=target.port,
        username=target.user,
        password=target.password,
        interface="https" if target.secure else "http",
        compress=target.host not in _LOOPBACK,
        settings=dict(target.settings),
        autogenerate_session_id=False,
        show_clickhouse_errors="scrub",
        pool_mgr=get_pool_manager(maxsize=_CONNECTIONS, num_pools=1),
    )
    # Set only now: the first statements must not fail on a database that migrations have yet to make.
    client.database = target.database
    return client


@contextmanager
def _told() -> Iterator[None]:
    """What the library raises becomes an `EngineError` with ClickHouse's code, 0 where it was not reached."""
    try:
        yield
    except ClickHouseError as error:
        text = str(error)
        raise EngineError(
            text[text.find("Code: ") :] if "Code: " in text else text, _code_of(error)
        ) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise EngineError(f"the engine did not answer: {error}") from error
    except (ValueError, TypeError, OverflowError) as error:
        raise EngineError(f"the engine's client could not take the rows or parameters: {error}") from error


def _code_of(error: ClickHouseError) -> int:
    code = getattr(error, "code", None)
    if code is not None:
        return int(code)
    found = _CODE.search(str(error))
    return int(found[1]) if found else 0
