"""What the routes answer."""

import io
import json
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firstframe.metrics.catalogue import METRICS
from firstframe.metrics.dimension import DIMENSIONS
from firstframe.metrics.refusal import answers_questions
from firstframe.view.record import State
from support_question import MINUTE_MS, NOW_MS, make_view, spans, store, wait

pytestmark = pytest.mark.engine

START = NOW_MS - 2 * MINUTE_MS


@pytest.fixture(scope="module", autouse=True)
def filled(module_engine) -> None:
    """Three views of this project, one of another."""
    store(
        module_engine,
        [
            make_view("a", START, country="DE", video_startup_time_ms=500.0, watch_time_ms=60_000.0),
            make_view("b", START + 1, country="=1+1", video_startup_time_ms=1_500.0),
            make_view("c", START + 2, playback_id="pb", spans=spans(START, (State.PLAYING, 60_000))),
            make_view("x", START, project="other", country="XX"),
        ],
    )


def test_catalogues(api) -> None:
    """Every metric and dimension is listed, without its SQL."""
    metrics = api.operator.data("/v1/metrics")
    assert [one["id"] for one in metrics] == [metric.id for metric in METRICS]
    assert "shape" not in metrics[0]
    assert [one["id"] for one in api.operator.data("/v1/dimensions")] == [one.id for one in DIMENSIONS]


def test_query_as_json(api) -> None:
    """Rows under the keys asked for, and what is to be known about them."""
    answer = api.operator.ask(
        "/v1/query?metrics=plays,video_startup_time.p95&group_by=country&order_by=country"
    ).json()
    assert answer["data"] == [
        {"country": "=1+1", "plays": 1, "video_startup_time.p95": 1_500},
        {"country": "DE", "plays": 1, "video_startup_time.p95": 500},
        {"country": None, "plays": 1, "video_startup_time.p95": None},
    ]
    meta = answer["meta"]
    assert meta["from"] == "2026-01-30T00:00:00Z"
    assert meta["to"] == "2026-01-31T00:00:00Z"
    assert meta["fresh_as_of"] == "2026-01-30T23:59:59Z"
    assert (meta["granularity"], meta["row_count"], meta["truncated"]) == ("all", 3, False)


def test_query_with_a_body(api) -> None:
    """The same question as JSON, with a tree of filters."""
    body = {
        "metrics": ["plays"],
        "filters": {"or": ["country:eq:DE", {"not": {"dimension": "country", "op": "exists"}}]},
        "from": "-1h",
    }
    assert api.operator.data("/v1/query", method="POST", json=body) == [{"plays": 2}]


def test_projects_are_apart(api) -> None:
    """A token answers about its own project only."""
    assert api.other.data("/v1/query?metrics=plays&group_by=country") == [{"country": "XX", "plays": 1}]
    ours = api.operator.data("/v1/views")[0]["view_id"]
    assert api.other.ask(f"/v1/views/{ours}").status_code == 404


def test_query_as_csv(api) -> None:
    """A table with a heading, in which nothing can be run."""
    answer = api.operator.ask("/v1/query?metrics=plays&group_by=country&order_by=country&format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text == "country,plays\r\n'=1+1,1\r\nDE,1\r\n,1\r\n"
    assert answer.headers["x-firstframe-truncated"] == "false"


def test_query_as_arrow_and_parquet(api) -> None:
    """The same rows for programs, with instants as instants."""
    asked = "/v1/query?metrics=plays&granularity=day&from=2026-01-30&to=2026-01-31"
    arrow = pa.ipc.open_stream(api.operator.ask(f"{asked}&format=arrow").content).read_all()
    parquet = pq.read_table(io.BytesIO(api.operator.ask(f"{asked}&format=parquet").content))
    for table in (arrow, parquet):
        assert table.column_names == ["time", "plays"]
        (row,) = table.to_pylist()
        assert (row["time"].isoformat(), row["plays"]) == ("2026-01-30T00:00:00+00:00", 3)
    cut = api.operator.ask("/v1/query?metrics=plays&group_by=country&limit=1&format=arrow")
    assert cut.headers["x-firstframe-truncated"] == "true"
    assert pa.ipc.open_stream(cut.content).read_all().num_rows == 1


def test_views(api) -> None:
    """A list that goes on with a cursor, and one view of it."""
    first = api.operator.ask("/v1/views?limit=2").json()
    assert [view["native_view_id"] for view in first["data"]] == ["c", "b"]
    assert first["meta"]["row_count"] == 2
    second = api.operator.ask(f"/v1/views?limit=2&cursor={first['meta']['next']}").json()
    assert [view["native_view_id"] for view in second["data"]] == ["a"]
    assert second["meta"]["next"] is None
    view = api.operator.data(f"/v1/views/{first['data'][0]['view_id']}")
    assert view["states"] == [{"state": "playing", "start_ms": START, "end_ms": START + 60_000}]
    assert view["events"] == []
    assert view["outcome"] == "exited"


def test_values(api) -> None:
    """Values with counts, searched."""
    assert api.operator.data("/v1/dimensions/country/values?search=d") == [{"value": "DE", "views": 1}]


def test_assets(api) -> None:
    """Told one by one or many at once, read back, and joined to views at once."""
    answer = api.operator.ask("/v1/assets/pb", "PUT", json={"title": "Film", "asset_id": "a1"})
    assert answer.json()["data"]["title"] == "Film"
    many = [{"playback_id": "p2", "tags": {"k": "v"}}, {"playback_id": "p3"}]
    assert api.operator.data("/v1/assets", method="PUT", json=many) == {"kept": 2}
    listed = api.operator.ask("/v1/assets?limit=2").json()
    assert [asset["playback_id"] for asset in listed["data"]] == ["p2", "p3"]
    assert listed["meta"] == {"next": "p3", "row_count": 2}
    assert api.operator.data("/v1/assets/p2")["tags"] == {"k": "v"}
    rows = api.operator.data("/v1/query?metrics=plays&group_by=asset_title&order_by=asset_title&limit=1")
    assert rows == [{"asset_title": "Film", "plays": 1}]


@pytest.mark.parametrize(
    ("path", "body", "parameter"),
    [
        ("/v1/assets/p", {"title": 1}, "title"),
        ("/v1/assets/p", {"playback_id": "q"}, "playback_id"),
        ("/v1/assets/p", [], "the body"),
        ("/v1/assets", [{"title": "x"}], "[0]"),
        ("/v1/assets", [{"playback_id": ""}], "playback_id"),
    ],
)
def test_bad_assets(api, path, body, parameter) -> None:
    """What is wrong with an asset is named."""
    answer = api.operator.ask(path, "PUT", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["detail"]["parameter"] == parameter


def test_live(api) -> None:
    """The figures once, and as a stream that ends when the server is to stop."""
    now = api.operator.ask("/v1/live/now").json()
    assert now["data"][0]["attempts"] == 3
    assert now["meta"]["at"] == "2026-01-31T00:00:00Z"
    api.stopping.clear()
    # The client reads a stream whole, so somebody else has to end it.
    ender = threading.Timer(0.5, api.stopping.append, [True])
    ender.start()
    stream = api.operator.ask("/v1/live?group_by=country&interval=60")
    ender.join()
    api.stopping.clear()
    assert stream.headers["content-type"].startswith("text/event-stream")
    lines = stream.text.splitlines()
    assert "event: live" in lines
    (data,) = (json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data:"))
    assert {row["country"] for row in data["data"]} == {"DE", "=1+1", None}


def test_health_and_counters(api) -> None:
    """Well while the engine answers; the counters speak Prometheus."""
    health = api.nobody.ask("/v1/health").json()
    assert (health["status"], health["fresh_as_of"]) == ("ok", "2026-01-30T23:59:59Z")
    api.operator.data("/v1/query?metrics=plays")
    counters = api.nobody.ask("/metrics")
    assert counters.headers["content-type"].startswith("text/plain")
    assert 'firstframe_api_engine_seconds_count{what="query"}' in counters.text


def test_refusals_are_ones_own(api) -> None:
    """Another project's refusals are not shown, and of nobody's no sample but to the first project."""
    api.refusals[:] = [
        {"at_ms": NOW_MS, "project": "default", "dialect": "mux", "sample": "mine"},
        {"at_ms": NOW_MS, "project": None, "dialect": None, "sample": "whose"},
    ]
    assert [one["sample"] for one in api.operator.data("/v1/refusals")["refused"]] == ["mine", "whose"]
    assert [one["sample"] for one in api.other.data("/v1/refusals")["refused"]] == [""]
    assert api.operator.data("/v1/refusals?dialect=native")["refused"] == []


def test_refusals_are_narrowed_by_when_they_came(api) -> None:
    """Both lists begin with ``from``."""
    hour = {"project": "default", "dialect": "mux", "sample": "an hour ago", "at_ms": NOW_MS - 60 * MINUTE_MS}
    api.refusals[:] = [{**hour, "at_ms": NOW_MS - 1, "sample": "just now"}, hour]
    for asked, wanted in (
        ("", ["just now", "an hour ago"]),
        ("?from=-2h", ["just now", "an hour ago"]),
        ("?from=-30m", ["just now"]),
        ("?from=now", []),
    ):
        assert [one["sample"] for one in api.operator.data(f"/v1/refusals{asked}")["refused"]] == wanted


def test_a_range_that_ends_before_it_begins(api) -> None:
    """It is a mistake everywhere, never an empty list."""
    for path in ("/v1/views?", "/v1/query?metrics=plays&", "/v1/dimensions/country/values?"):
        answer = api.operator.ask(f"{path}from=2026-01-22&to=2026-01-20")
        assert answer.status_code == 400, path
        assert answer.json()["error"]["detail"]["parameter"] == "from"
    assert api.operator.ask("/v1/views?from=2027-01-01").status_code == 200
    assert api.operator.ask("/v1/views?to=2020-01-01").status_code == 200


def test_an_engine_whose_tables_are_older_is_not_well_yet(engine) -> None:
    """Questions need the columns of the last migration, not only the tables of the first."""
    assert wait(engine, answers_questions)
    engine.command("ALTER TABLE migrations DELETE WHERE number = 3 SETTINGS mutations_sync = 1")
    assert not wait(engine, answers_questions)
