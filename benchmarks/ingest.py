"""How many beacons a second are kept and counted, how soon, and what that costs; beside what others do with the same.

    .venv/bin/python benchmarks/ingest.py            # about eight minutes
    .venv/bin/python benchmarks/ingest.py --quick    # about one

The load is the demo's posts of every dialect, distinct views side by side. Needs wrk; Node and PostgreSQL for the
baselines (what is missing is left out and said). All write to the same disk: name another with --folder.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec
from freshness import probe
from load import Pressure, pace, press, request_of, stream, write
from postgres import execute, postgres
from process import Cost, cost, costs, free_port, listens, running, sharing, spent, sum_of
from product import Product, collector, now_ms, product
from report import Figure, publish, report

from firstframe.dialects import DIALECTS
from firstframe.fold.reading import read
from firstframe.journal import journal_folder
from firstframe.journal.replay import replay
from firstframe.settings import Settings

HERE = Path(__file__).parent
TABLE = "CREATE TABLE beacons (at timestamptz, path text, agent text, body text)"
ALL_SEEN_SECONDS = 420
CONNECTIONS = (64, 256)
"""Each with one beacon on its way; the first are the figures' own, more are told with their number."""
SUSTAINED_RATE = 10_000
"""Beacons a second that everything together is wanted to keep up with, sent whether or not it does."""
STEADY_RATE = 1_000
"""Beacons a second, whatever the machine can do: about ten thousand viewers."""


REST_SECONDS = 60
"""After an overload the engine still merges what that left: it is given so long before an ordinary load begins."""


class Size(msgspec.Struct, frozen=True):
    """How much of each."""

    seconds: float
    """Of each closed loop."""
    beacons: int
    """Fed end to end."""
    steady_seconds: float
    """At half load."""


FULL = Size(seconds=12, beacons=200_000, steady_seconds=30)
QUICK = Size(seconds=4, beacons=10_000, steady_seconds=8)


class Bench:
    """One run: the load, the figures found so far."""

    def __init__(self, place: Path, size: Size) -> None:
        self.place = place
        self.size = size
        self.figures: list[Figure] = []
        self.remarks: list[str] = []
        self.load = place / "load"
        posts = stream(round(size.seconds * 12_000), seed=9)
        self.mix = {name: sum(post.dialect == name for post in posts) / len(posts) for name in names()}
        self.bytes = sum(len(post.body) for post in posts) / len(posts)
        write(map(request_of, posts), self.load)

    def add(self, name: str, value: float, unit: str, **more: Any) -> None:
        print(f"{name}: {value:,.4g} {unit}", file=sys.stderr, flush=True)
        self.figures.append(Figure(name=name, value=value, unit=unit, **more))

    # the edge and what it is compared with

    def edges(self) -> None:
        """The collector alone, and each baseline, under the same closed loop."""
        for processes, pair in ((1, ""), (2, ", two processes")):
            place = self.place / f"edge-{processes}"
            self._closed(f"null server{pair}", partial(self._null, processes))
            self._closed(
                f"edge{pair}",
                partial(collector, place, processes),
                baseline=f"null server{pair}",
                wanted="≥ 0.6",
            )
        self._optional("fastify, group commit", self._fastify, ("node", "npm"))
        self._optional("fastapi, insert per request", self._fastapi, ())
        found = {figure.name: figure.value for figure in self.figures}
        for edge, other, crowd in itertools.product(
            ("edge", "edge, two processes"),
            ("fastify, group commit", "fastapi, insert per request"),
            map(_crowd, CONNECTIONS),
        ):
            if f"{other}{crowd}: accepted" in found:
                more = {
                    "baseline": f"{other}{crowd}: accepted",
                    "wanted": "≥ 1" if "fastify" in other else "",
                }
                self.add(f"{edge} beside {other}{crowd}", found[f"{edge}{crowd}: accepted"], "/s", **more)

    def _closed(self, name: str, serve: Callable[[], Any], *, baseline: str = "", wanted: str = "") -> None:
        with serve() as (port, pids):
            press(port, self.load, 1)  # warm
            for connections in CONNECTIONS:
                before = sum_of(map(cost, pids))
                found = press(port, self.load, self.size.seconds, connections)
                crowd = _crowd(connections)
                against = f"{baseline}{crowd}" if baseline else ""
                self._tell(f"{name}{crowd}", found, before, sum_of(map(cost, pids)), against, wanted)

    def _tell(
        self, name: str, found: Pressure, before: Cost, after: Cost, baseline: str, wanted: str
    ) -> None:
        against = f"{baseline}: accepted" if baseline else None
        cpu = (after.cpu_seconds - before.cpu_seconds) / max(1, found.requests) * 1000
        note = f"{found.failed} refused or lost" if found.failed else ""
        self.add(f"{name}: accepted", found.rate, "/s", baseline=against, wanted=wanted, note=note)
        self.add(f"{name}: CPU", cpu, "s per 1,000", baseline=f"{baseline}: CPU" if baseline else None)
        for share, value in (("p50", found.p50_ms), ("p99", found.p99_ms), ("p99.9", found.p999_ms)):
            self.add(f"{name}: {share} when full", value, "ms")
        self.add(f"{name}: memory", after.memory_bytes / 2**20, "MiB")

    @contextmanager
    def _null(self, processes: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        port = free_port()
        command = [sys.executable, str(HERE / "baselines" / "null.py"), str(port)]
        with sharing(port, [command] * processes, self.place / "null.log") as pids:
            yield port, pids

    def _optional(self, name: str, serve: Callable[[], Any], programs: tuple[str, ...]) -> None:
        missing = [program for program in programs if shutil.which(program) is None]
        if missing:
            self.remarks.append(f"Not measured: {name} ({', '.join(missing)} missing).")
            return
        try:
            self._closed(name, serve)
        except (SystemExit, subprocess.CalledProcessError) as error:
            self.remarks.append(f"Not measured: {name} ({error}).")

    @contextmanager
    def _fastify(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        port, modules = free_port(), installed_node(HERE / "baselines" / "fastify")
        with postgres(self.place / "pg") as url, self._with_table(url) as _:
            command = ["node", str(modules / "server.js"), str(port), url]
            with running(command, self.place / "fastify.log", lambda: listens(port)) as pid:
                yield port, (pid,)

    @contextmanager
    def _fastapi(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        port, python = free_port(), installed_python(HERE / "baselines" / "fastapi")
        with postgres(self.place / "pg") as url, self._with_table(url) as _:
            command = [str(python), str(HERE / "baselines" / "fastapi" / "server.py"), str(port), url]
            with running(command, self.place / "fastapi.log", lambda: listens(port)) as pid:
                yield port, (pid,)

    @contextmanager
    def _with_table(self, url: str) -> Iterator[None]:
        execute(url, TABLE)
        yield

    # end to end

    def end_to_end(self) -> None:
        """Everything on: a run of beacons as fast as they are taken, until all can be queried; then at steady rates."""
        with product(self.place / "whole") as running_product:
            rate = self._flood(running_product)
            self._check(running_product, self.size.beacons)
            self._sustained(running_product)
            self._steady(running_product, "half load right after overload", rate / 2, is_wanted=False)
            time.sleep(REST_SECONDS)
            self._steady(running_product, "half load", rate / 2)
            self._steady(running_product, "steady load", STEADY_RATE)

    def _flood(self, whole: Product) -> float:
        feed = self.place / "feed"
        count = write(map(request_of, stream(self.size.beacons, seed=23)), feed)
        before, began = costs(whole.roles), time.monotonic()
        found = press(whole.port, feed, 600)
        fed_ms, fed = now_ms(), time.monotonic()
        behind = whole.progress().lag_beacons
        whole.wait_until_seen(fed_ms, ALL_SEEN_SECONDS)
        seconds = time.monotonic() - began
        rate = count / seconds
        after = costs(whole.roles)
        self.add("end to end: accepted, folded, queryable", rate, "/s", wanted="≥ 10,000")
        self.add(
            "end to end: taken while fed", count / (fed - began), "/s", note=f"{found.failed} refused or lost"
        )
        self.add("end to end: behind when all were taken", behind, "beacons")
        for role, used in spent(before, after).items():
            self.add(f"end to end: CPU of {role}", used / count * 1000, "s per 1,000")
            self.add(f"end to end: memory of {role}", after[role].memory_bytes / 2**20, "MiB")
        return rate

    def _check(self, whole: Product, sent: int) -> None:
        """Accepted is queryable: the journal's beacons, read here, are the engine's events and views."""
        settings = Settings(data=str(whole.folder.path))
        batch = read(replay(journal_folder(settings), 0, 2**62), {each.name: each for each in DIALECTS})
        keys = {(name.key, event.key) for name, events in batch.events.items() for event in events}
        engine = whole.engine()
        views = engine.query("SELECT count() FROM (SELECT DISTINCT view_key FROM views FINAL)").rows[0][0]
        events = engine.query("SELECT count() FROM events FINAL").rows[0][0]
        engine.close()
        self.add("end to end: accepted beacons", batch.beacon_count, "", note=f"of {sent:,} sent")
        self.add("end to end: their events, missing or too many", abs(len(keys) - events), "", wanted="0")
        self.add(
            "end to end: their views, missing or too many", abs(len(batch.events) - views), "", wanted="0"
        )

    def _sustained(self, whole: Product) -> None:
        """As many as are wanted, for as long as a steady load: how far behind the fold comes, and whether it stays there."""
        name = f"{SUSTAINED_RATE:,} a second"
        requests = list(map(request_of, stream(round(SUSTAINED_RATE * self.size.steady_seconds), seed=41)))
        behind: list[int] = []
        with ThreadPoolExecutor(1) as pool:
            answering = pool.submit(pace, whole.port, requests, SUSTAINED_RATE)
            while not answering.done():
                time.sleep(0.5)
                behind.append(whole.progress().lag_beacons)
            answered = answering.result()
        sent, sent_ms = time.monotonic(), now_ms()
        whole.wait_until_seen(sent_ms, ALL_SEEN_SECONDS)
        caught_up = time.monotonic() - sent
        note = f"{answered.sent - answered.accepted} not accepted"
        self.add(f"{name}: accepted", answered.accepted / answered.seconds, "/s", note=note)
        self.add(f"{name}: p99 of the durable answer", answered.percentile_ms(0.99), "ms")
        self.add(f"{name}: behind at most, first half", max(behind[: len(behind) // 2]), "beacons")
        self.add(f"{name}: behind at most, second half", max(behind[len(behind) // 2 :]), "beacons")
        self.add(f"{name}: all queryable after the last answer", caught_up, "s")

    def _steady(self, whole: Product, load: str, rate: float, *, is_wanted: bool = True) -> None:
        """So much for a while; where ``is_wanted``, beside what is wanted of it."""
        requests = list(map(request_of, stream(round(rate * self.size.steady_seconds), seed=round(rate))))
        before = costs(whole.roles)
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            probing = pool.submit(probe, whole.port, whole.folder.engine_face().url, self.size.steady_seconds)
            answered = pace(whole.port, requests, rate)
            probes = probing.result()
        used = spent(before, costs(whole.roles))
        self.add(f"{load}: sent", rate, "/s", note=f"{answered.sent - answered.accepted} not accepted")
        for name, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)):
            wanted = "< 30" if name == "p99" and is_wanted else ""
            self.add(
                f"{load}: {name} of the durable answer", answered.percentile_ms(share), "ms", wanted=wanted
            )
        for name, share in (("p50", 0.5), ("p99", 0.99), ("longest", 1.0)):
            wanted = "< 3" if name == "p99" and is_wanted else ""
            note = f"{len(probes.seen)} probes, {len(probes.unseen)} unseen" if name == "p99" else ""
            self.add(f"{load}: freshness, {name}", probes.percentile(share), "s", wanted=wanted, note=note)
        for role, seconds in used.items():
            self.add(f"{load}: CPU of {role}", seconds / max(1, answered.sent) * 1000, "s per 1,000")


def _crowd(connections: int) -> str:
    return "" if connections == CONNECTIONS[0] else f" over {connections} connections"


def names() -> list[str]:
    return [dialect.name for dialect in DIALECTS]


def installed_node(source: Path) -> Path:
    """A copy of a baseline with its modules, made once for each version of its lock."""
    place = _kept(source / "package-lock.json")
    if not (place / "node_modules" / ".package-lock.json").exists():
        place.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, place)
        subprocess.run(["npm", "ci", "--silent", "--no-audit"], cwd=place, check=True, capture_output=True)
    shutil.copy(source / "server.js", place)
    return place


def installed_python(source: Path) -> Path:
    """The interpreter of an environment with a baseline's packages, made once for each version of its list."""
    place = _kept(source / "requirements.txt")
    python = place / "bin" / "python"
    if not (place / "whole").exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        pip = [str(python), "-m", "pip", "-q", "install", "-r", str(source / "requirements.txt")]
        subprocess.run(pip, check=True, capture_output=True)
        (place / "whole").touch()
    return python


def _kept(lock: Path) -> Path:
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"firstframe-baseline-{lock.parent.name}-{digest}"


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--folder", type=Path, help="where all of them write (a temporary folder)")
    parser.add_argument("--only", choices=("edge", "whole"), help="one half of it")
    parser.add_argument("--no-publish", action="store_true", help="print, and leave the results as they are")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leave nothing running
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="firstframe-ingest-") as place:
        Path(place).chmod(0o755)
        bench = Bench(Path(place), QUICK if asked.quick else FULL)
        if asked.only != "whole":
            bench.edges()
        if asked.only != "edge":
            bench.end_to_end()
    mix = ", ".join(f"{name} {share:.0%}" for name, share in bench.mix.items())
    command = "benchmarks/ingest.py" + " --quick" * asked.quick
    load = f"Load: {mix}; {bench.bytes:,.0f} bytes in the mean body."
    publish_to(report("ingest", "Ingest", command, bench.figures, load, *bench.remarks), asked.no_publish)


def publish_to(made: Any, is_trial: bool) -> None:
    """Into the results, or only to the screen."""
    if not is_trial:
        publish(made)
        return
    from report import page

    print(page(made))


if __name__ == "__main__":
    main()
