"""The golden cases about sets of views, folded by the native dialect and answered by SQL."""

import pytest

from firstframe.dialects.native import NATIVE
from support_cases import BASE_MS, case_named, fold_all, native_beacons
from support_question import DAY_MS, HOUR_MS, ask, store

pytestmark = pytest.mark.engine

RENAMED = {
    "video_startup_time_median_ms": "video_startup_time.median",
    "video_startup_time_p95_ms": "video_startup_time.p95",
    "watch_time_ms": "watch_time",
    "playing_time_ms": "playing_time",
}


def fold_case(engine, name):
    """Store the views of a case, and give the case."""
    case = case_named(name)
    events = [event for beacon in native_beacons(case) for event in NATIVE.parse(beacon).events]
    store(engine, fold_all(events, NATIVE))
    return case


@pytest.mark.parametrize("name", ["aggregate_seven_views", "aggregate_hidden_startup_left_out"])
def test_aggregates(engine, name) -> None:
    """Every aggregate of the case comes out of SQL as it was worked out by hand."""
    case = fold_case(engine, name)
    wanted = {
        RENAMED.get(key, key): number
        for key, number in case["expect"]["aggregate"].items()
        if not key.endswith("_mean_of_views")
    }
    times = {"from": BASE_MS - DAY_MS, "to": BASE_MS + DAY_MS}
    (row,) = ask(engine, metrics=list(wanted), now_ms=BASE_MS + DAY_MS, **times).data
    assert row == {key: pytest.approx(number, abs=1e-6) for key, number in wanted.items()}


def test_concurrency(engine) -> None:
    """The peaks of the case: paused views do not count, an end and a start at the same instant do not overlap."""
    case = fold_case(engine, "concurrency")
    times = {"from": BASE_MS - HOUR_MS, "to": BASE_MS + HOUR_MS}
    metrics = ["concurrent_viewers", "concurrent_plays.peak", "concurrent_viewers.mean"]
    (row,) = ask(engine, metrics=metrics, now_ms=BASE_MS + HOUR_MS, **times).data
    wanted = case["expect"]["concurrency"]
    assert row["concurrent_viewers"] == wanted["peak_concurrent_viewers"]
    assert row["concurrent_plays.peak"] == wanted["peak_concurrent_plays"]
    # a 30 s, b 5 + 15 s, c 6 s, d 5 s
    assert row["concurrent_viewers.mean"] == pytest.approx(61_000 / (2 * HOUR_MS))


def test_view_over_midnight(engine) -> None:
    """It is an attempt of its first day, a quality view of its last, and its playing time is split."""
    case = fold_case(engine, "view_over_midnight")
    times = {"from": "2025-12-31", "to": "2026-01-02", "granularity": "day"}
    rows = ask(engine, metrics=["attempts", "video_startup_time", "playing_time"], **times).data
    by_day = {row["time"][:10]: row for row in rows}
    wanted = case["expect"]
    assert {day for day, row in by_day.items() if row["attempts"]} == {wanted["start_day"]}
    assert {day for day, row in by_day.items() if row["video_startup_time"]} == {wanted["end_day"]}
    assert {day: row["playing_time"] for day, row in by_day.items()} == wanted["playing_ms_by_day"]
