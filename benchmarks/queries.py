"""Questions at millions of views: through the product's own statements, against the plain scan, DuckDB and PostgreSQL.

`.venv/bin/python benchmarks/queries.py` takes a million views; ``--quick`` 200,000, ``--views 5000000`` as many as said.
The baselines hold the latest version of the same rows; DuckDB is taken along where it is installed (`pip install duckdb`).
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import baseline_rows
from process import cost, free_port, wait_until
from question_list import QUESTIONS, Ask
from report import Figure, publish, report
from view_load import DAY_MS, DAYS, PROJECT, REWRITTEN_DAYS, Load, fill

from firstframe.engine.client import AsyncEngine, Engine
from firstframe.engine.migrate import migrate

MILLION, QUICK = 1_000_000, 200_000
_PASSWORD = "benchmark"  # noqa: S105 - of an engine on loopback that lives as long as this run
_SERVE = """
import sys
from pathlib import Path
from firstframe.engine.server import run
run(Path(sys.argv[1]), "127.0.0.1", int(sys.argv[2]), write_password=sys.argv[3], read_password="",
    memory_bytes=8 << 30, query_seconds=600)
"""


@contextmanager
def engine_on(folder: Path) -> Iterator[tuple[Engine, int]]:
    """The embedded engine as its own process, with the product's tables; and its process id."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", _SERVE, str(folder), str(port), _PASSWORD])
    engine = Engine.connect(f"clickhouse://default:{_PASSWORD}@127.0.0.1:{port}/queries")
    try:
        wait_until(lambda: _answers(port), 300, "the engine")
        migrate(engine)
        yield engine, process.pid
    finally:
        engine.close()
        process.terminate()
        process.wait(60)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5) as answer:
            return bool(answer.read())
    except OSError:
        return False


def settle(engine: Engine, load: Load) -> None:
    """What the engine does by itself with a day to which nothing is written for a while: one part, one version each."""
    last = load.end_ms - REWRITTEN_DAYS * DAY_MS
    days = engine.query(
        "SELECT DISTINCT partition FROM system.parts WHERE active AND database = currentDatabase()"
        " AND table = 'views' AND partition < toString(toDate(fromUnixTimestamp64Milli({last:Int64}, 'UTC')))",
        {"last": last},
    )
    for (day,) in days.rows:
        engine.command(f"OPTIMIZE TABLE views PARTITION '{day}' FINAL")
    wait_until(
        lambda: engine.query("SELECT count() FROM system.merges").rows == [(0,)], 600, "the last merge"
    )


def timed(call: Callable[[], object], runs: int) -> list[float]:
    """Milliseconds of each run; the first, which warms the caches, is not among them."""
    call()
    found = []
    for _ in range(runs):
        begun = time.perf_counter()
        call()
        found.append((time.perf_counter() - begun) * 1000)
    return found


def figure(
    name: str, times: Sequence[float], *, baseline: str | None = None, wanted: str = "", note: str = ""
) -> Figure:
    """The median of some runs, with their 95th percentile beside it."""
    p95 = sorted(times)[min(len(times) - 1, round(0.95 * len(times)))]
    said = f"p95 {p95:.0f} ms" + (f"; {note}" if note else "")
    return Figure(
        name=name, value=statistics.median(times), unit="ms", baseline=baseline, wanted=wanted, note=said
    )


def measure(ask: Ask, engine: Engine, pid: int, load: Load, runs: int) -> Iterator[Figure]:
    """A question through the product, and the plain scan of the columns that it needs."""
    wrapped = AsyncEngine(engine, threads=2)
    before = cost(pid, alone=True).cpu_seconds
    times = timed(lambda: asyncio.run(ask.product(wrapped, load)), runs)
    cpu = (cost(pid, alone=True).cpu_seconds - before) * 1000 / (runs + 1)
    yield figure(
        ask.name,
        times,
        baseline=f"{ask.name}, plain scan" if ask.scan else None,
        wanted="< 100 ms at 5 million, ≤ 3 × the scan",
        note=f"{cpu:.0f} ms of CPU",
    )
    if ask.scan:
        sql = ask.scan_sql(load, PROJECT)
        yield figure(f"{ask.name}, plain scan", timed(lambda: engine.query(sql), runs))


def disk(engine: Engine) -> Iterator[Figure]:
    """Bytes on disk for each view: all, the indexes, and the columns that take most (small parts do not tell columns)."""
    (rows, every, index, marks), *_ = engine.query(
        "SELECT sum(rows), sum(bytes_on_disk), sum(secondary_indices_compressed_bytes), sum(marks_bytes)"
        " FROM system.parts WHERE active AND database = currentDatabase() AND table = 'views'"
    ).rows
    yield Figure(name="disk, all", value=every / rows, unit="bytes a row", wanted="≤ 120")
    yield Figure(name="disk, indexes", value=index / rows, unit="bytes a row")
    yield Figure(name="disk, marks", value=marks / rows, unit="bytes a row")
    columns = engine.query(
        "SELECT column, sum(column_data_compressed_bytes) AS bytes FROM system.parts_columns WHERE active"
        " AND database = currentDatabase() AND table = 'views' GROUP BY column HAVING bytes > 0 ORDER BY bytes DESC"
    )
    for column, size in columns.rows[:40]:
        yield Figure(name=f"disk, column {column}", value=size / rows, unit="bytes a row")
    rest = sum(size for _, size in columns.rows[40:])
    yield Figure(name="disk, all other columns", value=rest / rows, unit="bytes a row")


def run(views: int, runs: int, folder: Path, *, baselines: bool) -> tuple[list[Figure], list[str]]:
    """Everything, in turn: nothing else of ours runs while something is measured."""
    load = Load(views, int(time.time()) * 1000 // DAY_MS * DAY_MS)
    found: list[Figure] = []
    with engine_on(folder / "engine") as (engine, pid):
        begun = time.perf_counter()
        fill(engine, load)
        filled = time.perf_counter() - begun
        settle(engine, load)
        remarks = [
            f"{views:,} views of {DAYS} days, loaded in {filled:.0f} s; FINAL everywhere but in the scans."
        ]
        for ask in QUESTIONS:
            found += measure(ask, engine, pid, load, runs)
        found += disk(engine)
        if baselines:
            baseline_rows.export(engine, load, folder)
    if baselines:
        for name, opened in baseline_rows.SYSTEMS.items():
            with opened(folder) as query:
                if query is None:
                    remarks.append(f"{name} is not installed here.")
                    continue
                for ask in (one for one in QUESTIONS if one.other):
                    sql = ask.other_sql(load)
                    times = timed(partial(query, sql), runs)
                    found.append(figure(f"{ask.name}, {name}", times, baseline=ask.name))
    return found, remarks


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--views", type=int, default=MILLION)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} views, few runs")
    parser.add_argument("--no-baselines", action="store_true", help="without DuckDB and PostgreSQL")
    asked = parser.parse_args()
    views, runs = (QUICK, 3) if asked.quick else (asked.views, asked.runs)
    with tempfile.TemporaryDirectory(prefix="firstframe-queries-") as folder:
        Path(folder).chmod(0o755)
        found, remarks = run(views, runs, Path(folder), baselines=not asked.no_baselines)
    command = " ".join(["benchmarks/queries.py", *sys.argv[1:]])
    name = "queries" if views == MILLION else f"queries_{views}"
    publish(report(name, f"Questions about {views:,} views", command, found, *remarks))


if __name__ == "__main__":
    main()
