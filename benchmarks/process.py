"""What processes cost: CPU time and memory of a process and all it started, as the kernel counts them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import msgspec

TICKS = os.sysconf("SC_CLK_TCK")


class Cost(msgspec.Struct, frozen=True):
    """CPU seconds so far and memory now."""

    cpu_seconds: float
    memory_bytes: int
    """Resident, what several processes share counted once for each (PSS where the kernel tells)."""


def cost(pid: int, *, alone: bool = False) -> Cost:
    """Of a process and, unless ``alone``, of all below it."""
    seconds, memory = 0.0, 0
    for each in (pid, *(() if alone else descendants(pid))):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            seconds += sum(map(int, fields[11:13])) / TICKS
            memory += _memory(each)
    return Cost(seconds, memory)


def sum_of(every: Iterable[Cost]) -> Cost:
    """Of several processes."""
    found = list(every)
    return Cost(sum(each.cpu_seconds for each in found), sum(each.memory_bytes for each in found))


def descendants(pid: int) -> Iterator[int]:
    """Every process below this one."""
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from descendants(child)


def roles(pid: int) -> dict[str, int]:
    """The roles that a supervisor runs: name → process; the second fold worker is ``fold-1``."""
    found = {}
    for child in descendants(pid):
        words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
        if "firstframe" in words:
            found.setdefault(role_name(words[words.index("firstframe") + 1 :]), child)
    return found


def role_name(words: Sequence[str]) -> str:
    """A role by what follows the program's name in its command line."""
    name, *options = words
    number = options[options.index("--partition") + 1] if "--partition" in options else "0"
    return name if number == "0" else f"{name}-{number}"


def spent(before: Mapping[str, Cost], after: Mapping[str, Cost]) -> dict[str, float]:
    """CPU seconds of each role in between."""
    return {role: after[role].cpu_seconds - before[role].cpu_seconds for role in before}


def costs(processes: Mapping[str, int]) -> dict[str, Cost]:
    """The cost of each role."""
    return {role: cost(pid, alone=True) for role, pid in processes.items()}


def _memory(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Iterable[str],
    log: Path,
    ready: Callable[[], bool],
    *,
    environment: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """A process for as long as the block runs, once it is ready; its words go to a file."""
    with log.open("ab") as words:
        process = subprocess.Popen(
            list(command), env={**os.environ, **(environment or {})}, stdout=words, stderr=words
        )
    try:
        wait_until(lambda: _alive(process, log) and ready(), 90, f"{process.args} (see {log})")
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _alive(process: subprocess.Popen[bytes], log: Path) -> bool:
    if process.poll() is not None:
        raise SystemExit(f"{process.args} ended with {process.returncode}:\n{log.read_text()[-2000:]}")
    return True


def listens(port: int) -> bool:
    """Whether a connection is taken there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def sharing(port: int, commands: Iterable[Sequence[str]], log: Path) -> Iterator[tuple[int, ...]]:
    """Processes that listen on one port together, for as long as the block runs."""
    with ExitStack() as stack:
        yield tuple(
            stack.enter_context(running(command, log, partial(_has_listeners, port, number)))
            for number, command in enumerate(commands, start=1)
        )


def _has_listeners(port: int, wanted: int) -> bool:
    """Whether so many sockets listen there."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    sockets = [line.split() for line in lines]
    return sum(each[1].endswith(f":{port:04X}") and each[3] == "0A" for each in sockets) == wanted


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask again and again. Raises SystemExit when it does not come."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.05)


def size_of(folder: Path) -> int:
    """Bytes that a folder's files take on the disk; some may go meanwhile, and their folders too."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(place) / name).stat().st_blocks * 512
    return total
