"""Mux's monitoring: who watches now and in the last day, and how starts and views went, from our live answers and spans."""

from __future__ import annotations

import pytest

import support_engine
import support_question as q
from firstframe.api.mux_moment import METRICS
from firstframe.api.mux_monitoring import DIMENSIONS
from firstframe.view.record import Outcome, State
from support_mux_api import NOW_MS, played, request

pytestmark = [pytest.mark.engine, pytest.mark.slow]

NOW = NOW_MS // 1_000
SECOND = 1_000
VIEWERS = "/monitoring/metrics/current-concurrent-viewers"
STALLED = "/monitoring/metrics/current-rebuffering-percentage"
FAILED = "/monitoring/metrics/video-startup-failure-percentage"


def watching(name, since_s, *pieces, **fields):
    """A view that is going on: states and their seconds, the last of which is now."""
    start_ms = NOW_MS - since_s * SECOND
    states = q.spans(start_ms, *((state, seconds * SECOND) for state, seconds in pieces))
    usual = {
        "closed": False,
        "received_last_ms": NOW_MS - SECOND,
        "length_ms": since_s * SECOND,
        "spans": states,
        "dialect": "mux",
        "watch_time_ms": since_s * SECOND,
        "rebuffer_duration_ms": 0,
    }
    return q.make_view(name, start_ms, **{**usual, **fields})


def ended(name, ago_s, **fields):
    """A view that ended so long ago, after a startup of 300 ms and ten seconds."""
    length_ms = 10_300
    return played(
        name,
        NOW_MS - ago_s * SECOND - length_ms,
        video_startup_time_ms=fields.pop("startup_ms", 300),
        playing_ms=10_000,
        length_ms=length_ms,
        **fields,
    )


@pytest.fixture(scope="module")
def going_on(engine_url):
    """Three who watch: one plays, one is stalled, one is starting; three who ended, of whom one had failed to start."""
    with support_engine.fresh(engine_url) as engine:
        q.store(
            engine,
            [
                watching("plays", 60, (State.STARTUP, 1), (State.PLAYING, 59), country="DE", asn=3320),
                watching(
                    "stalled", 40, (State.STARTUP, 1), (State.PLAYING, 19), (State.REBUFFER, 20), country="US"
                ),
                watching("starts", 5, (State.STARTUP, 5), country="US", started=False),
                ended("left", 100, country="US"),
                ended("slow", 100, country="US", startup_ms=2_500),
                ended("ready", 100, country="US", approx=["startup_is_ready_time"]),
                ended("failed", 200, country="DE", started=False, outcome=Outcome.START_FAILED),
                ended("long ago", 7_200, country="FR"),
                watching("theirs", 60, (State.PLAYING, 60), country="FR", project="other"),
            ],
        )
        yield engine


def answer(engine, path, params=None):
    found = request(engine, path, params)
    assert found.status_code == 200, found.text
    return found.json()


def data(engine, path, params=None):
    return answer(engine, path, params)["data"]


def test_lists(going_on):
    """What there is, under the new name and the old."""
    assert [one["name"] for one in data(going_on, "/monitoring/metrics")] == list(METRICS)
    assert data(going_on, "/realtime/metrics") == data(going_on, "/monitoring/metrics")
    assert {one["name"]: one["display_name"] for one in data(going_on, "/realtime/dimensions")} == DIMENSIONS


def test_now_by_a_dimension(going_on):
    """From the live figures: who watches, who of them is starting; groups with nobody are not there."""
    found = answer(going_on, f"{VIEWERS}/breakdown", {"dimension": "country", "order_by": "value"})
    assert found["data"] == [
        {
            "value": "US",
            "display_value": "United States",
            "metric_value": 2,
            "concurrent_viewers": 2,
            "starting_up_viewers": 1,
            "negative_impact": 0,
        },
        {
            "value": "DE",
            "display_value": "Germany",
            "metric_value": 1,
            "concurrent_viewers": 1,
            "starting_up_viewers": 0,
            "negative_impact": 0,
        },
    ]
    assert found["timeframe"] == [NOW - 5, NOW]
    numbered = data(going_on, f"{VIEWERS}/breakdown", {"dimension": "asn", "order_by": "field"})
    assert [(row["value"], row.get("display_value")) for row in numbered] == [("3320", "3320"), (None, None)]


def test_who_is_stalled_now(going_on):
    """Stalled viewers among all who watch, and what the group does to the whole."""
    rows = data(going_on, f"{STALLED}/breakdown", {"dimension": "country"})
    assert [(row["value"], row["metric_value"], row["negative_impact"]) for row in rows] == [
        ("US", 0.5, 100),
        ("DE", 0, 0),
    ]


def test_outcomes_of_the_last_minutes(going_on):
    """Of the attempts that ended in the last five minutes, beside who watches."""
    rows = data(going_on, f"{FAILED}/breakdown", {"dimension": "country"})
    assert rows[0] == {
        "value": "DE",
        "display_value": "Germany",
        "metric_value": 1,
        "concurrent_viewers": 1,
        "starting_up_viewers": 0,
        "negative_impact": 100,
    }
    assert (rows[1]["value"], rows[1]["metric_value"], rows[1]["concurrent_viewers"]) == ("US", 0, 2)
    (row,) = data(going_on, f"{FAILED}/breakdown", {"dimension": "country", "filters[]": "country:DE"})
    assert row["metric_value"] == 1


@pytest.mark.parametrize(
    ("ago", "groups"),
    [(0, {"US": (2, 1), "DE": (1, 0)}), (30, {"US": (1, 0), "DE": (1, 0)}), (59, {"DE": (1, 1)}), (70, {})],
)
def test_an_earlier_instant(going_on, ago, groups):
    """From the spans of the five seconds before it: who watched, who was starting."""
    params = {"dimension": "country", "timestamp": NOW - ago}
    rows = data(going_on, f"{VIEWERS}/breakdown", params)
    found = {row["value"]: (row["concurrent_viewers"], row["starting_up_viewers"]) for row in rows}
    assert found == groups


def test_over_time(going_on):
    """In steps of five seconds until now; the whole of the last half hour unless told otherwise."""
    found = answer(going_on, f"{VIEWERS}/timeseries")
    assert len(found["data"]) == 360
    assert found["timeframe"] == [NOW - 1_800, NOW]
    points = data(going_on, f"{VIEWERS}/timeseries", {"timestamp": NOW - 70})
    counts = [0, 0, *[1] * 4, *[2] * 7, 3]
    assert [point["concurrent_viewers"] for point in points] == counts
    assert [point["value"] for point in points] == counts
    assert points[-1]["date"] == "2026-02-09T23:59:55Z"


def test_stalls_over_time(going_on):
    """The time stalled among the time watched in each step; nobody watching is null."""
    points = data(going_on, f"{STALLED}/timeseries", {"timestamp": NOW - 70})
    assert [point["value"] for point in points] == [
        *(None, None),
        *[0] * 8,
        *[pytest.approx(1 / 2)] * 3,
        pytest.approx(1 / 3),
    ]


def test_outcomes_over_time(going_on):
    """Of the attempts that ended in the step; where none did, null."""
    points = data(going_on, f"{FAILED}/timeseries", {"timestamp": NOW - 210})
    told = {
        NOW - 210 + 5 * at: point["value"] for at, point in enumerate(points) if point["value"] is not None
    }
    assert told == {NOW - 200: 1, NOW - 100: 0}


def test_the_bitrate_of_a_moment_is_not_told(going_on):
    """Nobody knows it: null, and who watches."""
    path = "/monitoring/metrics/current-average-bitrate"
    rows = data(going_on, f"{path}/breakdown", {"dimension": "country"})
    assert {row["metric_value"] for row in rows} == {None}
    points = data(going_on, f"{path}/timeseries", {"timestamp": NOW - 10})
    assert [(point["value"], point["concurrent_viewers"]) for point in points] == [(None, 2), (None, 3)]


def test_a_dimension_over_time(going_on):
    """The last minute in steps of five seconds, each with the groups that had the most viewers."""
    found = answer(going_on, f"{VIEWERS}/breakdown-timeseries", {"dimension": "country"})
    steps = found["data"]
    assert (len(steps), steps[0]["date"], found["timeframe"]) == (12, "2026-02-09T23:59:00Z", [NOW - 60, NOW])
    assert steps[-1]["values"] == [
        {"value": "US", "metric_value": 2, "concurrent_viewers": 2, "starting_up_viewers": 1},
        {"value": "DE", "metric_value": 1, "concurrent_viewers": 1, "starting_up_viewers": 0},
    ]
    one = data(going_on, f"{VIEWERS}/breakdown-timeseries", {"dimension": "country", "limit": 1})
    assert {value["value"] for step in one for value in step["values"]} == {"US"}
    told = [("dimension", "country"), ("timeframe[]", str(NOW - 30)), ("timeframe[]", str(NOW - 20))]
    assert len(data(going_on, f"{VIEWERS}/breakdown-timeseries", told)) == 2
    nobody = [("dimension", "country"), ("timeframe[]", str(NOW - 3_602)), ("timeframe[]", str(NOW - 3_594))]
    dates = ("2026-02-09T22:59:55Z", "2026-02-09T23:00:00Z", "2026-02-09T23:00:05Z")
    empty = [{"date": date, "values": []} for date in dates]
    assert data(going_on, f"{VIEWERS}/breakdown-timeseries", nobody) == empty


def test_histogram(going_on):
    """The starts of views that ended in each minute; times to a ready player are none."""
    found = answer(going_on, "/monitoring/metrics/video-startup-time/histogram-timeseries")
    assert found == answer(going_on, "/realtime/metrics/video-startup-time/histogram-timeseries")
    points = {point["timestamp"]: point for point in found["data"]}
    assert len(points) == 30
    point = points["2026-02-09T23:58:00Z"]
    assert (point["sum"], point["average"], point["median"], point["max_percentage"]) == (
        2,
        1_400,
        1_400,
        0.5,
    )
    counts = [one["count"] for one in point["bucket_values"]]
    assert counts == [0, 1, 0, 0, 1, 0, 0]
    assert found["meta"]["bucket_unit"] == "milliseconds"
    assert found["meta"]["buckets"][1] == {"start": 100, "end": 500}
    assert found["meta"]["buckets"][-1] == {"start": 10_000, "end": None}
    empty = points["2026-02-09T23:50:00Z"]
    assert (empty["sum"], empty["average"], empty["max_percentage"]) == (0, None, 0)


@pytest.mark.parametrize(
    ("path", "params", "word"),
    [
        ("/monitoring/metrics/viewers/timeseries", {}, "monitoring metric id"),
        ("/monitoring/metrics/current-concurrent-viewers/histogram-timeseries", {}, "video-startup-time"),
        (f"{VIEWERS}/breakdown", {}, "dimension is missing"),
        (f"{VIEWERS}/breakdown", {"dimension": "browser"}, "dimension"),
        (f"{VIEWERS}/breakdown", {"dimension": "country", "timestamp": NOW + 60}, "timestamp"),
        (f"{VIEWERS}/breakdown", {"dimension": "country", "timestamp": NOW - 86_401}, "timestamp"),
        (f"{VIEWERS}/timeseries", {"timestamp": "now"}, "timestamp"),
        (f"{VIEWERS}/timeseries", {"timeframe[]": "1:hours"}, "timeframe"),
        (f"{VIEWERS}/breakdown-timeseries", {"dimension": "country", "limit": 101}, "limit"),
        (
            f"{VIEWERS}/breakdown-timeseries",
            {"dimension": "country", "timeframe[]": "11:minutes"},
            "10 minutes",
        ),
        (
            f"{VIEWERS}/breakdown-timeseries",
            {"dimension": "country", "order_by": "negative_impact"},
            "value, views, field",
        ),
    ],
)
def test_bad_parameters(going_on, path, params, word):
    """What is wrong and what is wanted."""
    found = request(going_on, path, params)
    assert found.status_code == 400
    assert word in found.json()["error"]["messages"][0]
