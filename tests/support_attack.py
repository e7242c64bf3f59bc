"""How hard the fault tests attack, read in one place: `FAULTS=full` is `make faults`, anything else the small size.

At full size each attack leaves its figures in ``benchmarks/results/faults.json``; an attack that is made again
replaces its own.
"""

from __future__ import annotations

import os
import time
from typing import Any

import msgspec
import report

SIZE = os.environ.get("FAULTS", "small")
IS_FULL = SIZE == "full"
TITLE = "What was done to the running product, and what came of it"


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers that differ."""

    kills: int
    alert_kills: int
    """Of the watch over alerts, while it opens, closes and sends."""
    frozen_seconds: float
    """Each role in turn."""
    away_seconds: float
    """Without an engine."""
    crowded_seconds: float
    """With the collector's connections taken by others."""
    connections: int
    mutants: int
    """In process, for each dialect."""
    mutants_sent: int
    """Over HTTP, for each dialect."""
    questions: int
    views: int
    """Whose deliveries are mixed up."""
    flips: int
    """Bits of each of the consumer's files."""


SIZES = {
    "small": Size(
        kills=10,
        alert_kills=2,
        frozen_seconds=2,
        away_seconds=10,
        crowded_seconds=5,
        connections=300,
        mutants=700,
        mutants_sent=40,
        questions=120,
        views=80,
        flips=400,
    ),
    "full": Size(
        kills=210,
        alert_kills=60,
        frozen_seconds=60,
        away_seconds=600,
        crowded_seconds=60,
        connections=6_000,
        mutants=int(os.environ.get("MUTANTS", "100000")),
        mutants_sent=2_000,
        questions=int(os.environ.get("QUESTIONS", "100000")),
        views=600,
        flips=20_000,
    ),
}
HOW_HARD = SIZES["full" if IS_FULL else "small"]


def seen(attack: str, **figures: float | str) -> None:
    """Say what an attack showed; at full size write it down as well."""
    print(attack, figures)
    if IS_FULL:
        _write(attack, figures)


def _write(attack: str, told: dict[str, Any]) -> None:
    kept = [figure for figure in _known() if not figure.name.startswith(f"{attack}: ")]
    date = time.strftime("%Y-%m-%d", time.gmtime())
    fresh = [
        report.Figure(name=f"{attack}: {name.replace('_', ' ')}", value=value, unit="", note=date)
        for name, value in told.items()
    ]
    made = report.report("faults", TITLE, "make faults", sorted(kept + fresh, key=lambda figure: figure.name))
    report.publish(made)


def _known() -> list[report.Figure]:
    file = report.RESULTS / "faults.json"
    if not file.exists():
        return []
    return list(msgspec.json.decode(file.read_bytes(), type=report.Report).figures)
