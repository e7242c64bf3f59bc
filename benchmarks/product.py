"""The product as a benchmark runs it: all roles or the collector alone, on a folder of its own."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from process import free_port, listens, roles, running, sharing, wait_until

from firstframe.engine.client import Engine
from firstframe.fold.worker import Progress
from firstframe.folder import Folder


class Product(msgspec.Struct, frozen=True):
    """A running product."""

    folder: Folder
    port: int
    """Of the collector."""
    supervisor: int
    api: int
    """Port of the API."""

    @property
    def roles(self) -> dict[str, int]:
        """Each role's process; the supervisor is one too."""
        return {"supervisor": self.supervisor, **roles(self.supervisor)}

    def engine(self) -> Engine:
        return Engine.connect(self.folder.engine_face().url)

    def progress(self) -> Progress:
        """What the fold says of itself: of its workers the one that is furthest behind, with what all have before them."""
        files = sorted(self.folder.run.glob("fold-*.json"))
        told = [msgspec.json.decode(file.read_bytes(), type=Progress) for file in files]
        last = min(told, key=lambda one: one.fresh_as_of_ms)
        return msgspec.structs.replace(last, lag_beacons=sum(one.lag_beacons for one in told))

    def wait_until_seen(self, accepted_ms: int, seconds: float) -> None:
        """Until everything accepted by then can be queried."""
        wait_until(lambda: self.progress().fresh_as_of_ms > accepted_ms, seconds, "the fold to catch up")


@contextmanager
def product(place: Path, *options: str) -> Iterator[Product]:
    """`firstframe serve`, ready to take beacons and questions."""
    port, api = free_port(), free_port()
    folder = Folder(place)
    place.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(
        folder.run, ignore_errors=True
    )  # what an earlier start left there would be taken for this one's
    command = [sys.executable, "-m", "firstframe", "serve", "--data", str(place), "--engine-port", "0"]
    command += ["--collector", f"127.0.0.1:{port}", "--api", f"127.0.0.1:{api}", *options]

    def ready() -> bool:
        return listens(port) and listens(api) and folder.progress_file(0).exists()

    with running(command, place / "serve.log", ready) as pid:
        yield Product(folder, port, pid, api)


@contextmanager
def collector(place: Path, processes: int = 1) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The edge alone, journalling: its port and its processes."""
    port = free_port()
    place.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "firstframe", "edge", "--data", str(place), "--edges", str(processes)]
    command += ["--collector", f"127.0.0.1:{port}", "--name"]
    commands = [[*command, f"edge-{number}"] for number in range(processes)]
    with sharing(port, commands, place / "edge.log") as pids:
        yield port, pids


def now_ms() -> int:
    return time.time_ns() // 1_000_000
