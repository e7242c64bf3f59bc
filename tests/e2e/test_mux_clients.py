"""The real Mux API clients, unmodified, against the running product: every call, and the native API's numbers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from e2e.support_client import asked, node_client, python_client
from support_product import TOKEN, Product

pytestmark = [pytest.mark.e2e, pytest.mark.engine, pytest.mark.slow]

FOLDER = Path(__file__).parent / "mux_clients"
VIEWS = 7
BROWSERS = ("Chrome", "Safari", "Firefox")
"""Something to break down by."""


def events(number: int, start_ms: int) -> list[dict[str, Any]]:
    """One view as an integration of one's own tells it: some wait longer, every third stalls, the last one fails."""
    wait_ms = 500 + 100 * number
    stall = [
        {"event": "rebufferstart", "viewer_time": start_ms + wait_ms + 2_000},
        {"event": "rebufferend", "viewer_time": start_ms + wait_ms + 2_500},
    ]
    error = {
        "event": "error",
        "viewer_time": start_ms + wait_ms + 4_000,
        "player_playhead_time": 4_000,
        "player_error_code": "42",
        "player_error_message": "segment 7 is missing",
    }
    return [
        {"event": "viewinit", "viewer_time": start_ms},
        {"event": "play", "viewer_time": start_ms},
        {"event": "playing", "viewer_time": start_ms + wait_ms, "player_playhead_time": 0},
        *(stall if number % 3 == 0 else ()),
        *([error] if number == VIEWS - 1 else ()),
        {
            "event": "viewend",
            "viewer_time": start_ms + wait_ms + 5_000,
            "player_playhead_time": 4_000,
            "video_playback_range": '["0:4000"]',
        },
    ]


def body(number: int, start_ms: int) -> bytes:
    shared = {
        "view_id": f"view-{number}",
        "viewer_user_id": f"viewer-{number % 4}",
        "video_id": f"film-{number % 2}",
        "video_title": f"Film {number % 2}",
        "viewer_application_name": BROWSERS[number % 3],
        "video_duration": 10_000,
        "video_source_duration": 10_000,
        "video_source_is_live": False,
        "custom_1": "red",
    }
    return json.dumps({"data": shared, "events": events(number, start_ms)}).encode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product with some views that are over."""
    product = Product(tmp_path_factory.mktemp("mux") / "data").start()
    start_ms = round(time.time() * 1_000) - 600_000
    for number in range(VIEWS):
        assert product.post("/mux/some-key/events", body(number, start_ms + number * 10_000)) < 300

    def all_are_over() -> bool:
        rows = product.get("/v1/views?limit=100")["data"]
        return sum(row["closed"] for row in rows) == VIEWS

    product.wait_until(all_are_over, 60, "all views to be over")
    yield product
    product.stop()


@pytest.fixture(scope="module")
def ask_node(served: Product) -> Any:
    script = node_client(FOLDER, "@mux/mux-node")
    return lambda calls, key=TOKEN: asked(["node", script], f"http://{served.api}", key, calls)


@pytest.fixture(scope="module")
def ask_python(served: Product) -> Any:
    interpreter = python_client(FOLDER)
    return lambda calls, key=TOKEN: asked(
        [interpreter, FOLDER / "ask.py"], f"http://{served.api}", key, calls
    )


def native(served: Product, **question: Any) -> list[dict[str, Any]]:
    """The native API's rows."""
    return served.get(f"/v1/query?{urlencode({'from': '-24h', **question}, doseq=True)}")["data"]


def near(value: float) -> Any:
    return pytest.approx(value)


def test_every_call_of_the_node_client(ask_node: Any, served: Product) -> None:
    """Parsed by the client, lists walked to their ends; the numbers are the native API's."""
    startup = "video_startup_time"
    answers = ask_node(
        [
            ["metrics.getOverallValues", startup, {"measurement": "95th"}],
            [
                "metrics.listBreakdownValues",
                startup,
                {"group_by": "browser", "limit": 2, "order_by": "value"},
            ],
            ["metrics.getTimeseries", "views", {"timeframe": ["24:hours"], "group_by": "hour"}],
            ["metrics.list", {"dimension": "browser", "value": "Chrome"}],
            ["metrics.getInsights", startup, {"filters": ["!browser:Firefox"]}],
            ["videoViews.list", {"limit": 3, "order_direction": "asc"}],
            ["errors.list"],
            ["dimensions.list"],
            ["dimensions.listValues", "video_title", {"limit": 1}],
            ["engagement.videos.heatmap", "film-0"],
        ]
    )
    overall, breakdown, series, comparison, insights, views, errors, dimensions, values, heatmap = answers
    (row,) = native(served, metrics=f"{startup}.p95,attempts")
    assert overall["data"]["value"] == near(row[f"{startup}.p95"])
    assert overall["data"]["total_views"] == row["attempts"] == VIEWS
    groups = native(served, metrics=f"{startup}.median", group_by="browser")
    assert [(one["field"], one["value"]) for one in breakdown["data"]] == [
        (one["browser"], near(one[f"{startup}.median"])) for one in groups
    ]
    assert sum(point[2] for point in series["data"]) == VIEWS
    totals, *entries = comparison["data"]
    (row,) = native(served, metrics="attempts,rebuffer_percentage,watch_time", filters="browser:eq:Chrome")
    assert (totals["view_count"], totals["watch_time"]) == (row["attempts"], round(row["watch_time"]))
    smoothness = next(one for one in entries if one["metric"] == "rebuffer_score")
    assert smoothness["items"][0]["value"] == near(row["rebuffer_percentage"])
    assert insights["data"][0]["negative_impact_score"] > 0
    listed = [one["id"] for one in views["data"]]
    rows = sorted(served.get("/v1/views?limit=100")["data"], key=lambda one: one["view_end_ms"])
    assert listed == [one["view_id"] for one in rows]
    assert [(one["player_error_code"], one["count"]) for one in errors["data"]] == [("42", 1)]
    assert "browser" in dimensions["data"]["basic"]
    assert {one["value"]: one["total_count"] for one in values["data"]} == {"Film 0": 4, "Film 1": 3}
    audience = served.get("/v1/audience?filters=video_id:eq:film-0")["data"]
    assert heatmap["data"] == {"total_views": audience["plays_with_ranges"], "value": audience["watched"]}
    assert heatmap["data"]["value"][0] >= 3


def test_every_call_of_the_python_client(ask_python: Any, served: Product) -> None:
    """Parsed into its models, lists walked to their ends; the numbers are the native API's."""
    rebuffering = "rebuffer_percentage"
    answers = ask_python(
        [
            ["MetricsApi", "get_overall_values", {"metric_id": rebuffering}],
            [
                "MetricsApi",
                "list_breakdown_values",
                {"metric_id": "views", "group_by": "viewer_user_id", "limit": 3, "page": 1},
            ],
            ["MetricsApi", "get_metric_timeseries_data", {"metric_id": rebuffering}],
            ["MetricsApi", "list_all_metric_values", {"filters": ["video_id:film-1"]}],
            ["MetricsApi", "list_insights", {"metric_id": rebuffering}],
            ["VideoViewsApi", "list_video_views", {"limit": 2, "page": 1, "viewer_id": "viewer-1"}],
            ["ErrorsApi", "list_errors", {}],
            ["DimensionsApi", "list_dimensions", {}],
            ["DimensionsApi", "list_dimension_values", {"dimension_id": "browser", "limit": 2, "page": 1}],
            ["FiltersApi", "list_filters", {}],
            ["FiltersApi", "list_filter_values", {"filter_id": "custom_1"}],
        ]
    )
    overall, breakdown, series, comparison, insights, views, errors, dimensions, values, *filters = answers
    (row,) = native(served, metrics=rebuffering)
    assert overall["data"]["value"] == near(row[rebuffering])
    groups = native(served, metrics="attempts", group_by="viewer_id")
    assert {one["field"]: one["views"] for one in breakdown["data"]} == {
        one["viewer_id"]: one["attempts"] for one in groups
    }
    assert breakdown["total_row_count"] == 4
    assert sum(int(point[2]) for point in series["data"]) == VIEWS
    assert {point[1] for point in series["data"]} >= {None}
    assert comparison["data"][0]["name"] == "totals"
    assert {one["filter_column"] for one in insights["data"]} >= {"browser"}
    assert {one["total_row_count"] for one in views["data"]} == {2}
    assert len(views["data"]) == 2
    assert (errors["data"][0]["message"], errors["data"][0]["code"]) == ("segment 7 is missing", 42)
    assert dimensions["data"] == filters[0]["data"]
    assert sum(one["total_count"] for one in values["data"]) == VIEWS
    assert filters[1]["data"] == [{"value": "red", "total_count": VIEWS}]


def test_one_view_in_both_clients(ask_python: Any, ask_node: Any, served: Product) -> None:
    """The one that failed, found by its error: whole, and the same in both."""
    (listed,) = ask_node([["videoViews.list", {"filters": ["playback_failure:true"]}]])
    (failed,) = listed["data"]
    by_error, node = ask_node(
        [["videoViews.list", {"error_id": failed["error_type_id"]}], ["videoViews.retrieve", failed["id"]]]
    )
    assert [one["id"] for one in by_error["data"]] == [failed["id"]]
    (python,) = ask_python([["VideoViewsApi", "get_video_view", {"video_view_id": failed["id"]}]])
    row = served.get(f"/v1/views/{failed['id']}")["data"]
    number = VIEWS - 1
    for view in (node["data"], python["data"]):
        assert view["view_id"] == row["native_view_id"] == f"view-{number}"
        assert view["viewer_user_id"] == f"viewer-{number % 4}"
        assert view["time_to_first_frame"] == row["video_startup_time_ms"] == 500 + 100 * number
        assert float(view["rebuffer_percentage"]) == near(row["rebuffer_percentage"])
        assert view["watch_time"] == round(row["watch_time_ms"])
        assert (view["player_error_code"], view["error_type_id"]) == ("42", failed["error_type_id"])
        assert [one["name"] for one in view["events"]] == [one["name"] for one in row["events"]]
    assert {name for name, value in node["data"].items() if value != python["data"].get(name, value)} == set()


def test_monitoring_in_both_clients(ask_python: Any, ask_node: Any, served: Product) -> None:
    """Every call under its new name and its old one: nobody is watching any more, and who was is told over time."""
    viewers, startup = "current-concurrent-viewers", "video-startup-time"
    by = {"dimension": "video_title"}
    metrics, dimensions, breakdown, series, steps, histogram, *old = ask_node(
        [
            ["monitoring.metrics.list"],
            ["monitoring.listDimensions"],
            ["monitoring.metrics.getBreakdown", viewers, by],
            ["monitoring.metrics.getTimeseries", viewers],
            ["monitoring.metrics.getBreakdownTimeseries", viewers, {**by, "timeframe": ["10:minutes"]}],
            ["monitoring.metrics.getHistogramTimeseries", startup],
            ["realTime.listMetrics"],
            ["realTime.listDimensions"],
            ["realTime.retrieveBreakdown", viewers, by],
        ]
    )
    assert [one["data"] for one in old] == [metrics["data"], dimensions["data"], breakdown["data"]]
    assert breakdown["data"] == []
    (peak,) = native(served, metrics="concurrent_viewers.peak")
    assert max(point["concurrent_viewers"] for point in series["data"]) == peak["concurrent_viewers.peak"]
    shown = {value["value"] for step in steps["data"] for value in step["values"] if value["metric_value"]}
    assert shown <= {"Film 0", "Film 1"}
    (plays,) = native(served, metrics="plays")
    assert sum(point["sum"] for point in histogram["data"]) == plays["plays"]
    python = ask_python(
        [
            ["MonitoringApi", "list_monitoring_metrics", {}],
            ["MonitoringApi", "list_monitoring_dimensions", {}],
            ["MonitoringApi", "get_monitoring_breakdown", {"monitoring_metric_id": viewers, **by}],
            ["MonitoringApi", "get_monitoring_timeseries", {"monitoring_metric_id": viewers}],
            ["MonitoringApi", "get_monitoring_breakdown_timeseries", {"monitoring_metric_id": viewers, **by}],
            [
                "MonitoringApi",
                "get_monitoring_histogram_timeseries",
                {"monitoring_histogram_metric_id": startup},
            ],
            ["RealTimeApi", "list_realtime_metrics", {}],
            ["RealTimeApi", "get_realtime_timeseries", {"realtime_metric_id": viewers}],
            ["RealTimeApi", "get_realtime_histogram_timeseries", {"realtime_histogram_metric_id": startup}],
        ]
    )
    assert python[0]["data"] == metrics["data"] == python[6]["data"]
    assert python[1]["data"] == dimensions["data"]
    assert python[2]["data"] == []
    for one in (python[3], python[7]):
        assert max(point["concurrent_viewers"] for point in one["data"]) == peak["concurrent_viewers.peak"]
    assert len(python[4]["data"]) <= 13
    for one in (python[5], python[8]):
        assert sum(point["sum"] for point in one["data"]) == plays["plays"]


def test_refusals_in_both_clients(ask_python: Any, ask_node: Any) -> None:
    """A wrong token, a wrong word and a view that is not there are told in Mux's shape."""
    wrong = {
        "status": 401,
        "body": {"error": {"type": "unauthorized", "messages": ["this API token is not known"]}},
    }
    assert ask_node([["errors.list"]], "wrong") == [wrong]
    assert ask_python([["ErrorsApi", "list_errors", {}]], "wrong") == [wrong]
    bad, gone, missing = ask_node(
        [
            ["metrics.getOverallValues", "views", {"filters": ["contry:DE"]}],
            ["videoViews.retrieve", "nothing"],
            ["annotations.list"],
        ]
    )
    assert (bad["status"], gone["status"], missing["status"]) == (400, 404, 404)
    assert "country" in bad["body"]["error"]["messages"][0]
    assert "not kept" in missing["body"]["error"]["messages"][0]


def test_incidents_in_both_clients(ask_python: Any, ask_node: Any, served: Product) -> None:
    """What an alert of the running product found, one by one and with those beside it."""
    rule = {
        "name": "Views",
        "metric": "attempts",
        "above": 0,
        "window_minutes": 1440,
        "group_by": ["video_title"],
    }
    alert = served.ask("POST", "/v1/alerts", rule)["data"]
    served.wait_until(lambda: len(served.get("/v1/incidents")["data"]) == 2, 90, "the incidents")
    (listed,) = ask_node([["incidents.list", {"status": "open", "limit": 1}]])
    assert {one["description"] for one in listed["data"]} == {
        "Views: Video title Film 0",
        "Views: Video title Film 1",
    }
    first, second = (one["id"] for one in listed["data"])
    one, related = ask_node([["incidents.retrieve", first], ["incidents.listRelated", first]])
    assert one["data"] == listed["data"][0]
    assert [each["id"] for each in related["data"]] == [second]
    everything, same, beside = ask_python(
        [
            ["IncidentsApi", "list_incidents", {"page": 1, "limit": 1}],
            ["IncidentsApi", "get_incident", {"incident_id": first}],
            ["IncidentsApi", "list_related_incidents", {"incident_id": first}],
        ]
    )
    assert [each["id"] for each in everything["data"]] == [first, second]
    assert same["data"]["measured_value"] == one["data"]["measured_value"] > 0
    assert [each["id"] for each in beside["data"]] == [second]
    served.ask("DELETE", f"/v1/alerts/{alert['id']}")
