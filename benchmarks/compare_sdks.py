"""The same playback measured at once by firstframe's own browser SDK and the four vendors' SDKs, as a table beside the truth.

    .venv/bin/python benchmarks/compare_sdks.py            # writes docs/comparison.md and benchmarks/results
    .venv/bin/python benchmarks/compare_sdks.py --print    # only shows the tables
    .venv/bin/python benchmarks/compare_sdks.py --quick    # the first two scenarios, only shown

One page of real headless Chromium plays a video; Pillarbox brings the player, all others watch its element. Each
reports to one running firstframe in its own language; the rows are what firstframe makes of it. The truth is what an
observer saw of the element's own clock, every ten milliseconds. One scenario after the other: about two minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from report import Figure, publish, report  # noqa: E402

from e2e import support_scenario as scenario  # noqa: E402
from e2e.support_bench import Bench, Run, Target  # noqa: E402
from e2e.support_bundle import make_bundles  # noqa: E402
from e2e.support_collector import build_collector  # noqa: E402
from e2e.support_media import make_media  # noqa: E402
from e2e.support_product import Product, Row  # noqa: E402
from e2e.support_server import StaticServer  # noqa: E402

CACHE = ROOT / "tests" / "e2e" / ".cache"
PAGE = ROOT / "docs" / "comparison.md"
SCENARIOS = (
    scenario.NORMAL,
    scenario.PAUSE,
    scenario.REBUFFER,
    scenario.SEEK,
    scenario.ENDED,
    scenario.EXIT_BEFORE_START,
    scenario.MID_ERROR,
)
TITLES = {
    "normal": "Play, leave",
    "pause": "Play, pause, play, leave",
    "rebuffer": "The data stops for two seconds",
    "seek": "A seek to where nothing is buffered",
    "ended": "Played to the end",
    "exit_before_start": "Left before the first frame",
    "mid_error": "A decoding error in the middle",
}
SDKS = {
    "native": "firstframe",
    "mux": "mux-embed 5.19.0",
    "bitmovin": "bitmovin-analytics 2.51.0",
    "livepeer": "@livepeer/core-web 5.2.6",
    "pillarbox": "@srgssr/pillarbox-web 1.32.2",
}
COLUMNS: Mapping[str, tuple[str, str]] = {
    "startup": ("video_startup_time_ms", "startup_ms_from_play"),
    "playing": ("content_playing_time_ms", "playing_ms"),
    "rebuffering": ("rebuffer_duration_ms", "stalled_ms"),
    "seeking": ("seek_time_ms", "seeking_ms"),
    "paused": ("pause_time_ms", "paused_ms"),
}
"""Column → field of the row, and what the observer calls it."""
OTHER_STARTUP = "startup_is_ready_time"
"""A startup with this flag is another thing than the truth's."""
JUDGED = ("startup", "playing", "rebuffering")
"""Columns of the summary."""
PATIENCE_SECONDS = 15
"""After the last visit; what is not there by then was never told."""
QUICK = 2
WANTED = "≤ 50 for startup, ≤ 100 or 2 % for the others"

HEAD = """\
# One playback, five SDKs

The same playback, measured at once by firstframe's own browser SDK and by the four vendors' SDKs on one page, each
reporting to firstframe in its own language. The first row of each table is the truth: what an observer saw of the
element's own clock. All times are milliseconds; a dash means that the SDK cannot know, *approx* lists the row's own flags.
Made by `benchmarks/compare_sdks.py` in headless Chromium.

The rows of the vendors' SDKs are what firstframe makes of their reports, after correcting what can be corrected;
their own dashboards may show other numbers. Pillarbox counts its startup from load to ready and is silent before that,
Bitmovin's startup ends at the first time update, Livepeer's may end before the clock moves. Five SDKs in one page also wait for
each other: the times here are longer than with one alone.

## Furthest from the truth

The largest difference over all scenarios below.

"""

Found = Mapping[str, Row | None]


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description="our collector and four vendors' SDKs on one playback")
    parser.add_argument("--print", action="store_true", help="write nothing")
    parser.add_argument("--quick", action="store_true", help="two scenarios, write nothing")
    asked = parser.parse_args()
    results = measure(SCENARIOS[:QUICK] if asked.quick else SCENARIOS)
    text = HEAD + summary(results) + "\n" + "\n".join(table(run, found) for run, found in results)
    print(text)
    if not (asked.print or asked.quick):
        PAGE.write_text(text)
        title = "Our own collector and the vendors' SDKs on one playback"
        publish(report("compare_sdks", title, "benchmarks/compare_sdks.py", figures(results)))


def measure(scenarios: Sequence[scenario.Scenario]) -> list[tuple[Run, Found]]:
    """Each scenario with what every SDK told of it."""
    build_collector()
    server = StaticServer(make_media(CACHE), make_bundles())
    with tempfile.TemporaryDirectory() as folder:
        product = Product(Path(folder) / "data")
        product.start()
        try:
            target = Target(product.collector_port, lambda port, _: f"http://127.0.0.1:{port}")
            visits = [visit.but(steps=(*visit.steps, ("wait", 1.5))) for visit in scenarios]
            bench = Bench(server)
            runs = [bench.run("compare", [visit], target)[visit.name] for visit in visits]
            deadline = time.monotonic() + PATIENCE_SECONDS
            return [
                (run, {dialect: row_of(product, run, dialect, deadline) for dialect in SDKS}) for run in runs
            ]
        finally:
            product.stop()
            server.close()


def row_of(product: Product, run: Run, dialect: str, deadline: float) -> Row | None:
    """What came of one SDK's report, closed if it may be; None when it told of nothing."""
    while True:
        found = product.views(dialect=dialect, source_url=run.sources[0])
        if (found and found[-1]["closed"]) or time.monotonic() > deadline:
            return found[-1] if found else None
        time.sleep(0.25)


def distances(results: Sequence[tuple[Run, Found]], dialect: str, column: str) -> list[float]:
    """How far one SDK was from the truth in one column, over the scenarios in which it says that it knows it."""
    field, seen = COLUMNS[column]
    rows = [(row, run.view[seen]) for run, found in results if (row := found[dialect])]
    pairs = [
        (row[field], true)
        for row, true in rows
        if not (column == "startup" and OTHER_STARTUP in row["approx"])
    ]
    return [abs(told - true) for told, true in pairs if told is not None and true is not None]


def summary(results: Sequence[tuple[Run, Found]]) -> str:
    """The largest distance from the truth for each SDK."""
    lines = [f"| | {' | '.join(JUDGED)} | views seen |", "|---|" + "---:|" * (len(JUDGED) + 1)]
    for dialect, name in SDKS.items():
        worst = [distances(results, dialect, column) for column in JUDGED]
        cells = [f"{max(each):,.0f}" if each else "—" for each in worst]
        told = sum(found[dialect] is not None for _, found in results)
        lines.append(f"| {name} | {' | '.join(cells)} | {told} of {len(results)} |")
    return "\n".join(lines) + "\n"


def figures(results: Sequence[tuple[Run, Found]]) -> Iterator[Figure]:
    """The summary as figures, each vendor's beside ours."""
    for column in JUDGED:
        for dialect in SDKS:
            found = distances(results, dialect, column)
            if found:
                ours = None if dialect == "native" else f"{column}, native"
                name = f"{column}, {dialect}"
                yield Figure(
                    name=name, value=max(found), unit="ms off", baseline=ours, wanted="" if ours else WANTED
                )


def table(run: Run, found: Found) -> str:
    """One scenario."""
    seen = run.view
    lines = [
        f"## {TITLES[run.scenario.name]}\n",
        f"| | {' | '.join(COLUMNS)} | stalls | outcome | approx |",
        "|---|" + "---:|" * (len(COLUMNS) + 1) + "---|---|",
        line("**the element**", [seen[name] for _, name in COLUMNS.values()], len(seen["stalls"]), "", []),
    ]
    for dialect, name in SDKS.items():
        row = found[dialect]
        if row is None:
            lines.append(f"| {name} | " + "— | " * (len(COLUMNS) + 1) + "no view | |")
            continue
        values = [row[field] for field, _ in COLUMNS.values()]
        lines.append(line(name, values, row["rebuffer_count"], row["outcome"], row["approx"]))
    return "\n".join(lines) + "\n"


def line(name: str, values: Sequence[Any], stalls: Any, outcome: str, approx: Sequence[str]) -> str:
    numbers = ["—" if value is None else f"{value:,.0f}" for value in [*values, stalls]]
    return f"| {name} | {' | '.join(numbers)} | {outcome} | {', '.join(approx)} |"


if __name__ == "__main__":
    main()
