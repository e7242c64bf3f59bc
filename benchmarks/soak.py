"""Hours of steady, realistic load on the running product: does anything grow, and is everything right at the end?

Viewers of the demo play views in every dialect, some deliveries come twice, some minutes late, questions are asked
now and then; every ten seconds memory, open files, threads and processor time of each role are written down. At the
end nothing acknowledged may be lost or twice, and every row must equal a recomputation from its events.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from statistics import fmean, linear_regression
from typing import Any

import msgspec
import report
from process import size_of

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from firstframe.demo.drive import Drive, Plan
from firstframe.demo.line import Answer, address_of
from firstframe.demo.speech import Post
from firstframe.demo.tables import world
from firstframe.demo.voice import VOICES
from support_ledger import Ledger
from support_product import Product
from support_proof import Proof, settle

SAMPLE_SECONDS = 10.0
ASK_SECONDS = 20.0
TWICE_SHARE = 0.03
LATE_SHARE = 0.01
LATE_SECONDS = (20, 240)
QUESTIONS = (
    "/v1/query?metrics=attempts,plays,watch_time,rebuffer_percentage,video_startup_time.p95&from=-1h",
    "/v1/query?metrics=plays,watch_time&granularity=minute&from=-1h",
    "/v1/query?metrics=plays,unique_viewers&group_by=country,browser&from=-24h&limit=50",
    "/v1/views?limit=50",
    "/v1/health",
)
QUICK_MINUTES = 2.0
MIB = 2**20


class Sample(msgspec.Struct, frozen=True):
    """One role at one moment."""

    at_s: float
    role: str
    memory_mib: float
    """Proportional set size: what is shared is divided among those who share it."""
    files: int
    threads: int
    cpu_s: float


class SoakDrive(Drive):
    """The demo's viewers, with deliveries that come twice or late, every one of them noted."""

    def __init__(self, plan: Plan, chance: Random, ledger: Ledger) -> None:
        super().__init__(plan, world(), chance)
        self._ledger, self._odds = ledger, chance
        self.late: set[asyncio.Task[None]] = set()
        self.twice = self.delayed = 0

    async def _deliver(self, post: Post) -> None:
        if self._odds.random() < LATE_SHARE:
            self.delayed += 1
            task = asyncio.create_task(self._deliver_late(post, self._odds.uniform(*LATE_SECONDS)))
            self.late.add(task)
            task.add_done_callback(self.late.discard)
            return
        await super()._deliver(post)
        if self._odds.random() < TWICE_SHARE:
            self.twice += 1
            await super()._deliver(post)

    async def _deliver_late(self, post: Post, seconds: float) -> None:
        await self._rest(seconds)
        await super()._deliver(post)

    async def _send(self, post: Post) -> Answer | None:
        answer = await super()._send(post)
        self._ledger.note(post.path, post.headers, post.body, answer.status if answer else 0)
        return answer


class Watch:
    """Threads that look at the roles and ask questions until told to stop."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.samples: list[Sample] = []
        self.asked = self.failed = 0
        self.behind_s = 0.0
        """The longest that the fold was behind: what waits then is memory that comes and goes."""
        self._begun = time.monotonic()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._every, args=(SAMPLE_SECONDS, self._sample), daemon=True),
            threading.Thread(target=self._every, args=(ASK_SECONDS, self._ask), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _every(self, seconds: float, step: Callable[[], None]) -> None:
        while not self._stop.wait(seconds):
            step()

    def _sample(self) -> None:
        assert self.product.process is not None
        at = time.monotonic() - self._begun
        for role, pid in {"serve": self.product.process.pid, **self.product.roles()}.items():
            try:
                self.samples.append(sample(role, pid, at))
            except OSError:
                continue
        for told in (self.product.data / "run").glob("fold-*.json"):
            self.behind_s = max(self.behind_s, msgspec.json.decode(told.read_bytes())["lag_seconds"])

    def _ask(self) -> None:
        for question in QUESTIONS:
            self.asked += 1
            try:
                self.product.get(question)
            except (OSError, ValueError) as error:
                self.failed += 1
                print(f"{question}: {error}", file=sys.stderr)


def sample(role: str, pid: int, at_s: float) -> Sample:
    """One process as the kernel sees it now. Raises OSError when it is gone."""
    proc = Path("/proc") / str(pid)
    memory = _field(proc / "smaps_rollup", "Pss")
    ticks = (proc / "stat").read_text().rpartition(")")[2].split()[11:13]
    return Sample(
        at_s=round(at_s, 1),
        role=role,
        memory_mib=round(memory / 1024, 2),
        files=sum(1 for _ in (proc / "fd").iterdir()),
        threads=_field(proc / "status", "Threads"),
        cpu_s=sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"),
    )


def _field(file: Path, name: str) -> int:
    line = next(line for line in file.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1])


async def drive(product: Product, ledger: Ledger, options: argparse.Namespace) -> SoakDrive:
    """The viewers, for as long as asked, and then those that are late."""
    plan = Plan(
        address=address_of(product.collector),
        key="",
        viewers=options.viewers,
        rate=options.rate,
        dialects=tuple(VOICES),
    )
    playing = SoakDrive(plan, Random(options.seed), ledger)
    await playing.live(until_ms=time.time() * 1000 + options.minutes * 60_000)
    playing.stop()
    if playing.late:
        await asyncio.wait(playing.late)
    await playing.close()
    return playing


def quarters(values: Sequence[float]) -> tuple[float, float]:
    """The means of the second and of the last quarter."""
    count = len(values)
    return fmean(values[count // 4 : count // 2]), fmean(values[count * 3 // 4 :])


def figures_of(samples: Iterable[Sample]) -> list[report.Figure]:
    """Memory, its growth, files, threads and processor time of each role; the first quarter is warming up."""
    by_role: dict[str, list[Sample]] = {}
    for each in samples:
        by_role.setdefault(each.role, []).append(each)
    found: list[report.Figure] = []
    for role, every in by_role.items():
        if len(every) < 8:
            continue
        warm = every[len(every) // 4 :]
        early, late = quarters([each.memory_mib for each in every])
        slope = linear_regression(
            [each.at_s / 3600 for each in warm], [each.memory_mib for each in warm]
        ).slope
        files = quarters([float(each.files) for each in every])
        span_s = every[-1].at_s - every[0].at_s
        cpu = 100 * (every[-1].cpu_s - every[0].cpu_s) / span_s
        found += [
            report.Figure(name=f"{role} memory, second quarter", value=early, unit="MiB"),
            report.Figure(
                name=f"{role} memory, last quarter",
                value=late,
                unit="MiB",
                baseline=f"{role} memory, second quarter",
                wanted="flat: ratio ≤ 1.05",
            ),
            report.Figure(name=f"{role} memory growth", value=slope, unit="MiB/h", note="after warming up"),
            report.Figure(
                name=f"{role} open files",
                value=files[1],
                unit="",
                wanted="flat",
                note=f"{files[0]:.1f} in the second quarter, {max(each.files for each in every)} at most",
            ),
            report.Figure(
                name=f"{role} threads", value=every[-1].threads, unit="", note=f"{every[0].threads} first"
            ),
            report.Figure(name=f"{role} processor", value=cpu, unit="% of a core"),
        ]
    return found


def traffic(
    playing: SoakDrive, ledger: Ledger, watch: Watch, proof: Proof, minutes: float
) -> list[report.Figure]:
    """What was sent and asked, and what was proved of it."""
    figure = report.Figure
    return [
        figure(name="beacons acknowledged", value=ledger.accepted, unit=""),
        figure(name="rate", value=ledger.accepted / minutes / 60, unit="beacons/s"),
        figure(
            name="beacons refused or unanswered",
            value=ledger.refused,
            unit="",
            note=str(dict(ledger.statuses)),
        ),
        figure(name="deliveries twice", value=playing.twice, unit=""),
        figure(name="deliveries late", value=playing.delayed, unit="", note="20 to 240 s"),
        figure(name="events acknowledged", value=proof.acknowledged, unit=""),
        figure(name="events stored", value=proof.events, unit="", note="each once, none that was not sent"),
        figure(name="acknowledged events lost", value=0, unit="", wanted="0", note="compared key by key"),
        figure(name="views equal to a recomputation", value=proof.views, unit="", wanted="all"),
        figure(name="fold behind, at most", value=watch.behind_s, unit="s", wanted="a few"),
        figure(name="questions asked", value=watch.asked, unit=""),
        figure(name="questions failed", value=watch.failed, unit="", wanted="0"),
    ]


def disk(data: Path) -> list[report.Figure]:
    """What the data folder takes."""
    return [
        report.Figure(name=f"disk, {part}", value=size_of(data / part) / MIB, unit="MiB")
        for part in ("journal", "engine")
    ]


def write_samples(file: Path, samples: Sequence[Sample]) -> None:
    """Every sample as a line, for whoever wants to see the curve."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(Sample.__struct_fields__)
        table.writerows(msgspec.structs.astuple(each) for each in samples)


def soak(options: argparse.Namespace, data: Path) -> None:
    product = Product(data).start()
    try:
        ledger, watch = Ledger(), Watch(product)
        try:
            playing = asyncio.run(drive(product, ledger, options))
        finally:
            watch.stop()
            write_samples(options.results / "soak.csv", watch.samples)
        figures = figures_of(watch.samples) + disk(data)
        proof = settle(product, ledger, 300)
    finally:
        product.stop()
    made = report.report(
        "soak",
        f"A steady load for {options.minutes:g} minutes",
        "benchmarks/soak.py " + " ".join(sys.argv[1:]),
        traffic(playing, ledger, watch, proof, options.minutes) + figures,
        "Samples every ten seconds are in `soak.csv`.",
    )
    report.publish(made, options.results)


def options_of(arguments: Sequence[str] | None = None) -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--viewers", type=int, default=700, help="at once")
    parser.add_argument("--rate", type=float, default=150, help="most beacons a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_MINUTES:g} minutes")
    parser.add_argument("--results", type=Path, default=report.RESULTS)
    parser.add_argument("--data", type=Path, help="kept; else a folder of its own, removed at the end")
    options = parser.parse_args(arguments)
    if options.quick:
        options.minutes = QUICK_MINUTES
    return options


def main() -> None:
    options = options_of()
    if options.data:
        soak(options, options.data)
        return
    folder = Path(tempfile.mkdtemp(prefix="firstframe-soak-"))
    try:
        soak(options, folder / "data")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
