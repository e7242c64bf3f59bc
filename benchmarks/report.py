"""What a benchmark reports: figures beside a baseline of the same run, as JSON, as a table and as a line of history."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

RESULTS = Path(__file__).parent / "results"
HISTORY = "history.jsonl"


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing measured. ``ratio`` is value ÷ baseline; what is wanted of it stands in words beside it."""

    name: str
    value: float
    unit: str
    baseline: str | None = None
    """Name of the figure of this run that it is compared with."""
    ratio: float | None = None
    wanted: str = ""
    note: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one benchmark."""

    benchmark: str
    title: str
    command: str
    started: str
    commit: str
    machine: Mapping[str, Any]
    figures: Sequence[Figure]
    remarks: Sequence[str] = ()


def figures(found: Iterable[Figure]) -> list[Figure]:
    """The same figures with the ratios to their baselines filled in."""
    every = list(found)
    values = {figure.name: figure.value for figure in every}
    return [_compared(figure, values) for figure in every]


def report(benchmark: str, title: str, command: str, found: Iterable[Figure], *remarks: str) -> Report:
    """A run of now, on this machine, of this commit."""
    return Report(
        benchmark=benchmark,
        title=title,
        command=command,
        started=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        commit=_commit(),
        machine=machine(),
        figures=figures(found),
        remarks=remarks,
    )


def publish(made: Report, folder: Path = RESULTS) -> None:
    """Write ``<benchmark>.json`` and ``<benchmark>.md``, and append the run to the history."""
    folder.mkdir(parents=True, exist_ok=True)
    line = msgspec.json.encode(made)
    (folder / f"{made.benchmark}.json").write_bytes(msgspec.json.format(line, indent=2) + b"\n")
    (folder / f"{made.benchmark}.md").write_text(page(made))
    with (folder / HISTORY).open("ab") as history:
        history.write(line + b"\n")
    print(page(made))


def page(made: Report) -> str:
    """The run as Markdown."""
    described = ", ".join(f"{key} {value}" for key, value in made.machine.items())
    rows = "".join(_row(figure) for figure in made.figures)
    remarks = "".join(f"\n{remark}\n" for remark in made.remarks)
    return (
        f"# {made.title}\n\n`{made.command}`, {made.started}, commit {made.commit}; {described}.\n\n"
        f"| figure | value | against | ratio | wanted | note |\n| --- | ---: | --- | ---: | --- | --- |\n{rows}{remarks}"
    )


def machine() -> dict[str, Any]:
    """The machine that measured: enough to judge the figures, nothing that names it."""
    return {
        "cores": os.cpu_count(),
        "cpu": _proc("/proc/cpuinfo", "model name"),
        "memory_gib": round(int(_proc("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_1m": round(os.getloadavg()[0], 2),
    }


def _compared(figure: Figure, values: Mapping[str, float]) -> Figure:
    base = values.get(figure.baseline or "")
    return msgspec.structs.replace(figure, ratio=figure.value / base) if base else figure


def _row(figure: Figure) -> str:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    cells = (
        figure.name,
        f"{_short(figure.value)} {figure.unit}",
        figure.baseline or "",
        ratio,
        figure.wanted,
        figure.note,
    )
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def _proc(path: str, key: str) -> str:
    for line in Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return "0"


def _commit() -> str:
    """The commit, and whether the product was changed since; results that were just written are no change of it."""
    changed = _git("status", "--porcelain", "--", "src", "web")
    return (_git("rev-parse", "--short", "HEAD") or "unknown") + ("-dirty" if changed else "")


def _git(*words: str) -> str:
    git = ["git", "-C", str(Path(__file__).parents[1]), *words]
    return subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
