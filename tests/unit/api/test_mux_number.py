"""Mux's metrics: overall, by groups, over time, compared, and where they are worst; filters and thresholds."""

from __future__ import annotations

import pytest

import support_engine
import support_mux_api as api
import support_question as q
from firstframe.api import mux_number
from firstframe.api.mux_dimension import DIMENSIONS
from firstframe.api.mux_impact import Whole, impacts, score
from firstframe.api.mux_metric import METRICS, NO_FILTERS, measured
from firstframe.api.mux_query import Timeframe
from support_mux_api import NOW_MS, START_MS, STARTUP, answer, data, refused, requests

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SECONDS = START_MS // 1_000
PLAYS_MS = (61_000, 73_000, 62_000, 61_000)
"""Watch times of the four plays."""


@pytest.fixture(scope="module")
def filled(engine_url):
    """One filled database for all tests that only read."""
    with support_engine.fresh(engine_url) as engine:
        api.fill(engine)
        yield engine


def by_field(rows, key="views"):
    return {row["field"]: row[key] for row in rows}


# a metric overall


def test_every_metric_is_the_catalogues(filled):
    """In its usual measurement each is what the native API answers, in Mux's unit."""
    asked = {name: measured(one) for name, one in METRICS.items()}
    wanted = q.values(
        filled,
        list(dict.fromkeys(one.key for one in asked.values() if one.key)),
        now_ms=NOW_MS,
        **{"from": NOW_MS - q.DAY_MS, "to": NOW_MS},
    )
    found = requests(filled, [(f"/metrics/{name}/overall", None) for name in asked])
    known = 0
    for (name, one), got in zip(asked.items(), found, strict=True):
        value = None if one.key is None else wanted[one.key]
        known += value is not None
        assert got.json()["data"]["value"] == (value and pytest.approx(value / one.of.per)), name
    assert known > 40


@pytest.mark.parametrize(
    ("metric", "value", "views"),
    [
        ("views", 7, 7),
        ("unique_viewers", 4, 7),
        ("playing_time", 240_000, 7),
        ("video_startup_time", 1_500, 4),
        ("playback_failure_percentage", 2 / 7, 7),
        ("video_startup_failure_percentage", 1 / 7, 7),
        ("exits_before_video_start", 1 / 7, 7),
        ("playback_business_exception_percentage", 1 / 7, 7),
        ("video_startup_business_exception_percentage", 1 / 7, 7),
        ("view_dropped_percentage", 0, 7),
        ("rebuffer_percentage", 10_000 / sum(PLAYS_MS), 4),
        ("rebuffer_frequency", 2 / (sum(PLAYS_MS) / 60_000), 4),
        ("rebuffer_count", 0, 4),
        ("viewer_experience_score", (0.9 + 0.4 + 0) / 3, 3),
        ("smoothness_score", 1, 1),
        ("weighted_average_bitrate", 3e6, 1),
    ],
)
def test_numbers_by_hand(filled, metric, value, views):
    """With the views that entered it, and the time of all that the filters let through."""
    assert data(filled, f"/metrics/{metric}/overall") == {
        "value": value if value is None else pytest.approx(value),
        "total_views": views,
        "total_watch_time": sum(PLAYS_MS) + 6_000,
        "total_playing_time": 240_000,
        "global_value": None,
    }


@pytest.mark.parametrize(
    ("metric", "measurement", "value"),
    [
        ("video_startup_time", "avg", 1_750),
        ("video_startup_time", "95th", 2_850),
        ("video_startup_time", "sum", 7_000),
        ("rebuffer_count", "avg", 0.5),
        ("rebuffer_percentage", "95th", 0.85 * 10_000 / 73_000),
        ("views", "sum", 7),
        ("playing_time", "avg", 240_000 / 7),
        ("requests_for_first_preroll", "95th", None),
    ],
)
def test_measurements(filled, metric, measurement, value):
    """Each metric has those that its kind allows."""
    found = data(filled, f"/metrics/{metric}/overall", {"measurement": measurement})["value"]
    assert found == (value if value is None else pytest.approx(value))


def test_the_frame(filled):
    """Range in whole seconds, how the metric is placed, and the usual step of such a range."""
    found = answer(filled, f"{STARTUP}/overall")
    assert found["timeframe"] == [NOW_MS // 1_000 - 86_400, NOW_MS // 1_000]
    assert found["total_row_count"] is None
    assert found["meta"] == {"aggregation": "view_end", "granularity": "hour"}
    assert answer(filled, "/metrics/views/overall")["meta"]["aggregation"] == "view_start"


@pytest.mark.parametrize(
    ("timeframe", "count"),
    [
        (["24:hours"], 7),
        (["600:minutes"], 2),
        (["10:hour"], 2),
        (["90:days"], 8),
        ([str(SECONDS), str(SECONDS + 121)], 3),
        ([str(SECONDS), str(SECONDS + 120)], 2),
        (["0", str(SECONDS)], 1),
    ],
)
def test_timeframes(filled, timeframe, count):
    """Two epoch seconds, of which the second is not included, or one length; with brackets in several spellings."""
    for name in ("timeframe[]", "timeframe"):
        params = [(name, one) for one in timeframe]
        assert data(filled, "/metrics/views/overall", params)["value"] == count
    numbered = [(f"timeframe[{place}]", one) for place, one in enumerate(timeframe)]
    assert data(filled, "/metrics/views/overall", numbered)["value"] == count


# filters


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (["country:DE"], 3),
        (["!country:DE"], 4),
        (["country:DE", "operating_system:Linux"], 3),
        (["country:DE", "country:US"], 0),
        (["stream_type:on-demand"], 2),
        (["!stream_type:on-demand"], 5),
        (["stream_type:"], 4),
        (["!stream_type:"], 3),
        (["custom_1:red"], 1),
        (["viewer_plan:gold"], 1),
        (["asset_id:asset-1"], 1),
        (["playback_failure:true"], 2),
        (["playback_failure:false"], 5),
        (["video_startup_failure:1"], 1),
        (["exit_before_video_start:true"], 1),
        (["playback_business_exception:true"], 1),
        (["used_pip:true"], 0),
        (["!used_pip:true"], 7),
        (["used_pip:"], 7),
        (["+video_cdn_trace:fastly"], 0),
        (["-video_cdn_trace:fastly"], 7),
        (["video_cdn_trace:[fastly,akamai]"], 0),
        (["video_title:A film"], 1),
    ],
)
def test_filters(filled, filters, count):
    """All must hold; ! excludes; an empty value is the one that is not known."""
    params = [("filters[]", one) for one in filters]
    assert data(filled, "/metrics/views/overall", params)["value"] == count


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (["video_startup_time>=2000"], 2),
        (["video_startup_time<=2000"], 3),
        (["video_startup_time>2000"], 1),
        (["video_startup_time<1000"], 0),
        (["video_startup_time >= 1000", "rebuffer_count>=1"], 1),
        (["rebuffer_percentage>=0.1"], 1),
        (["viewer_experience_score>=0.4"], 2),
        (["viewer_experience_score<0.4"], 1),
        (["weighted_average_bitrate>=3000000"], 1),
        (["playing_time>=60000"], 4),
        (["requests_for_first_preroll>=0"], 0),
    ],
)
def test_metric_filters(filled, filters, count):
    """A threshold on each view's own number, in Mux's unit; what no view has fulfils none."""
    params = [("metric_filters[]", one) for one in filters]
    assert data(filled, "/metrics/views/overall", params)["value"] == count


@pytest.mark.parametrize("metric", NO_FILTERS)
def test_metrics_that_are_no_filters(filled, metric):
    """Those that Mux does not take either."""
    status, kind, message = refused(filled, f"{STARTUP}/overall", {"metric_filters[]": f"{metric}>=1"})
    assert (status, kind) == (400, "invalid_parameters")
    assert "cannot be filtered on" in message


# breakdowns


def test_breakdown(filled):
    """Groups of which some view entered the metric, with their views, times and impact."""
    found = answer(filled, f"{STARTUP}/breakdown", {"group_by": "country"})
    assert found["data"] == [
        {
            "field": "US",
            "value": 2_500,
            "views": 2,
            "total_watch_time": 73_000 + 62_000 + 4_000,
            "total_playing_time": 120_000,
            "negative_impact": 100,
        },
        {
            "field": "DE",
            "value": 1_000,
            "views": 2,
            "total_watch_time": 61_000 + 61_000 + 2_000,
            "total_playing_time": 120_000,
            "negative_impact": 0,
        },
    ]
    assert found["total_row_count"] == 2


@pytest.mark.parametrize(
    ("dimension", "groups"),
    [
        ("stream_type", {None: 4, "on-demand": 2, "live": 1}),
        ("playback_failure", {"true": 2, "false": 5}),
        ("video_startup_business_exception", {"true": 1, "false": 6}),
        ("player_error_code", {None: 4, "2103": 2, "geo": 1}),
        ("viewer_plan", {"gold": 1, None: 6}),
        ("live_stream_id", {"stream-1": 1, None: 6}),
        ("used_pip", {None: 7}),
        ("video_cdn_trace", {None: 7}),
    ],
)
def test_fields(filled, dimension, groups):
    """Values in Mux's words; what nobody tells of is one group that is not known."""
    rows = data(filled, "/metrics/views/breakdown", {"group_by": dimension})
    assert by_field(rows) == groups


def test_every_dimension_can_be_grouped_by(filled):
    """Each answers all views, once."""
    asked = [("/metrics/views/breakdown", {"group_by": name}) for name in DIMENSIONS]
    for found, name in zip(requests(filled, asked), DIMENSIONS, strict=True):
        assert sum(row["views"] for row in found.json()["data"]) == 7, name


@pytest.mark.parametrize(
    ("order", "fields"),
    [
        ({}, ["US", "DE"]),
        ({"order_direction": "asc"}, ["DE", "US"]),
        ({"order_by": "value"}, ["US", "DE"]),
        ({"order_by": "value", "order_direction": "asc"}, ["DE", "US"]),
        ({"order_by": "views", "filters[]": "!viewer_user_id:cem"}, ["DE", "US"]),
        ({"order_by": "views", "order_direction": "asc", "filters[]": "!viewer_user_id:cem"}, ["US", "DE"]),
        ({"order_by": "field"}, ["DE", "US"]),
        ({"order_by": "field", "order_direction": "desc"}, ["US", "DE"]),
    ],
)
def test_orders(filled, order, fields):
    """By impact unless told otherwise, the largest first; names from A."""
    rows = data(filled, f"{STARTUP}/breakdown", {"group_by": "country", **order})
    assert [row["field"] for row in rows] == fields


@pytest.mark.parametrize("order_by", ["negative_impact", "value", "views", "field"])
def test_pages_end_with_an_empty_one(filled, order_by):
    """Together they are the whole, each group once; behind the end there is nothing, however far."""
    params = {"group_by": "viewer_user_id", "order_by": order_by, "limit": 2}
    asked = [("/metrics/views/breakdown", {**params, "page": page}) for page in (1, 2, 3, 4, 1_000_000)]
    pages = [found.json() for found in requests(filled, asked)]
    fields = [row["field"] for page in pages for row in page["data"]]
    assert sorted(fields, key=str) == [None, "ann", "cem", "cookie-b", "dora"]
    assert [len(page["data"]) for page in pages] == [2, 2, 1, 0, 0]
    assert {page["total_row_count"] for page in pages} == {5}


def test_more_groups_than_are_told(filled, monkeypatch):
    """Their number is not known, and a page behind the last is refused instead of looking like the end."""
    monkeypatch.setattr(mux_number, "MOST_FIELDS", 2)
    params = {"group_by": "viewer_user_id", "limit": 2}
    assert answer(filled, "/metrics/views/breakdown", params)["total_row_count"] is None
    status, _, message = refused(filled, "/metrics/views/breakdown", {**params, "page": 2})
    assert status == 400
    assert "2 groups at most" in message


def test_a_metric_that_nobody_tells_of(filled):
    """Its value is null, no view entered it, and there is no group of it and no insight."""
    path = "/metrics/ad_preroll_startup_time"
    found = data(filled, f"{path}/overall")
    assert (found["value"], found["total_views"], found["total_playing_time"]) == (None, 0, 240_000)
    assert data(filled, f"{path}/breakdown", {"group_by": "country"}) == []
    assert data(filled, f"{path}/insights") == []
    assert {(value, views) for _, value, views in data(filled, f"{path}/timeseries")} == {(None, 0)}


# over time


def test_timeseries(filled):
    """Every step of the range, with its value and the views that entered it; nothing known is null."""
    params = [("timeframe[]", str(SECONDS)), ("timeframe[]", str(SECONDS + 300))]
    found = answer(filled, f"{STARTUP}/timeseries", params)
    assert found["data"] == [
        ["2026-02-09T12:00:00Z", None, 0],
        ["2026-02-09T12:01:00Z", 1_000, 1],
        ["2026-02-09T12:02:00Z", 3_000, 1],
        ["2026-02-09T12:03:00Z", 2_000, 1],
        ["2026-02-09T12:04:00Z", 1_000, 1],
    ]
    assert found["meta"] == {"aggregation": "view_end", "granularity": "minute"}
    assert found["total_row_count"] == 5
    assert (
        data(filled, f"{STARTUP}/timeseries", [*params, ("order_direction", "desc")]) == found["data"][::-1]
    )


@pytest.mark.parametrize(
    ("timeframe", "step", "points"),
    [
        ("89:minutes", "minute", 89),
        ("90:minutes", "ten_minutes", 9),
        ("6:hours", "ten_minutes", 36),
        ("7:hours", "hour", 7),
        ("15:days", "hour", 15 * 24),
        ("16:days", "day", 16),
    ],
)
def test_usual_steps(filled, timeframe, step, points):
    """By the length of the range, and any of them may be asked for."""
    usual = answer(filled, "/metrics/views/timeseries", {"timeframe[]": timeframe})
    assert usual["meta"]["granularity"] == step
    assert len(usual["data"]) == points
    told = answer(filled, "/metrics/views/timeseries", {"timeframe[]": timeframe, "group_by": step})
    assert told["data"] == usual["data"]


# all metrics of a group


def test_comparison(filled):
    """Totals, the scores with what explains them, then what no score is about; each metric's own number."""
    totals, *entries = data(filled, "/metrics/comparison", {"dimension": "country", "value": "US"})
    assert totals == {
        "name": "totals",
        "view_count": 4,
        "started_views": 4,
        "ended_views": 4,
        "unique_viewers": 2,
        "watch_time": 139_000,
        "total_playing_time": 120_000,
    }
    scores = [one["metric"] for one in entries if one["items"]]
    assert scores == [
        "playback_success_score",
        "startup_time_score",
        "rebuffer_score",
        "video_quality_score",
    ]
    told = [one for entry in entries for one in (entry, *entry["items"])]
    assert {one["metric"] for one in told} == {one.id for one in METRICS.values()} - {
        *("views", "unique_viewers", "playing_time")
    }
    values = {(one["metric"], one.get("measurement")): (one["type"], one["value"]) for one in told}
    assert values["exits_before_video_start", None] == ("percentage", 0.25)
    assert values["video_startup_time", "median"] == ("milliseconds", 2_500)
    assert values["video_startup_time", "95th"] == ("milliseconds", pytest.approx(2_950))
    assert values["viewer_experience_score", "avg"] == ("score", 0.4)
    assert values["weighted_average_bitrate", "median"] == ("number", 3e6)
    assert values["ad_startup_error_count", "avg"] == ("number", None)


def test_comparison_of_all(filled):
    """Without a group it is about all views."""
    assert data(filled, "/metrics/comparison")[0]["view_count"] == 7


@pytest.mark.parametrize("params", [{"dimension": "country"}, {"value": "DE"}])
def test_half_a_group_is_none(filled, params):
    """Dimension and value belong together."""
    assert refused(filled, "/metrics/comparison", params)[0] == 400


# where it is worst


def test_insights(filled):
    """Groups that are worse than the whole, of all dimensions, weighed by their views: here 2500 against 1500, half of them."""
    found = data(filled, f"{STARTUP}/insights", {"filters[]": "!stream_type:live"})
    whole = data(filled, f"{STARTUP}/overall", {"filters[]": "!stream_type:live"})
    assert (whole["value"], whole["total_views"]) == (1_000, 3)
    worst = {row["filter_column"]: row for row in found if row["filter_value"] in ("US", "iOS")}
    assert worst["country"] == {
        "filter_column": "country",
        "filter_value": "US",
        "metric": 3_000,
        "negative_impact_score": pytest.approx((3_000 - 1_000) / 3),
        "total_views": 1,
        "total_watch_time": 73_000 + 4_000,
        "total_playing_time": 60_000,
    }
    scores = [row["negative_impact_score"] for row in found]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0
    turned = data(filled, f"{STARTUP}/insights", {"filters[]": "!stream_type:live", "order_direction": "asc"})
    assert turned == found[::-1]


@pytest.mark.parametrize(
    ("metric", "measurement", "value", "wanted"),
    [
        ("video_startup_time", "median", 1_500.0, 125.0),
        ("video_startup_time", "median", 500.0, 0.0),
        ("video_startup_time", "sum", 5_000.0, 0.0),
        ("viewer_experience_score", "avg", 0.5, 0.0),
        ("weighted_average_bitrate", "median", 600.0, 100.0),
        ("rendition_upshift_count", "avg", 2_000.0, 0.0),
        ("views", "count", 10.0, 0.0),
        ("requests_for_first_preroll", "median", 10.0, 0.0),
    ],
)
def test_how_far_a_part_drags_the_whole_down(metric, measurement, value, wanted):
    """By how much it is worse, times its share of the views; sums, counts and what is neither good nor bad have none."""
    whole = Whole(1_000.0 if metric != "viewer_experience_score" else 0.5, 8)
    assert score(measured(METRICS[metric], measurement), whole, value, 2) == pytest.approx(wanted)


def test_impacts_are_shares_of_all_scores():
    """Whole percents; nothing is nobody's."""
    assert impacts([1, 3, 0]) == [25, 75, 0]
    assert impacts([0, 0]) == [0, 0]
    assert impacts([]) == []


def test_usual_step_is_by_length():
    """The edges between them."""
    lengths = {90 * 60 - 1: "minute", 90 * 60: "ten_minutes", 6 * 3600 + 1: "hour", 15 * 86_400 + 1: "day"}
    for seconds, step in lengths.items():
        assert Timeframe(0, seconds * 1_000).usual_step == step
