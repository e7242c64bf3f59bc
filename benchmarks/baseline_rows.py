"""DuckDB and PostgreSQL with the same rows: the latest version of every view, in the columns that the questions need."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from postgres import execute, postgres
from question_list import OTHER_COLUMNS
from view_load import DAY_MS, DAYS, Load

from firstframe.engine.client import Engine

Query = Callable[[str], object]
_TABLE = f"CREATE TABLE views ({', '.join(f'{name} {kind}' for name, (_, kind) in OTHER_COLUMNS.items())})"
_INDEXES = """
CREATE INDEX ON views (view_id);
CREATE INDEX ON views (project, view_end_ms);
CREATE INDEX ON views (project, view_start_ms);
CREATE INDEX ON views (project, country, view_end_ms);
ANALYZE views;
"""


def export(engine: Engine, load: Load, folder: Path) -> None:
    """Write the rows day by day, as CSV, which both can read."""
    for day in range(-1, DAYS + 1):
        start = load.start_ms + day * DAY_MS
        cells = ", ".join(f"{sql} AS {name}" for name, (sql, _) in OTHER_COLUMNS.items())
        sql = (
            f"SELECT {cells} FROM views FINAL WHERE view_start >= fromUnixTimestamp64Milli({start}, 'UTC')"
            f" AND view_start < fromUnixTimestamp64Milli({start + DAY_MS}, 'UTC')"
        )
        (folder / f"rows_{day + 1:02}.csv").write_bytes(engine.raw(sql, fmt="CSVWithNames"))


@contextmanager
def _duckdb(folder: Path) -> Iterator[Query | None]:
    try:
        import duckdb  # type: ignore[import-not-found]
    except ImportError:
        yield None
        return
    database = duckdb.connect(str(folder / "views.duckdb"))
    database.execute(_TABLE)
    database.execute(f"COPY views FROM '{folder}/rows_*.csv' (FORMAT csv, HEADER, NULLSTR '\\N')")
    database.execute("CREATE INDEX by_id ON views (view_id)")
    try:
        yield lambda sql: database.execute(sql).fetchall()
    finally:
        database.close()


@contextmanager
def _postgres(folder: Path) -> Iterator[Query | None]:
    options = ("shared_buffers=2GB", "work_mem=256MB", "maintenance_work_mem=512MB", "max_wal_size=8GB")
    with postgres(folder / "server", *options) as url:
        execute(url, _TABLE)
        for file in sorted(folder.glob("rows_*.csv")):
            copy = "\\copy views FROM STDIN (FORMAT csv, HEADER, NULL '\\N')"
            with file.open("rb") as rows:
                subprocess.run(
                    ["psql", url, "-X", "-q", "-c", copy], stdin=rows, check=True, capture_output=True
                )
        execute(url, _INDEXES)
        yield lambda sql: execute(url, sql)


SYSTEMS: Mapping[str, Callable[[Path], AbstractContextManager[Query | None]]] = {
    "DuckDB": _duckdb,
    "PostgreSQL": _postgres,
}
"""Each opens on a folder and gives what runs a statement, or None where it is not installed."""
