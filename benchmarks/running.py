"""What the running product costs: memory and CPU with so many open views, the start with stored ones, disk by beacon.

    .venv/bin/python benchmarks/running.py                      # about six minutes
    .venv/bin/python benchmarks/running.py --quick              # about two
    .venv/bin/python benchmarks/running.py --stored 5000000     # starts on more stored views

Open views beat as players do, each about every 30 s. Needs wrk.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from ingest import publish_to
from load import pace, press, request_of, stream, write
from process import costs, size_of, spent
from product import Product, now_ms, product
from report import Figure, report
from view_load import Load, fill

HEADER = "POST /native/v1/beacons HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\n"
BEAT_SECONDS = 30
SEEN_SECONDS = 240


class Size(msgspec.Struct, frozen=True):
    """How much of each."""

    open_views: tuple[int, ...]
    watch_seconds: float
    stored: int
    beacons: int


FULL = Size((1_000, 10_000, 50_000), 20, 1_000_000, 50_000)
QUICK = Size((1_000, 10_000), 6, 100_000, 8_000)


class Bench:
    """One run and its figures."""

    def __init__(self, place: Path, size: Size) -> None:
        self.place = place
        self.size = size
        self.figures: list[Figure] = []

    def add(self, name: str, value: float, unit: str, **more: Any) -> None:
        print(f"{name}: {value:,.4g} {unit}", file=sys.stderr, flush=True)
        self.figures.append(Figure(name=name, value=value, unit=unit, **more))

    def run(self) -> None:
        with product(self.place / "open") as whole:
            time.sleep(5)  # what a start leaves to be done is not idle
            self._watch(whole, "idle", lambda: time.sleep(self.size.watch_seconds))
            opened = 0
            for count in self.size.open_views:
                self._open(whole, opened, count)
                opened = count
                self._beating(whole, count)
        self._disk()
        self._start()

    def _watch(self, whole: Product, name: str, meanwhile: Callable[[], object]) -> None:
        """CPU of each role while something goes on, and its memory after it."""
        before, began = costs(whole.roles), time.monotonic()
        meanwhile()
        seconds, after = time.monotonic() - began, costs(whole.roles)
        used = spent(before, after)
        wanted = "~0" if name == "idle" else ""
        self.add(f"{name}: CPU of all", 100 * sum(used.values()) / seconds, "% of a core", wanted=wanted)
        self.add(f"{name}: memory of all", sum(each.memory_bytes for each in after.values()) / 2**20, "MiB")
        for role, value in used.items():
            self.add(f"{name}: CPU of {role}", 100 * value / seconds, "% of a core")
            self.add(f"{name}: memory of {role}", after[role].memory_bytes / 2**20, "MiB")

    def _open(self, whole: Product, first: int, count: int) -> None:
        """Views that have begun to play."""
        at_ms = now_ms()
        feed = self.place / "feed"
        write((opening(number, at_ms) for number in range(first, count)), feed)
        press(whole.port, feed, 600)
        whole.wait_until_seen(now_ms(), SEEN_SECONDS)

    def _beating(self, whole: Product, count: int) -> None:
        """Heartbeats of all of them in turn."""
        rate, at_ms = count / BEAT_SECONDS, now_ms()
        beats = [
            beat(number % count, at_ms + round(number / rate * 1000))
            for number in range(round(rate * self.size.watch_seconds))
        ]
        self._watch(whole, f"{count:,} open views", lambda: pace(whole.port, beats, rate))
        lag = whole.progress()
        self.add(f"{count:,} open views: in the fold's memory", lag.open_views, "views")
        self.add(f"{count:,} open views: freshness", lag.lag_seconds, "s", wanted="< 3")

    def _disk(self) -> None:
        """What so many beacons take, once merged."""
        with product(self.place / "disk") as whole:
            feed = self.place / "feed"
            count = write(map(request_of, stream(self.size.beacons, seed=5)), feed)
            press(whole.port, feed, 600)
            whole.wait_until_seen(now_ms(), SEEN_SECONDS)
            engine = whole.engine()
            for table in ("events", "views"):
                engine.command(f"OPTIMIZE TABLE {table} FINAL")
                sql = (
                    "SELECT sum(bytes_on_disk), sum(rows) FROM system.parts WHERE active AND table = {table:String}"
                    " AND database = currentDatabase()"
                )
                found, rows = engine.query(sql, {"table": table}).rows[0]
                scale = 1_000_000 / count
                self.add(
                    f"disk for a million beacons: {table}",
                    found * scale / 2**20,
                    "MiB",
                    note=f"{rows:,} rows here",
                )
                self.add(f"disk for one row: {table}", found / max(1, rows), "bytes")
            engine.close()
            journal = size_of(whole.folder.journal)
            note = "kept for a day, then removed"
            self.add("disk for a million beacons: journal", journal * scale / 2**20, "MiB", note=note)

    def _start(self) -> None:
        """From nothing running to answering, on an empty folder and on stored views."""
        self.add("start: empty", self._started("stored"), "s")
        with product(self.place / "stored") as whole:
            engine = whole.engine()
            fill(engine, Load(self.size.stored, now_ms()))
            engine.close()
        self.add(
            f"start: {self.size.stored:,} stored views", self._started("stored"), "s", baseline="start: empty"
        )

    def _started(self, name: str) -> float:
        began = time.monotonic()
        with product(self.place / name):
            return time.monotonic() - began


def opening(number: int, at_ms: int) -> bytes:
    """The first beacon of a view."""
    context = {
        "video_id": f"video-{number % 200}",
        "video_title": "A film",
        "country": "DE",
        "player_name": "player",
    }
    events = [{"type": "play", "at": at_ms - 500}, {"type": "playing", "at": at_ms, "playhead_ms": 0}]
    return _post(
        {"view_id": f"view-{number}", "viewer_id": f"viewer-{number}", "context": context, "events": events}
    )


def beat(number: int, at_ms: int) -> bytes:
    """A view goes on."""
    events = [{"type": "heartbeat", "at": at_ms, "playhead_ms": at_ms % 10_000_000}]
    return _post({"view_id": f"view-{number}", "events": events})


def _post(body: dict[str, Any]) -> bytes:
    content = msgspec.json.encode(body)
    return f"{HEADER}content-length: {len(content)}\r\n\r\n".encode() + content


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--stored", type=int, help="views stored before a start")
    parser.add_argument("--folder", type=Path, help="where the product writes (a temporary folder)")
    parser.add_argument("--no-publish", action="store_true", help="print, and leave the results as they are")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leave nothing running
    size = QUICK if asked.quick else FULL
    if asked.stored:
        size = msgspec.structs.replace(size, stored=asked.stored)
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="firstframe-running-") as place:
        bench = Bench(Path(place), size)
        bench.run()
    command = "benchmarks/running.py" + " --quick" * asked.quick
    publish_to(report("running", "Cost of the running product", command, bench.figures), asked.no_publish)


if __name__ == "__main__":
    main()
