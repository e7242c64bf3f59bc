"""The same questions answered twice: by SQL, and by plain Python over the records."""

import random
from collections import defaultdict
from datetime import UTC, datetime

import pytest

import support_engine
from firstframe.metrics.instant import iso
from firstframe.view.record import Outcome, State
from support_cases import quantile
from support_question import DAY_MS, HOUR_MS, NEW_YEAR_MS, ask, make_view, spans, store

pytestmark = pytest.mark.engine

COUNT = 600
WATCHED = (State.STARTUP, State.PLAYING, State.AD_PLAYING, State.REBUFFER, State.SEEK)


def random_view(dice: random.Random, number: int):
    """A view of any kind whose times are those of its spans."""
    start = NEW_YEAR_MS + dice.randrange(3 * DAY_MS)
    started = dice.random() < 0.8
    states = [State.STARTUP]
    if started:
        states += dice.choices(
            [State.PLAYING, State.AD_PLAYING, State.REBUFFER, State.SEEK, State.PAUSE], k=6
        )
    pieces = spans(start, *((state, dice.randrange(1, 200_000)) for state in states))
    spent = defaultdict(float)
    for span in pieces:
        spent[span.state] += span.end_ms - span.start_ms
    known = dice.random() < 0.7
    return make_view(
        f"v{number}",
        start,
        length_ms=pieces[-1].end_ms - start,
        attempted=started or dice.random() < 0.9,
        started=started,
        closed=dice.random() < 0.9,
        outcome=dice.choice([Outcome.EXITED, Outcome.PLAYBACK_FAILED] if started else [Outcome.START_FAILED]),
        country=dice.choice(["DE", "FR", "US", None]),
        viewer_id=dice.choice([None, *map(str, range(40))]),
        bot=dice.random() < 0.05,
        startup_in_background=dice.random() < 0.1,
        video_startup_time_ms=spent[State.STARTUP] if started and dice.random() < 0.9 else None,
        watch_time_ms=sum(spent[state] for state in WATCHED),
        content_playing_time_ms=spent[State.PLAYING],
        ad_playing_time_ms=spent[State.AD_PLAYING],
        rebuffer_duration_ms=spent[State.REBUFFER] if known else None,
        rebuffer_count=sum(state is State.REBUFFER for state in states) if known else None,
        spans=pieces,
    )


VIEWS = [random_view(random.Random(number), number) for number in range(COUNT)]
HUMANS = [view for view in VIEWS if not view.bot]


@pytest.fixture(scope="module")
def filled(engine_url):
    """An engine that holds all of them."""
    with support_engine.fresh(engine_url) as engine:
        store(engine, VIEWS)
        yield engine


def hour_of(instant_ms: int) -> str:
    return iso(instant_ms // HOUR_MS * HOUR_MS)


def over(top: float, bottom: float):
    return top / bottom if bottom else None


def quality(views):
    """The quality metrics of some views, by hand."""
    views = [view for view in views if view.closed]
    attempts = [view for view in views if view.attempted]
    plays = [view for view in views if view.started]
    stalls = [view for view in plays if view.rebuffer_duration_ms is not None]
    startups = sorted(
        view.video_startup_time_ms
        for view in plays
        if view.video_startup_time_ms is not None and not view.startup_in_background
    )
    return {
        "video_startup_time": quantile(startups, 0.5),
        "video_startup_time.p95": quantile(startups, 0.95),
        "video_startup_time.mean": over(sum(startups), len(startups)),
        "playback_failure_percentage": over(
            sum(view.outcome in ("start_failed", "playback_failed") for view in attempts), len(attempts)
        ),
        "rebuffer_percentage": over(
            sum(view.rebuffer_duration_ms for view in stalls), sum(view.watch_time_ms for view in stalls)
        ),
        "rebuffer_count": over(sum(view.rebuffer_count for view in stalls), len(stalls)),
    }


def engagement(views):
    """The engagement metrics of some views, by hand."""
    attempts = [view for view in views if view.attempted]
    return {
        "impressions": len(views),
        "attempts": len(attempts),
        "plays": sum(view.started for view in views),
        "unique_viewers": len({view.viewer_id for view in attempts} - {None}),
    }


def by(key, views):
    """Views by something."""
    found = defaultdict(list)
    for view in views:
        found[key(view)].append(view)
    return found


def whole(engine, **question):
    """Everything about the four days."""
    return ask(engine, limit=10_000, **{"from": NEW_YEAR_MS, "to": NEW_YEAR_MS + 4 * DAY_MS, **question}).data


def test_by_country(filled) -> None:
    """Every metric of every country agrees."""
    metrics = [*engagement([]), *quality([])]
    rows = whole(filled, metrics=metrics, group_by=["country"])
    countries = by(lambda view: view.country, HUMANS)
    assert {row["country"] for row in rows} == set(countries)
    for row in rows:
        mine = countries[row["country"]]
        wanted = {"country": row["country"], **engagement(mine), **quality(mine)}
        assert row == {
            key: number if isinstance(number, str) else _about(number) for key, number in wanted.items()
        }


def test_by_hour(filled) -> None:
    """Engagement by the hour of the start and quality by the hour of the end agree."""
    rows = whole(filled, metrics=[*engagement([]), *quality([])], granularity="hour")
    starts = by(lambda view: hour_of(view.view_start_ms), HUMANS)
    ends = by(lambda view: hour_of(view.view_end_ms), HUMANS)
    assert len(rows) == 96
    for row in rows:
        wanted = {**engagement(starts[row["time"]]), **quality(ends[row["time"]])}
        assert {key: row[key] for key in wanted} == {key: _about(number) for key, number in wanted.items()}


def test_time_and_concurrency_by_hour(filled) -> None:
    """Playing time, watch time, and both peaks and means of concurrency agree in every hour."""
    metrics = [
        "playing_time",
        "watch_time",
        "concurrent_viewers",
        "concurrent_viewers.mean",
        "concurrent_plays",
    ]
    pieces = [span for view in HUMANS if view.attempted for span in view.spans]
    for row in whole(filled, metrics=metrics, granularity="hour"):
        low = round(datetime.fromisoformat(row["time"]).astimezone(UTC).timestamp()) * 1000
        cut = [(span.state, max(span.start_ms, low), min(span.end_ms, low + HOUR_MS)) for span in pieces]
        cut = [piece for piece in cut if piece[1] < piece[2]]
        playing = sum(end - start for state, start, end in cut if state in (State.PLAYING, State.AD_PLAYING))
        watching = [(start, end) for state, start, end in cut if state in WATCHED]
        shown = [(start, end) for state, start, end in cut if state in WATCHED and state is not State.STARTUP]
        spent = sum(end - start for start, end in watching)
        assert row["playing_time"] == _about(playing)
        assert row["watch_time"] == _about(spent)
        assert row["concurrent_viewers"] == peak(watching)
        assert row["concurrent_plays"] == peak(shown)
        assert row["concurrent_viewers.mean"] == _about(spent / HOUR_MS)


def peak(pieces) -> int:
    """The most that overlap; an end frees its place before a start takes it."""
    level = best = 0
    for _, change in sorted([(start, 1) for start, _ in pieces] + [(end, -1) for _, end in pieces]):
        level += change
        best = max(best, level)
    return best


@pytest.mark.parametrize("granularity", ["all", "hour", "5m", "day"])
@pytest.mark.parametrize("group_by", [[], ["country"]])
def test_placements_asked_together_and_apart(filled, granularity, group_by) -> None:
    """Numbers by start, by end and by spans, with the period before, are those of questions for each alone."""
    start = NEW_YEAR_MS + DAY_MS + 1_234_567
    about = {
        "from": start,
        "to": start + DAY_MS,
        "granularity": granularity,
        "group_by": group_by,
        "compare": "previous",
        "timezone": "Asia/Kolkata",
        "fill": not group_by,
        "limit": 10_000,
    }
    metrics = [
        "attempts",
        "unique_viewers",
        "playback_failure_percentage",
        "video_startup_time",
        "watch_time",
    ]
    keys = ["time"] * (granularity != "all") + group_by
    together = {tuple(row[key] for key in keys): row for row in ask(filled, metrics=metrics, **about).data}
    apart = defaultdict(dict)
    for metric in metrics:
        for row in ask(filled, metrics=[metric], **about).data:
            apart[tuple(row[key] for key in keys)].update(row)
    assert together.keys() == apart.keys()
    for key, row in apart.items():
        assert {name: together[key][name] for name in row} == {
            name: number if isinstance(number, str) else _about(number) for name, number in row.items()
        }


def test_filters_agree(filled) -> None:
    """Every combination of two conditions keeps the views that Python keeps."""
    checks = {
        "country:eq:DE": lambda view: view.country == "DE",
        "country:neq:DE": lambda view: view.country != "DE",
        "country:not_in:DE,FR": lambda view: view.country not in ("DE", "FR"),
        "watch_time_ms:gt:200000": lambda view: view.watch_time_ms > 200_000,
        "rebuffer_count:lte:1": lambda view: view.rebuffer_count is not None and view.rebuffer_count <= 1,
        "viewer_id:exists:false": lambda view: view.viewer_id is None,
    }
    names = list(checks)
    for left, right in zip(names, names[1:] + names[:1], strict=True):
        for word, hold in (("and", all), ("or", any)):
            kept = [view for view in HUMANS if hold((checks[left](view), checks[right](view)))]
            (row,) = whole(filled, metrics=["impressions"], filters={word: [left, right]})
            assert row["impressions"] == len(kept)
            (row,) = whole(filled, metrics=["impressions"], filters={"not": {word: [left, right]}})
            assert row["impressions"] == len(HUMANS) - len(kept)


def _about(number):
    return None if number is None else pytest.approx(number, rel=1e-9)
