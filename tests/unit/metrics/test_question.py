"""Questions about a small set of views whose answers can be checked by head."""

import pytest

import support_engine
from firstframe.engine.rows import VIEW_COLUMNS, view_row
from firstframe.errors import BadRequest
from firstframe.metrics import cell
from firstframe.view.record import Outcome, State
from support_question import DAY_MS, HOUR_MS, MINUTE_MS, NEW_YEAR_MS, ask, make_view, spans, store, value

pytestmark = pytest.mark.engine


def play(name, start_ms, startup_ms, playing_ms, stall_ms=0, **fields):
    """A play with one stall at most: startup, playing, stalled."""
    length = startup_ms + playing_ms + stall_ms
    pieces = [(State.STARTUP, startup_ms), (State.PLAYING, playing_ms), (State.REBUFFER, stall_ms)]
    usual = {
        "length_ms": length,
        "video_startup_time_ms": float(startup_ms),
        "watch_time_ms": float(length),
        "content_playing_time_ms": float(playing_ms),
        "rebuffer_duration_ms": float(stall_ms),
        "rebuffer_count": int(stall_ms > 0),
        "spans": spans(start_ms, *(piece for piece in pieces if piece[1])),
        "country": "DE",
        "viewer_id": name[0],
    }
    return make_view(name, start_ms, **{**usual, **fields})


SET = (
    play("a1", NEW_YEAR_MS, 1_000, 50_000),
    play("a2", NEW_YEAR_MS + 30_000, 2_000, 100_000, 10_000, country="FR"),
    # from one hour into the next, and its end decides about quality
    play("b1", NEW_YEAR_MS + HOUR_MS - 30_000, 3_000, 87_000, country="FR"),
    play("b2", NEW_YEAR_MS + DAY_MS, 4_000, 6_000, 5_000, country=None),
    make_view(
        "c1",
        NEW_YEAR_MS + DAY_MS,
        started=False,
        outcome=Outcome.EXITED_BEFORE_START,
        length_ms=5_000,
        watch_time_ms=5_000.0,
        spans=spans(NEW_YEAR_MS + DAY_MS, (State.STARTUP, 5_000)),
        country="FR",
    ),
)


@pytest.fixture(scope="module")
def small(engine_url):
    """An engine that holds the set, for all tests that only read."""
    with support_engine.fresh(engine_url) as engine:
        store(engine, SET)
        yield engine


@pytest.mark.parametrize(
    ("metric", "wanted"),
    [
        ("impressions", 5),
        ("attempts", 5),
        ("plays", 4),
        ("unique_viewers", 2),
        ("playing_time", 243_000),
        ("playing_time.mean", 48_600),
        ("playing_time.median", 50_000),
        ("watch_time", 273_000),
        ("watch_time.p25", 15_000),
        ("average_playing_time", 243_000 / 4),
        ("average_playing_time.median", (50_000 + 87_000) / 2),
        ("video_startup_time", 2_500),
        ("video_startup_time.median", 2_500),
        ("video_startup_time.mean", 2_500),
        ("video_startup_time.sum", 10_000),
        ("video_startup_time.p95", 3_850),
        ("video_startup_time.p50", 2_500),
        ("video_startup_time.p99.9", 3_997),
        ("rebuffer_percentage", 15_000 / 268_000),
        ("rebuffer_percentage.mean", 15_000 / 268_000),
        ("rebuffer_percentage.p75", (10_000 / 112_000) * 0.75 + (5_000 / 15_000) * 0.25),
        ("rebuffering_ratio", 15_000 / 258_000),
        ("rebuffer_count", 0.5),
        ("rebuffer_count.sum", 2),
        ("rebuffer_count.median", 0.5),
        ("rebuffer_duration", 15_000),
        ("rebuffer_duration.mean", 3_750),
        ("rebuffer_frequency", 2 * 60_000 / 268_000),
        ("stalled_plays_percentage", 0.5),
        ("exit_before_video_start_percentage", 0.2),
        ("bounce_rate", 0.2),
        ("concurrent_viewers", 2),
        ("concurrent_plays", 2),
        ("concurrent_viewers.peak", 2),
    ],
)
def test_totals(small, metric, wanted) -> None:
    """Each measurement over the whole set is what it was worked out to be."""
    assert value(small, metric) == pytest.approx(wanted)


HOURS = {0: "2026-01-01T00:00:00Z", 1: "2026-01-01T01:00:00Z", 24: "2026-01-02T00:00:00Z"}


@pytest.mark.parametrize(
    ("metric", "wanted"),
    [
        ("attempts", {0: 3, 24: 2}),
        ("video_startup_time", {0: 1_500, 1: 3_000, 24: 4_000}),
        ("playing_time", {0: 150_000 + 27_000, 1: 60_000, 24: 6_000}),
        ("watch_time", {0: 51_000 + 112_000 + 30_000, 1: 60_000, 24: 20_000}),
        ("concurrent_viewers", {0: 2, 1: 1, 24: 2}),
        ("concurrent_viewers.mean", {0: 193_000 / HOUR_MS, 1: 60_000 / HOUR_MS, 24: 20_000 / HOUR_MS}),
        ("exit_before_video_start_percentage", {0: 0, 1: 0, 24: 0.5}),
        ("rebuffer_percentage", {0: 10_000 / 163_000, 1: 0, 24: 5_000 / 15_000}),
    ],
)
def test_series(small, metric, wanted) -> None:
    """By hour: engagement at the start, quality at the end, time where it passed; gaps are 0 or null."""
    rows = ask(
        small, metrics=[metric], granularity="hour", **{"from": NEW_YEAR_MS, "to": "2026-01-02T02:00"}
    ).data
    assert len(rows) == 26
    found = {row["time"]: row[metric] for row in rows}
    empty = {found[time] for time in found if time not in HOURS.values()}
    assert len(empty) == 1
    assert empty <= {0, None}
    for hour, number in wanted.items():
        assert found[HOURS[hour]] == pytest.approx(number), hour


@pytest.mark.parametrize(
    "granularity", ["minute", "5m", "10m", "hour", "day", "week", "month", "year", "all"]
)
@pytest.mark.parametrize("metric", ["attempts", "playing_time", "watch_time"])
def test_parts_add_up(small, granularity, metric) -> None:
    """However time is cut, the parts add up to the whole."""
    times = {"from": NEW_YEAR_MS, "to": "2026-01-03"}
    rows = ask(small, metrics=[metric], granularity=granularity, limit=10_000, **times).data
    assert sum(row[metric] for row in rows) == pytest.approx(value(small, metric))


def test_groups_are_the_largest_first_with_nulls_last(small) -> None:
    """A table is ordered by its first metric; what is not known is a group of its own."""
    rows = ask(small, metrics=["attempts", "plays"], group_by=["country"]).data
    assert rows == [
        {"country": "FR", "attempts": 3, "plays": 2},
        {"country": "DE", "attempts": 1, "plays": 1},
        {"country": None, "attempts": 1, "plays": 1},
    ]


def test_metrics_of_all_placements_meet_in_one_row(small) -> None:
    """Engagement, quality and time of a group stand beside each other, also where one has nothing."""
    rows = ask(
        small,
        metrics=["attempts", "video_startup_time.mean", "playing_time"],
        group_by="country",
        granularity="day",
        order_by=["time", "country"],
        **{"from": NEW_YEAR_MS, "to": "2026-01-03"},
    ).data
    first, second = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    numbers = [tuple(row.values()) for row in rows]
    assert numbers == [
        (first, "DE", 1, 1_000, 50_000),
        (first, "FR", 2, 2_500, 187_000),
        (first, None, 0, None, 0),
        (second, "DE", 0, None, 0),
        (second, "FR", 1, None, 0),
        (second, None, 1, 4_000, 6_000),
    ]


@pytest.mark.parametrize("group_by", [["country"], ["dialect"], ["live", "dialect"]])
@pytest.mark.parametrize("metrics", [["attempts"], ["error_percentage"], ["concurrent_viewers"]])
def test_without_views_there_is_no_group(small, group_by, metrics) -> None:
    """A series of a range in which nothing happened has no rows: buckets are filled of groups that there are."""
    times = {"from": NEW_YEAR_MS - 2 * DAY_MS, "to": NEW_YEAR_MS - DAY_MS, "granularity": "hour"}
    for compare in ("none", "previous"):
        assert ask(small, metrics=metrics, group_by=group_by, compare=compare, **times).data == []


def test_gaps_may_be_left_out(small) -> None:
    """Without filling, only buckets that have views are answered."""
    rows = ask(small, metrics=["attempts"], granularity="day", fill=False).data
    assert [row["attempts"] for row in rows] == [3, 2]


def test_days_begin_where_the_zone_says(small) -> None:
    """In New York all of the first day's views were still yesterday's, and its buckets say so."""
    rows = ask(small, metrics=["attempts"], granularity="day", timezone="America/New_York", fill=False).data
    assert [(row["time"], row["attempts"]) for row in rows] == [
        ("2025-12-31T05:00:00Z", 3),
        ("2026-01-01T05:00:00Z", 2),
    ]


def test_compare_with_the_previous_period(small) -> None:
    """The day before stands beside each number of the day."""
    times = {"from": "2026-01-02", "to": "2026-01-03"}
    (row,) = ask(small, metrics=["attempts", "playing_time", "plays"], compare="previous", **times).data
    assert (row["attempts"], row["attempts.previous"]) == (2, 3)
    assert (row["playing_time"], row["playing_time.previous"]) == (6_000, 237_000)
    hours = ask(small, metrics=["attempts"], compare="previous", granularity="hour", **times)
    assert hours.data[0] == {"time": "2026-01-02T00:00:00Z", "attempts": 2, "attempts.previous": 3}
    assert hours.meta.compared_from == "2026-01-01T00:00:00Z"


def test_limit_tells_when_it_cut(small) -> None:
    """Rows over the limit are left out, and the answer says so."""
    cut = ask(small, metrics=["attempts"], group_by=["country"], limit=2)
    assert (cut.meta.row_count, cut.meta.truncated) == (2, True)
    whole = ask(small, metrics=["attempts"], group_by=["country"], limit=3)
    assert (whole.meta.row_count, whole.meta.truncated) == (3, False)


def test_group_limit_keeps_whole_series(small) -> None:
    """The first groups over the whole range are kept, each with all its buckets; a null group can be one."""
    best = ask(
        small, metrics=["attempts"], group_by=["country"], granularity="day", group_limit=1, **_two_days()
    )
    assert [(row["country"], row["attempts"]) for row in best.data] == [("FR", 2), ("FR", 1)]
    assert best.meta.truncated
    slow = ask(
        small,
        metrics=["video_startup_time"],
        group_by=["country"],
        granularity="day",
        group_limit=1,
        order_by=["-video_startup_time"],
        **_two_days(),
    )
    assert {row["country"] for row in slow.data} == {None}


def _two_days():
    return {"from": "2026-01-01", "to": "2026-01-03"}


def test_totals_and_weights(small) -> None:
    """Totals are over everything, not over rows; weights are what each number stands on."""
    found = ask(
        small, metrics=["rebuffer_percentage"], group_by=["country"], totals=True, weights=True, limit=1
    )
    assert found.meta.totals is not None
    assert found.meta.totals["rebuffer_percentage"] == pytest.approx(15_000 / 268_000)
    assert found.meta.totals["rebuffer_percentage.weight"] == 268_000
    assert found.data[0]["rebuffer_percentage.weight"] == 15_000


def test_order_by(small) -> None:
    """Any key of the answer orders it, either way, with null last."""
    keys = {"metrics": ["attempts", "video_startup_time"], "group_by": ["country"]}
    up = ask(small, **keys, order_by=["video_startup_time"]).data
    assert [row["video_startup_time"] for row in up] == [1_000, 2_500, 4_000]
    down = ask(small, **keys, order_by="-country").data
    assert [row["country"] for row in down] == ["FR", "DE", None]


@pytest.mark.parametrize(
    "key", ["attempts.previous", "video_startup_time.weight", "video_startup_time.previous"]
)
def test_order_by_what_else_was_asked(small, key) -> None:
    """The period before and the weights are keys of the answer like any other, also for the first groups."""
    asked = {
        "metrics": ["attempts", "video_startup_time"],
        "group_by": ["country"],
        "compare": "previous",
        "weights": True,
        "from": "2026-01-02",
        "to": "2026-01-03",
    }
    rows = ask(small, **asked).data
    known = sorted((row[key] for row in rows if row[key] is not None), reverse=True)
    ordered = [row[key] for row in ask(small, **asked, order_by=f"-{key}").data]
    assert ordered == [*known, *[None] * (len(rows) - len(known))]
    (first,) = ask(small, **asked, order_by=f"-{key}", group_limit=1).data
    assert first[key] == ordered[0]


def test_open_views_are_engagement_not_quality(engine) -> None:
    """A view that goes on counts as an attempt; its quality is not counted before its end."""
    store(engine, [play("o", NEW_YEAR_MS, 1_000, 10_000, closed=False)])
    (row,) = ask(engine, metrics=["attempts", "playing_time", "video_startup_time"]).data
    assert row == {"attempts": 1, "playing_time": 10_000, "video_startup_time": None}


def test_bots_are_left_out_unless_asked_for(engine) -> None:
    """Robots enter no number, unless they are included or the question is about them."""
    store(engine, [play("h", NEW_YEAR_MS, 1_000, 9_000), play("r", NEW_YEAR_MS, 1_000, 9_000, bot=True)])
    assert value(engine, "attempts") == 1
    assert value(engine, "attempts", include_bots=True) == 2
    rows = ask(engine, metrics=["attempts"], group_by=["bot"], order_by=["bot"]).data
    assert rows == [{"bot": False, "attempts": 1}, {"bot": True, "attempts": 1}]
    assert value(engine, "attempts", filters=["bot:eq:true"]) == 1


def test_unknown_stalls_are_on_neither_side(engine) -> None:
    """A view whose stalls cannot be known adds nothing to the watch time below the line."""
    known = play("k", NEW_YEAR_MS, 1_000, 8_000, 1_000)
    unknown = play("u", NEW_YEAR_MS, 1_000, 90_000, rebuffer_duration_ms=None, rebuffer_count=None)
    store(engine, [known, unknown])
    assert value(engine, "rebuffer_percentage") == pytest.approx(0.1)
    assert value(engine, "rebuffer_frequency") == pytest.approx(6)
    assert value(engine, "stalled_plays_percentage") == 1


def test_ready_times_stand_apart(engine) -> None:
    """A load-to-ready time is used only where no true startup time is there, or when asked for."""
    true = play("t", NEW_YEAR_MS, 1_000, 9_000, country="DE")
    ready = play("y", NEW_YEAR_MS, 9_000, 9_000, country="FR", approx=["startup_is_ready_time"])
    store(engine, [true, ready])
    assert value(engine, "video_startup_time") == 1_000
    assert value(engine, "video_startup_time", include_ready_times=True) == 5_000
    by_country = ask(engine, metrics=["video_startup_time"], group_by=["country"]).data
    assert {row["country"]: row["video_startup_time"] for row in by_country} == {"DE": 1_000, "FR": 9_000}


def test_ready_times_weigh_nothing_beside_true_ones(engine) -> None:
    """Weights are of what the total is made of, so that the total without a group can be worked out from them."""
    ready = {"approx": ["startup_is_ready_time"], "dialect": "pillarbox"}
    store(
        engine,
        [
            play("a", NEW_YEAR_MS, 1_000, 9_000, country="DE"),
            play("b", NEW_YEAR_MS, 2_000, 9_000, country="DE"),
            play("c", NEW_YEAR_MS, 6_000, 9_000, country="AT"),
            play("d", NEW_YEAR_MS, 9_000, 9_000, country="AT", **ready),
            play("e", NEW_YEAR_MS, 9_000, 9_000, country="FR", **ready),
            play("f", NEW_YEAR_MS, 5_000, 9_000, country="FR", **ready),
        ],
    )
    name = "video_startup_time.mean"
    asked = {"metrics": [name], "totals": True, "weights": True}

    def told(**more):
        found = ask(engine, **{**asked, "group_by": ["country"], **more})
        weights = {row["country"]: row[f"{name}.weight"] for row in found.data}
        return weights, found.meta.totals[name], found.meta.totals[f"{name}.weight"]

    assert told() == ({"DE": 2, "AT": 1, "FR": 0}, 3_000, 3)
    assert told(filters="dialect:eq:pillarbox") == ({"AT": 1, "FR": 2}, pytest.approx(23_000 / 3), 3)
    assert told(include_ready_times=True) == ({"DE": 2, "AT": 2, "FR": 2}, pytest.approx(32_000 / 6), 6)
    by_hour = ask(engine, **asked, granularity="hour", **{"from": NEW_YEAR_MS, "to": NEW_YEAR_MS + 7_200_000})
    assert [row[f"{name}.weight"] for row in by_hour.data] == [3, 0]
    in_cells = ask(
        engine, metrics=[name, "watch_time"], group_by=["country"], weights=True, compare="previous"
    )
    assert {row["country"]: row[f"{name}.weight"] for row in in_cells.data} == {"DE": 2, "AT": 1, "FR": 0}
    first = ask(engine, **asked, group_by=["country"], order_by=f"-{name}.weight", limit=1).data
    assert [row["country"] for row in first] == ["DE"]


def test_sketches_are_near(engine) -> None:
    """Sketched uniques and percentiles are within a few percent of the exact ones."""
    store(
        engine,
        [
            play(f"{number:04}", NEW_YEAR_MS, 1_000 + number, 10_000, viewer_id=str(number))
            for number in range(2_000)
        ],
    )
    exact, near = (
        ask(engine, metrics=["unique_viewers", "video_startup_time.p95"], uniques=how, quantiles=how).data[0]
        for how in ("exact", "sketched")
    )
    assert exact == {"unique_viewers": 2_000, "video_startup_time.p95": pytest.approx(2_899.05)}
    assert near["unique_viewers"] == pytest.approx(2_000, rel=0.03)
    assert near["video_startup_time.p95"] == pytest.approx(2_899, rel=0.01)


def test_spans_that_do_not_add_up_are_scaled(engine) -> None:
    """The record's own sum wins: time is split in the proportion of the spans, and none is lost."""
    view = play(
        "s", NEW_YEAR_MS - 30_000, 0, 60_000, content_playing_time_ms=30_000.0, watch_time_ms=30_000.0
    )
    bare = play("w", NEW_YEAR_MS, 1_000, 9_000, spans=[])
    store(engine, [view, bare])
    rows = ask(engine, metrics=["playing_time"], granularity="day", fill=False).data
    assert [row["playing_time"] for row in rows] == [15_000, 15_000 + 9_000]


@pytest.mark.parametrize("long_ms", [0, cell.LONG_MS], ids=["in two branches", "in one"])
def test_time_in_a_range_and_in_the_one_before(engine, monkeypatch, long_ms) -> None:
    """Views within the range count with their own total, those across an edge with the part that lies in it."""
    monkeypatch.setattr(cell, "LONG_MS", long_ms)
    start, second = NEW_YEAR_MS + HOUR_MS, 1_000
    played = (State.PLAYING, 10 * second)
    views = {
        "within": (start, 10, 20.0, spans(start, played)),
        "no time passed": (start + 1, 10, 7.0, spans(start + 1, (State.PLAYING, 0))),
        "only paused": (start + 2, 10, 3.0, spans(start + 2, (State.PAUSE, 10 * second))),
        "across": (start - 4 * second, 10, 20.0, spans(start - 4 * second, played)),
        "out at the end": (start + 55 * second, 10, 10.0, spans(start + 55 * second, played)),
        "before": (start - 30 * second, 10, 30.0, spans(start - 30 * second, played)),
        "bare": (start + 3, 10, 8.0, []),
        "bare and nearly nothing": (start + 4, 10, 0.0004, []),
        "bare, across": (start - 4 * second, 10, 10.0, []),
        "bare and longer than itself": (start, 0, 30.0, []),
        "bare, longer than itself and across": (start - 10 * second, 0, 30.0, []),
        "bare, longer than itself and out at the end": (start + 40 * second, 0, 30.0, []),
    }
    store(
        engine,
        [
            make_view(
                name,
                at,
                length_ms=length_s * second,
                spans=pieces,
                watch_time_ms=watched_s * 1000,
                content_playing_time_ms=watched_s * 750,
                country=name,
            )
            for name, (at, length_s, watched_s, pieces) in views.items()
        ],
    )
    question = {
        "metrics": ["watch_time", "playing_time"],
        "from": start,
        "to": start + MINUTE_MS,
        "compare": "previous",
    }
    keys = ("watch_time", "watch_time.previous", "playing_time", "playing_time.previous")
    rows = ask(engine, **question, group_by=["country"]).data
    found = {row["country"]: tuple(row[key] / 1000 for key in keys) for row in rows}
    assert found == {
        "within": (20, 0, 15, 0),
        "only paused": (0, 0, 0, 0),
        "across": (12, 8, 9, 6),
        "out at the end": (5, 0, 3.75, 0),
        "before": (0, 30, 0, 22.5),
        "bare": (8, 0, 6, 0),
        "bare, across": (6, 4, 6, 1.5),
        "bare and longer than itself": (30, 0, 22.5, 0),
        "bare, longer than itself and across": (20, 10, 20, 2.5),
        "bare, longer than itself and out at the end": (20, 0, 12.5, 0),
    }
    (total,) = ask(engine, **question).data
    series = ask(engine, **question, granularity="minute").data
    beside = ask(engine, **(question | {"metrics": [*question["metrics"], "concurrent_viewers.mean"]})).data
    for number, key in enumerate(keys):
        assert total[key] == sum(row[number] for row in found.values()) * 1000
        assert total[key] == sum(row[key] or 0 for row in series) == beside[0][key]


def test_a_long_stall_stops_counting_as_watching(engine) -> None:
    """After five minutes of one stall nobody is thought to be watching."""
    pieces = spans(NEW_YEAR_MS, (State.STARTUP, 1_000), (State.REBUFFER, 600_000))
    store(engine, [make_view("l", length_ms=601_000, watch_time_ms=601_000.0, spans=pieces)])
    times = {"from": NEW_YEAR_MS, "to": NEW_YEAR_MS + 15 * MINUTE_MS}
    rows = ask(engine, metrics=["concurrent_viewers"], granularity="minute", **times).data
    assert [row["concurrent_viewers"] for row in rows] == [1] * 6 + [0] * 9


def test_whoever_goes_on_watching_is_there_in_every_bucket(engine) -> None:
    """A bucket in which nobody comes or goes has those of before; an end on an edge is not in the next bucket."""
    hour = NEW_YEAR_MS
    store(
        engine,
        [
            play("a", hour, 1_000, 3 * HOUR_MS - 1_000, country="DE"),
            play("b", hour + 2 * HOUR_MS, 1_000, 60_000, 30_000, country="DE"),
            play("c", hour + 5 * HOUR_MS, 1_000, 60_000, country="FR"),
        ],
    )
    times = {"from": hour, "to": hour + 7 * HOUR_MS, "granularity": "hour"}
    question = {"metrics": ["concurrent_viewers", "concurrent_plays.mean"], **times}
    rows = ask(engine, **question).data
    assert [row["concurrent_viewers"] for row in rows] == [1, 1, 2, 0, 0, 1, 0]
    known = ask(engine, metrics=["concurrent_viewers"], fill=False, **times).data
    assert [(row["time"][11:13], row["concurrent_viewers"]) for row in known] == [
        ("00", 1),
        ("01", 1),
        ("02", 2),
        ("05", 1),
    ]
    groups = ask(engine, metrics=["concurrent_viewers"], group_by=["country"], **times).data
    assert [row["concurrent_viewers"] for row in groups if row["country"] == "FR"] == [0, 0, 0, 0, 0, 1, 0]
    later = {**times, "from": hour + HOUR_MS, "to": hour + 2 * HOUR_MS}
    assert [
        row["concurrent_viewers"] for row in ask(engine, metrics=["concurrent_viewers"], **later).data
    ] == [1]


def test_viewers_who_hand_over_are_never_two(engine) -> None:
    """One who leaves at the instant at which another comes, and spans that adjoin, make no peak of two."""
    store(
        engine, [play("a", NEW_YEAR_MS, 500, 59_500), play("b", NEW_YEAR_MS + MINUTE_MS, 500, 59_500, 1_000)]
    )
    times = {"from": NEW_YEAR_MS, "to": NEW_YEAR_MS + HOUR_MS}
    assert value(engine, "concurrent_viewers", **times) == 1


def test_a_day_that_is_over_answers_the_same_in_one_part(engine) -> None:
    """Versions and tombstones count the same before and after a day's parts have become one."""
    views = [play(name, NEW_YEAR_MS, 1_000, 60_000) for name in "abcd"]
    store(engine, views)
    store(engine, [play(name, NEW_YEAR_MS, 3_000, 60_000) for name in "bc"], version=2)
    gone = view_row(views[3], 3, NEW_YEAR_MS // 1000, is_deleted=True)
    engine.insert("views", VIEW_COLUMNS, [gone])
    question = {"metrics": ["attempts", "video_startup_time.mean", "watch_time", "unique_viewers"]}
    before = ask(engine, **question).data
    assert (before[0]["attempts"], before[0]["watch_time"]) == (3, 61_000 + 2 * 63_000)
    engine.command("OPTIMIZE TABLE views PARTITION '2026-01-01' FINAL")
    parts = "SELECT count() FROM system.parts WHERE active AND database = {d:String} AND table = 'views'"
    assert engine.query(parts, {"d": engine.target.database}).rows == [(1,)]
    assert ask(engine, **question).data == before


def test_both_periods_of_a_series_have_their_own_groups(engine) -> None:
    """A group of the period before stands in the same bucket of its own period, beside those of now."""
    first = NEW_YEAR_MS + DAY_MS
    store(
        engine,
        [
            play("a", first + HOUR_MS, 1_000, 60_000, country="DE"),
            play("b", first - DAY_MS + HOUR_MS, 1_000, 60_000, country="DE"),
            play("c", first - DAY_MS + 2 * HOUR_MS, 3_000, 60_000, country="FR"),
        ],
    )
    back = {"from": first, "to": first + DAY_MS, "granularity": "hour", "compare": "previous"}
    rows = ask(
        engine, metrics=["attempts", "video_startup_time.mean"], group_by=["country"], fill=False, **back
    ).data
    found = {(row["country"], row["time"][11:13]): row for row in rows}
    assert (found["DE", "01"]["attempts"], found["DE", "01"]["attempts.previous"]) == (1, 1)
    assert (found["FR", "02"]["attempts"], found["FR", "02"]["attempts.previous"]) == (0, 1)
    assert found["FR", "02"]["video_startup_time.mean.previous"] == 3_000
    assert found["FR", "02"]["video_startup_time.mean"] is None


def test_a_view_is_known_only_where_it_is_counted(engine) -> None:
    """A view that began before an hour and is still open in it is neither an attempt nor a quality view of it."""
    open_view = {"closed": False, "length_ms": 2 * HOUR_MS, "country": "DE"}
    store(
        engine,
        [make_view("o", NEW_YEAR_MS, **open_view), make_view("p", NEW_YEAR_MS + HOUR_MS, country="FR")],
    )
    both = {"metrics": ["attempts", "playback_failure_percentage"], "group_by": ["country"]}
    times = {"from": NEW_YEAR_MS + HOUR_MS, "to": NEW_YEAR_MS + 2 * HOUR_MS, "compare": "previous"}
    rows = {row["country"]: row for row in ask(engine, **both, **times).data}
    assert (rows["DE"]["attempts"], rows["DE"]["attempts.previous"]) == (0, 1)
    hours = ask(engine, **both, granularity="hour", fill=False).data
    assert [(row["time"][11:13], row["country"]) for row in hours] == [("00", "DE"), ("01", "FR")]


def test_projects_do_not_see_each_other(engine) -> None:
    """Whatever is asked, only the caller's own views answer."""
    store(engine, SET)
    store(engine, [play("x", NEW_YEAR_MS, 1_000, 9_000, project="other", country="US")])
    assert value(engine, "attempts", project="other") == 1
    assert value(engine, "playing_time", project="other") == 9_000
    assert value(engine, "attempts", filters=["project:eq:other"]) == 0
    assert value(engine, "attempts", filters=[{"or": ["project:eq:other", "project:eq:default"]}]) == 5


def test_assets_are_joined_by_playback_id(engine) -> None:
    """What the operator told of a video is a dimension of its views, also of those seen before it was told."""
    store(
        engine, [play("p", NEW_YEAR_MS, 1_000, 9_000, playback_id="pb"), play("q", NEW_YEAR_MS, 1_000, 9_000)]
    )
    columns = ("project", "playback_id", "asset_id", "title", "tags", "version")
    engine.insert(
        "assets", columns, [("default", "pb", "as", "A title", {}, 1), ("other", "pb", "no", "No", {}, 2)]
    )
    rows = ask(
        engine, metrics=["attempts", "playing_time"], group_by=["asset_title"], order_by="asset_title"
    ).data
    assert rows == [
        {"asset_title": "A title", "attempts": 1, "playing_time": 9_000},
        {"asset_title": None, "attempts": 1, "playing_time": 9_000},
    ]
    assert value(engine, "attempts", filters=["asset_id:eq:as"]) == 1
    assert value(engine, "attempts", filters=["asset_id:neq:as"]) == 1


def test_custom_and_extra_dimensions(engine) -> None:
    """Custom fields and the dialect's own metadata group and filter like any other."""
    store(
        engine,
        [
            play("m", NEW_YEAR_MS, 1_000, 9_000, custom={"custom_3": "x"}, extra={"a `b`:eq:c'": "y"}),
            play("n", NEW_YEAR_MS, 1_000, 9_000),
        ],
    )
    rows = ask(
        engine, metrics=["attempts"], group_by=["custom_3", "extra.a `b`:eq:c'"], order_by="custom_3"
    ).data
    assert rows[0] == {"custom_3": "x", "extra.a `b`:eq:c'": "y", "attempts": 1}
    assert value(engine, "attempts", filters=["custom_3:exists"]) == 1


def test_a_pattern_that_is_none_is_the_callers_mistake(small) -> None:
    """What RE2 does not take is refused with a sentence, not with a fault."""
    with pytest.raises(BadRequest, match="RE2"):
        ask(small, metrics=["attempts"], filters=["country:matches:(?=x)"])
