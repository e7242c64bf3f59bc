"""How a row is held against what the observer saw: within 150 ms or 5 % of times over 3 s, or null, or flagged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

TOLERANCE_MS = 150
LONG_MS = 3_000
SHARE = 0.05
SHORT_STALL_MS = 250
"""Stalls shorter than this are below what several SDKs report."""

PLAYING_FLAGS = {"play_time_lower_bound", "play_time_estimated", "hole_credited"}
STALL_FLAGS = {"stalls_unknown", "stalls_lower_bound", "stalls_upper_bound"}
STARTUP_FLAGS = {"startup_is_ready_time", "startup_is_first_progress"}


@dataclass(frozen=True)
class Comparison:
    """One number of the row, where the truth of it stands, and the flags that excuse a difference."""

    field: str
    truth: Callable[[Mapping[str, Any]], float | None]
    excuses: frozenset[str] = frozenset()


def _watch_ms(view: Mapping[str, Any]) -> float:
    startup = view["startup_ms_from_play"]
    if startup is None:
        startup = view.get("startup_wait_ms", 0)
    return startup + view["playing_ms"] + view["stalled_ms"] + view["seeking_ms"]


COMPARISONS = (
    Comparison("content_playing_time_ms", lambda view: view["playing_ms"], frozenset(PLAYING_FLAGS)),
    Comparison("rebuffer_duration_ms", lambda view: view["stalled_ms"], frozenset(STALL_FLAGS)),
    Comparison("pause_time_ms", lambda view: view["paused_ms"], frozenset({"pause_lower_bound"})),
    Comparison("seek_time_ms", lambda view: view["seeking_ms"]),
    Comparison("video_startup_time_ms", lambda view: view["startup_ms_from_play"], frozenset(STARTUP_FLAGS)),
    Comparison("watch_time_ms", _watch_ms, frozenset(PLAYING_FLAGS | STALL_FLAGS | STARTUP_FLAGS)),
)


def near(measured: float, true: float) -> bool:
    """Within 150 ms, or within 5 % where the truth is longer than 3 s."""
    allowed = max(TOLERANCE_MS, SHARE * true) if true > LONG_MS else TOLERANCE_MS
    return abs(measured - true) <= allowed


def agrees(measured: float, true: float, unsure_ms: float) -> bool:
    """Near the truth, which may be longer by the time in which the clock stood still although there was data.

    A starved processor does that; players call it playing or stalling as they like.
    """
    return near(measured, true) or near(measured, true + unsure_ms) or true <= measured <= true + unsure_ms


def fields_of(record: Any) -> dict[str, Any]:
    """A row as JSON would show it, whether it came from the API or from a fold."""
    return dict(record) if isinstance(record, Mapping) else msgspec.to_builtins(record)


def disagreements(
    record: Any, view: Mapping[str, Any], *, ignore: frozenset[str] | set[str] = frozenset()
) -> list[str]:
    """Each number of a row that the observer contradicts, as a sentence; empty when they agree."""
    row = fields_of(record)
    flags = set(row["approx"])
    found = []
    for each in COMPARISONS:
        measured, true = row[each.field], each.truth(view)
        if each.field in ignore or measured is None or true is None or flags & each.excuses:
            continue
        if not agrees(measured, true, view.get("hiccup_ms", 0)):
            found.append(
                f"{each.field} is {measured:.0f}, the observer saw {true:.0f} (flags {sorted(flags)})"
            )
    if "rebuffer_count" not in ignore:
        found += _stall_count(row, view, flags)
    known = row["started"] or not flags & PLAYING_FLAGS
    if "started" not in ignore and known and row["started"] != (view["first_advance"] is not None):
        found.append(f"started is {row['started']}, the first advance was seen at {view['first_advance']}")
    return [*found, _told(row, view)] if found else []


def _told(row: Mapping[str, Any], view: Mapping[str, Any]) -> str:
    """Both stories side by side, for whoever has to find out which is wrong."""
    seen = ", ".join(f"{span['state']} {span['t1'] - span['t0']:.0f}" for span in view.get("spans", ()))
    names = (
        "outcome",
        "content_playing_time_ms",
        "rebuffer_count",
        "rebuffer_duration_ms",
        "video_startup_time_ms",
    )
    told = ", ".join(f"{name} {row[name]}" for name in (*names, "played_ranges"))
    return f"seen: {seen}, position {view.get('max_position')} s; told: {told}"


def _stall_count(row: Mapping[str, Any], view: Mapping[str, Any], flags: set[str]) -> list[str]:
    lengths = [stall["t1"] - stall["t0"] for stall in view["stalls"]]
    least = sum(length >= SHORT_STALL_MS for length in lengths)
    count = row["rebuffer_count"]
    most = len(lengths) + sum(span["state"] == "hiccup" for span in view.get("spans", ()))
    if count is None or flags & STALL_FLAGS or least <= count <= most:
        return []
    return [
        f"rebuffer_count is {count}, the observer saw stalls of {[round(length) for length in lengths]} ms"
    ]
