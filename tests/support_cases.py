"""The golden metric cases: load them, fold them, compare every number they promise.

A case is ``{name, dialect, note, events, expect}``. `run_case` folds the events of one case through
`firstframe.fold.finish.fold_view` and checks the rows; each dialect's test makes the events its own way
(`native_beacons` does it for the generic ones).
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from firstframe.beacon import Beacon, Event, Place
from firstframe.dialects.base import Dialect
from firstframe.fold.finish import fold_view
from firstframe.view.derived import derive
from firstframe.view.record import WATCH_STATES, EndReason, Outcome, State, ViewRecord

CASES_FILE = Path(__file__).parent / "golden" / "metric_cases.json"
BASE_MS = 1_780_000_000_000
"""What a case's ``t_ms`` of 0 is on the client's clock."""
DAY_MS = 86_400_000
TOLERANCE = 1e-6
PROJECT = "default"

Case = dict[str, Any]


def load_cases(dialect: str | None = None) -> list[Case]:
    """All cases, or those of one dialect (``generic`` is the native timeline)."""
    cases: list[Case] = json.loads(CASES_FILE.read_text())
    return [case for case in cases if dialect in (None, case["dialect"])]


def case_named(name: str) -> Case:
    """The one case of that name."""
    return next(case for case in load_cases() if case["name"] == name)


def base_of(case: Case) -> int:
    """What to add to the times of a case: nothing where they are epoch milliseconds already."""
    times = [event.get("t_ms", event.get("ts", event.get("timestamp", 0))) for event in case["events"]]
    return 0 if max(times, default=0) > 10**12 else BASE_MS


def run_case(
    case: Case,
    events: Iterable[Event],
    dialect: Dialect,
    *,
    now_ms: int | None = None,
    base_ms: int | None = None,
) -> list[ViewRecord]:
    """Fold the events of a case and check all that it expects; gives the rows for further checks.

    ``now_ms`` is the server's time of the fold: by default two days after the last receipt, so that silence
    has closed every view.
    """
    rows = fold_all(events, dialect, now_ms=now_ms)
    check(case["expect"], rows, base_ms=base_of(case) if base_ms is None else base_ms)
    return rows


def fold_all(events: Iterable[Event], dialect: Dialect, *, now_ms: int | None = None) -> list[ViewRecord]:
    """The rows of all native views among the events, in time order."""
    views: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        views[event.native_view_id].append(event)
    last = max((event.received_at_ms for found in views.values() for event in found), default=0)
    now = last + 2 * DAY_MS if now_ms is None else now_ms
    folded = [fold_view(dialect, PROJECT, view, found, now) for view, found in views.items()]
    return sorted(
        (row for one in folded for row in one.rows), key=lambda row: (row.view_start_ms, row.ordinal)
    )


def check(expect: dict[str, Any], rows: Sequence[ViewRecord], base_ms: int = BASE_MS) -> None:
    """Compare rows with what a case expects; an AssertionError names every number that differs."""
    wrong = list(_differences(expect, rows, base_ms))
    assert not wrong, "; ".join(wrong)


def _differences(expect: dict[str, Any], rows: Sequence[ViewRecord], base_ms: int) -> Iterable[str]:
    for key, wanted in expect.items():
        if key == "views":
            yield from _difference(key, wanted, len(rows))
        elif key == "per_view":
            yield from _difference("views", len(wanted), len(rows))
            for number, (one, row) in enumerate(zip(wanted, rows, strict=False)):
                yield from (f"view {number}: {text}" for text in _differences(one, [row], base_ms))
        elif key in ("aggregate", "concurrency"):
            found = aggregate(rows) if key == "aggregate" else concurrency(rows)
            for name, value in wanted.items():
                yield from _difference(f"{key}.{name}", value, found.get(name, "nothing"))
        elif not rows:
            yield f"{key}: wanted {wanted!r}, but there is no row"
        else:
            yield from _difference(key, wanted, value_of(rows[0], key, base_ms))


def _difference(key: str, wanted: Any, found: Any) -> Iterable[str]:
    if not same(wanted, found):
        yield f"{key}: wanted {wanted!r}, found {found!r}"


def same(wanted: Any, found: Any) -> bool:
    """Equal; numbers within 1e-6, relative or absolute; None only to None, booleans only to booleans."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return wanted.keys() == found.keys() and all(same(wanted[key], found[key]) for key in wanted)
    numbers = isinstance(wanted, int | float) and isinstance(found, int | float)
    if numbers and isinstance(wanted, bool) == isinstance(found, bool):
        return math.isclose(wanted, found, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(wanted == found)


def value_of(row: ViewRecord, key: str, base_ms: int = BASE_MS) -> Any:
    """What a row says under a name of the cases: a field, a derived number, or a special one."""
    match key:
        case "view_start_ms" | "placed_start_ms":
            return row.view_start_ms - base_ms
        case "view_end_ms" | "placed_end_ms":
            return row.view_end_ms - base_ms
        case "start_day":
            return _day(row.view_start_ms)
        case "end_day":
            return _day(row.view_end_ms)
        case "playing_ms_by_day":
            return playing_by_day(row)
    found = (
        getattr(row, key) if key in row.__struct_fields__ else derive(row).get(key, f"no such name as {key}")
    )
    return str(found) if isinstance(found, Outcome | EndReason) else found


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


def playing_by_day(row: ViewRecord) -> dict[str, int]:
    """Playing time split over UTC days, from the spans."""
    days: dict[str, int] = defaultdict(int)
    for span in row.spans:
        if span.state not in (State.PLAYING, State.AD_PLAYING):
            continue
        edges = range((span.start_ms // DAY_MS + 1) * DAY_MS, span.end_ms, DAY_MS)
        for start, end in pairwise((span.start_ms, *edges, span.end_ms)):
            days[_day(start)] += end - start
    return dict(days)


def aggregate(rows: Sequence[ViewRecord]) -> dict[str, Any]:
    """The metrics of the cases over a set of rows: ratios of sums."""
    attempts = [row for row in rows if row.attempted]
    plays = [row for row in attempts if row.started]
    stalls = [row for row in plays if row.rebuffer_duration_ms is not None]
    startups = sorted(
        row.video_startup_time_ms
        for row in plays
        if row.video_startup_time_ms is not None and not row.startup_in_background
    )
    stalled, watched, played = (
        sum(value_of(row, key) for row in stalls)
        for key in ("rebuffer_duration_ms", "watch_time_ms", "playing_time_ms")
    )
    ratios = [found for row in stalls if (found := derive(row)["rebuffer_percentage"]) is not None]
    return {
        "impressions": len(rows),
        "attempts": len(attempts),
        "plays": len(plays),
        "exit_before_video_start_percentage": _share(attempts, attempts, Outcome.EXITED_BEFORE_START),
        "video_start_failure_percentage": _share(attempts, attempts, Outcome.START_FAILED),
        "video_start_blocked_percentage": _share(attempts, attempts, Outcome.START_BLOCKED),
        "playback_failure_percentage": _share(
            attempts, attempts, Outcome.START_FAILED, Outcome.PLAYBACK_FAILED
        ),
        "video_playback_failure_percentage": _share(attempts, plays, Outcome.PLAYBACK_FAILED),
        "dropped_percentage": _share(attempts, attempts, Outcome.DROPPED),
        "video_startup_time_median_ms": quantile(startups, 0.5),
        "video_startup_time_p95_ms": quantile(startups, 0.95),
        "watch_time_ms": sum(row.watch_time_ms for row in rows),
        "playing_time_ms": sum(value_of(row, "playing_time_ms") for row in rows),
        "rebuffer_percentage": _over(stalled, watched),
        "rebuffer_percentage_mean_of_views": _over(sum(float(ratio) for ratio in ratios), len(ratios)),
        "rebuffering_ratio": _over(stalled, played + stalled),
    }


def _share(views: Sequence[ViewRecord], base: Sequence[ViewRecord], *outcomes: Outcome) -> float | None:
    return _over(sum(row.outcome in outcomes for row in views), len(base))


def _over(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator else None


def quantile(values: Sequence[float], level: float) -> float | None:
    """The quantile by linear interpolation between order statistics."""
    if not values:
        return None
    place = (len(values) - 1) * level
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def concurrency(rows: Sequence[ViewRecord]) -> dict[str, int]:
    """Peaks of views in a watch state, and of those that have shown a frame; an end frees its place first."""
    viewers: list[tuple[int, int]] = []
    plays: list[tuple[int, int]] = []
    for row in rows:
        shown = False
        for span in row.spans:
            shown = shown or span.state in (State.PLAYING, State.AD_PLAYING)
            if span.state in WATCH_STATES:
                viewers += [(span.start_ms, 1), (span.end_ms, -1)]
                plays += [(span.start_ms, 1), (span.end_ms, -1)] if shown else []
    return {"peak_concurrent_viewers": _peak(viewers), "peak_concurrent_plays": _peak(plays)}


def _peak(changes: list[tuple[int, int]]) -> int:
    level = peak = 0
    for _, change in sorted(changes):
        level += change
        peak = max(peak, level)
    return peak


def native_bodies(
    case: Case, *, prefix: str = "", base_ms: int | None = None, context: dict[str, Any] | None = None
) -> list[tuple[int, bytes]]:
    """A generic case as (receipt, native beacon body): one per view and receipt, in case order."""
    base = base_of(case) if base_ms is None else base_ms
    more = {"context": context} if context else {}
    batches: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for event in case["events"]:
        sent = {key: value for key, value in event.items() if key not in ("t_ms", "recv_ms", "view")}
        view = f"{prefix}{case['name']}-{event.get('view', 'v')}"
        batches[view, base + event.get("recv_ms", event["t_ms"])].append({"at": base + event["t_ms"], **sent})
    return [
        (received, json.dumps({"view_id": view, "events": events, **more}).encode())
        for (view, received), events in batches.items()
    ]


def native_beacons(case: Case) -> list[Beacon]:
    """A generic case as accepted native beacons."""
    return [beacon_of(body, received) for received, body in native_bodies(case)]


def beacon_of(
    body: bytes, received_ms: int, *, dialect: str = "native", route: str = "/v1/beacons"
) -> Beacon:
    """A body as the journal would keep it."""
    return Beacon(
        received_at_ms=received_ms,
        dialect=dialect,
        route=route,
        project=PROJECT,
        path=route,
        query="",
        headers={"content-type": "application/json"},
        place=Place(),
        body=body,
    )
