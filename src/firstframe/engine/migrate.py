"""Brings an engine's tables up to date: numbered SQL files, each applied once, in order, then the retention.

Each statement of a file may be run twice without harm (``IF NOT EXISTS``), so a migration that was cut off
half way, or run by two processes at once, is simply run again.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources

import msgspec
import structlog

from firstframe.engine.client import Engine
from firstframe.errors import EngineError

log = structlog.get_logger()

_NAME = re.compile(r"(\d{4})_(\w+)\.sql")
_UNKNOWN_TABLE, _UNKNOWN_DATABASE = 60, 81
_LEDGER = """
CREATE TABLE IF NOT EXISTS migrations
(
    number UInt32,
    name String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY number
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""


class Migration(msgspec.Struct, frozen=True):
    """One file of ``migrations/``."""

    number: int
    name: str
    statements: Sequence[str]


class Held(msgspec.Struct, frozen=True):
    """Days of a table that stay though the clock says that they are beyond their retention."""

    table: str
    newest_stored_day: str
    days_kept: int


class Retention(msgspec.Struct, frozen=True):
    """How long the rows of one table are kept, by which column."""

    table: str
    column: str
    days: int

    @property
    def clause(self) -> str:
        """The TTL as ClickHouse itself writes it, so that what is there can be compared."""
        return f"{self.column} + toIntervalDay({self.days})"


REJECT_DAYS = 14
_TODAY = "toDate(now('UTC'))"
_NEWEST_DAY = (
    "SELECT max(toDate(partition)) FROM system.parts WHERE active AND database = {database:String}"
    " AND table IN ('events', 'views', 'rejects')"
)
"""The day on which the newest row was received: each of these tables has a partition for each day of receipt."""


def migrations() -> tuple[Migration, ...]:
    """Every migration there is, in order."""
    folder = resources.files("firstframe.engine") / "migrations"
    files = sorted((file.name, file.read_text("utf-8")) for file in folder.iterdir())
    return tuple(_migration(name, text) for name, text in files if _NAME.fullmatch(name))


@cache
def migration_count() -> int:
    """How many there are: an engine that has seen as many has the tables of this version."""
    return len(migrations())


def pending(engine: Engine) -> tuple[Migration, ...]:
    """The migrations that this engine has not seen; nothing is changed."""
    try:
        applied = {row[0] for row in engine.query("SELECT number FROM migrations").rows}
    except EngineError as error:
        if error.code not in (_UNKNOWN_TABLE, _UNKNOWN_DATABASE):
            raise
        return migrations()
    return tuple(each for each in migrations() if each.number not in applied)


def migrate(engine: Engine) -> tuple[Migration, ...]:
    """Apply what is pending and say what it was; where nothing is, nothing is written. Raises `EngineError`."""
    todo = pending(engine)
    if todo:
        engine.create_database()
        engine.command(_LEDGER)
    for migration in todo:
        for statement in migration.statements:
            engine.command(statement)
        engine.insert("migrations", ("number", "name"), [(migration.number, migration.name)])
    return todo


def script(todo: Sequence[Migration]) -> str:
    """What `migrate` would run, for people to read first."""
    return "\n\n".join(
        f"-- {each.number:04} {each.name}\n" + "\n\n".join(f"{statement};" for statement in each.statements)
        for each in todo
    )


def retentions(event_days: int, view_days: int) -> tuple[Retention, ...]:
    """How long each table keeps its rows."""
    return (
        Retention("events", "toDateTime(received_at)", event_days),
        Retention("views", "first_hour", view_days),
        Retention("rejects", "toDateTime(received_at)", REJECT_DAYS),
    )


def apply_retention(engine: Engine, *, event_days: int, view_days: int) -> tuple[str, ...]:
    """Give each table the time-to-live that the settings ask for; the statements that were needed for it."""
    tables = engine.query(
        "SELECT name, engine_full FROM system.tables WHERE database = {database:String}",
        {"database": engine.target.database},
    )
    there: dict[str, str] = {row[0]: row[1] for row in tables.rows}
    needed = tuple(
        f"ALTER TABLE {each.table} MODIFY TTL {each.clause}"
        for each in retentions(event_days, view_days)
        if f"TTL {each.clause} " not in f"{there.get(each.table, '')} "
    )
    for statement in needed:
        engine.command(statement)
    return needed


def say_held(held: Held) -> None:
    """Warn of days that stay because the clock is not believed."""
    log.warning(
        "the clock is more than a day ahead of the newest stored row: days that it says are expired stay",
        table=held.table,
        newest_stored_day=held.newest_stored_day,
        days_kept=held.days_kept,
    )


def drop_expired(
    engine: Engine, *, event_days: int, view_days: int, tell: Callable[[Held], None] = say_held
) -> tuple[str, ...]:
    """Let go of days that are wholly beyond their retention; the statements that were needed for it.

    The engine itself does so within hours, by its merges; but those rest on a full disk, where it is wanted most.
    The machine's clock is trusted for no more than a day after the newest row that is stored: one that stands years
    ahead, as after a dead battery, would have everything dropped.
    """
    clauses = retentions(event_days, view_days)
    try:
        found = [(each.table, day) for each in clauses for day in _expired(engine, each, tell)]
    except EngineError as error:
        if error.code != _UNKNOWN_DATABASE:
            raise
        return ()
    # The engine would ask back about a day of more than 50 GB.
    needed = [
        f"ALTER TABLE {table} DROP PARTITION '{day}' SETTINGS max_partition_size_to_drop = 0"
        for table, day in found
    ]
    for statement in needed:
        engine.command(statement)
    return tuple(needed)


def _expired(engine: Engine, retention: Retention, tell: Callable[[Held], None]) -> list[str]:
    """The days, each a partition, of which no row is within its time."""
    found = engine.query(
        f"WITH {_TODAY} AS today, ({_NEWEST_DAY}) AS newest, least(today, newest + 1) AS trusted"
        " SELECT DISTINCT partition, toDate(partition) < trusted - {days:Int64}, toString(newest)"
        " FROM system.parts WHERE active AND database = {database:String} AND table = {table:String}"
        " AND toDate(partition) < today - {days:Int64} ORDER BY partition",
        {"database": engine.target.database, "table": retention.table, "days": retention.days},
    ).rows
    if held := [(day, newest) for day, due, newest in found if not due]:
        tell(Held(retention.table, held[0][1], len(held)))
    return [day for day, due, _ in found if due]


def _migration(file: str, text: str) -> Migration:
    found = _NAME.fullmatch(file)
    assert found is not None  # noqa: S101 - the caller matched it
    bare = re.sub(r"^\s*--.*\n", "", text, flags=re.MULTILINE)
    statements = [part.strip() for part in re.split(r";\s*(?:\n|$)", bare)]
    return Migration(int(found[1]), found[2], tuple(part for part in statements if part))
