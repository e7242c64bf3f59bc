"""The small database of projects, keys and alerts: SQLite in the data folder, or any URL of SQLAlchemy."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from sqlalchemy import Engine, MetaData, Row, create_engine, event
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from firstframe.errors import ConfigError


def open_database(url: str, tables: MetaData) -> Engine:
    """Connect and make the tables that are missing. Raises `ConfigError` when the URL or the database is wrong."""
    try:
        engine = create_engine(url, pool_pre_ping=True)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
        _make(engine, tables)
    except (ArgumentError, SQLAlchemyError, ImportError) as error:
        raise unusable(error) from error
    return engine


def unusable(error: Exception) -> ConfigError:
    """Why the database cannot be used."""
    reason = str(error).partition("\n")[0]
    return ConfigError(f"accounts cannot be opened: {reason}; an SQLAlchemy URL is wanted")


T = TypeVar("T")


def as_struct(kind: type[T], row: Row[Any]) -> T:
    """A row as a struct. Columns that it has no field for, such as a digest, fall away."""
    return msgspec.convert({str(name): value for name, value in row._asdict().items()}, kind)


def _make(engine: Engine, tables: MetaData) -> None:
    for _ in tables.tables:
        try:
            return tables.create_all(engine)
        except SQLAlchemyError:
            continue  # another process made one of them between the look and the leap, maybe again with the next
    return tables.create_all(engine)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")
