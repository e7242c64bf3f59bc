"""Mux's views, errors, dimensions and heatmaps."""

from __future__ import annotations

import pytest

import support_engine
import support_mux_api as api
import support_question as q
from firstframe.api import mux_value, mux_view
from firstframe.api.mux_dimension import DIMENSIONS
from firstframe.beacon import Event, view_id_of
from firstframe.engine.rows import EVENT_COLUMNS, event_row
from support_mux_api import START_MS, answer, data, ids, refused, requests

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture(scope="module")
def filled(engine_url):
    """One filled database for all tests that only read."""
    with support_engine.fresh(engine_url) as engine:
        api.fill(engine)
        yield engine


# views


def test_view_list(filled):
    """Attempts that ended in the range, the latest first, in the short form."""
    found = answer(filled, "/video-views")
    assert [row["id"] for row in found["data"]] == ids(*"gfedcba")
    assert found["total_row_count"] == 7
    assert found["data"][5] == {
        "id": ids("b")[0],
        "view_start": "2026-02-09T12:01:00Z",
        "view_end": "2026-02-09T12:02:13Z",
        "video_title": None,
        "viewer_os_family": "iOS",
        "viewer_application_name": "Safari",
        "country_code": "US",
        "player_error_code": None,
        "player_error_message": None,
        "error_type_id": None,
        "playback_failure": False,
        "viewer_experience_score": 0.4,
        "watch_time": 73_000,
        "total_row_count": 7,
    }
    assert [row["playback_failure"] for row in found["data"]] == [
        *(False, False, True, True, False, False, False)
    ]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_of_views(filled, order):
    """Each view once, in order; behind the end there is nothing."""
    asked = [
        ("/video-views", {"limit": 3, "page": page, "order_direction": order}) for page in (1, 2, 3, 4, 10**6)
    ]
    pages = [[row["id"] for row in found.json()["data"]] for found in requests(filled, asked)]
    names = ids(*("abcdefg" if order == "asc" else "gfedcba"))
    assert pages == [names[:3], names[3:6], names[6:], [], []]


def test_a_page_behind_very_many_views(filled, monkeypatch):
    """It is refused: to find it the engine would order all of them."""
    monkeypatch.setattr(mux_view, "DEEPEST", 2)
    assert refused(filled, "/video-views", {"limit": 3, "page": 2})[0] == 400
    assert data(filled, "/video-views", {"limit": 3, "page": 4}) == []


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"viewer_id": "ann"}, "a"),
        ({"viewer_id": "cookie-a"}, "a"),
        ({"viewer_id": "cookie-b"}, "b"),
        ({"viewer_id": "olga"}, ""),
        ({"filters[]": "country:DE"}, "eda"),
        ({"metric_filters[]": "rebuffer_count>=1"}, "b"),
        ({"error_id": "any"}, "fed"),
        ({"error_id": "1"}, ""),
        ({"timeframe[]": "600:minutes"}, "gf"),
    ],
)
def test_which_views(filled, params, names):
    """By viewer, as the site or the SDK names them, by filters, and by error."""
    found = answer(filled, "/video-views", params)
    assert [row["id"] for row in found["data"]] == ids(*names)
    assert found["total_row_count"] == len(names)


def test_views_of_an_error(filled):
    """The number that errors and views give out finds the same views, though their messages differ in numbers."""
    first, second = data(filled, "/errors")
    for error, names in ((first, "ed"), (second, "f")):
        rows = data(filled, "/video-views", {"error_id": error["id"]})
        assert [row["id"] for row in rows] == ids(*names)
        assert {row["error_type_id"] for row in rows} == {error["id"]}
        assert len(rows) == error["count"]


def test_errors(filled):
    """The most frequent first, of all attempts; warnings are none."""
    first, second = data(filled, "/errors")
    assert first | {"message": ""} == {
        "id": first["id"],
        "code": 2103,
        "player_error_code": "2103",
        "message": "",
        "description": "segment <n> was not found",
        "count": 2,
        "percentage": pytest.approx(2 / 7),
        "last_seen": "2026-02-09T13:00:02Z",
        "notes": None,
    }
    assert first["message"] in ("segment 17 was not found", "segment 4 was not found")
    assert (second["code"], second["player_error_code"], second["description"]) == (None, "geo", None)
    assert data(filled, "/errors", {"filters[]": "country:US"})[0]["count"] == 1


def test_single_view(engine):
    """Every key of Mux's, decimals as texts, and the events in time."""
    api.fill(engine)
    view = api.views()[1]
    for at, name, said in (
        (0, "play", {"player_playhead_time": 0, "player_width": 640}),
        (3_000, "playing", {"player_playhead_time": 40.4}),
    ):
        event = Event(
            native_view_id="b",
            key=view_id_of("default", "native", f"{name}"),
            at_ms=view.view_start_ms + at,
            received_at_ms=view.view_start_ms + at,
            name=name,
            payload={"view_id": "b", "event": name, **said},
        )
        engine.insert("events", EVENT_COLUMNS, [event_row("default", "mux", event, 1)])
    found = data(engine, f"/video-views/{ids('a')[0]}")
    assert found["viewer_user_id"] == "ann"
    assert (found["asset_id"], found["live_stream_id"]) == ("asset-1", "stream-1")
    assert (found["mux_viewer_id"], found["viewer_plan"], found["custom_1"]) == ("cookie-a", "gold", "red")
    assert found["country_name"] == "Germany"
    assert (found["video_stream_type"], found["environment_id"]) == ("on-demand", "default")
    wanted = {
        "ad_error_percentage": "0.25",
        "ad_break_error_percentage": "0.5",
        "rendition_change_count": 4,
        "view_total_upscaling": "6000",
        "view_total_content_playback_time": 60_000,
        "view_average_request_throughput": 4_000_000,
        "view_average_request_latency": 90,
        "quality_score": "0.95",
        "view_seek_duration": 500,
        "view_has_ad": True,
    }
    assert {name: found[name] for name in wanted} == wanted
    found = data(engine, f"/video-views/{ids('b')[0]}")
    wanted = {
        "view_id": "b",
        "viewer_user_id": None,
        "mux_viewer_id": "cookie-b",
        "buffering_count": 2,
        "buffering_duration": 10_000,
        "rebuffer_percentage": "0.13698630137",
        "buffering_rate": "1.643835616438",
        "view_playing_time": "60000",
        "viewer_experience_score": "0.4",
        "time_to_first_frame": 3_000,
        "watch_time": 73_000,
        "asset_id": None,
        "used_pip": None,
        "playback_failure": False,
        "watched": True,
        "error_type_id": None,
    }
    assert {name: found[name] for name in wanted} == wanted
    assert found["events"] == [
        {
            "name": "play",
            "viewer_time": view.view_start_ms,
            "event_time": view.view_start_ms,
            "playback_time": 0,
            "details": {"player_width": 640},
        },
        {
            "name": "playing",
            "viewer_time": view.view_start_ms + 3_000,
            "event_time": view.view_start_ms + 3_000,
            "playback_time": 40,
            "details": {},
        },
    ]
    failed = data(engine, f"/video-views/{ids('d')[0]}")
    assert failed["error_type_id"] == failed["playback_failure_error_type_id"] is not None
    assert failed["playback_business_exception_error_type_id"] is None
    blocked = data(engine, f"/video-views/{ids('f')[0]}")
    assert blocked["video_startup_business_exception_error_type_id"] == blocked["error_type_id"] is not None
    assert blocked["playback_failure_error_type_id"] is None


@pytest.mark.parametrize("name", ["nothing", view_id_of("other", "mux", "k")])
def test_views_that_are_not_there(filled, name):
    """An id that nobody has, and one of another project, are told apart by nothing."""
    status, kind, message = refused(filled, f"/video-views/{name}")
    assert (status, kind) == (404, "not_found")
    assert name[:32] in message


# dimensions


def test_dimensions(filled):
    """Those of which something is known, under both names; each once."""
    found = data(filled, "/dimensions")
    assert found == data(filled, "/filters")
    known = [*found["basic"], *found["advanced"]]
    assert len(known) == len(set(known))
    assert set(known) == {name for name, one in DIMENSIONS.items() if one.ours is not None}


def test_dimension_values(filled):
    """The values of attempts, the commonest first, page by page to an empty one."""
    found = answer(filled, "/dimensions/country")
    assert found["data"] == [{"value": "US", "total_count": 4}, {"value": "DE", "total_count": 3}]
    assert found["total_row_count"] == 2
    assert data(filled, "/filters/country", {"filters[]": "country:DE"}) == [
        {"value": "DE", "total_count": 3}
    ]
    asked = [("/dimensions/country", {"limit": 1, "page": page}) for page in (1, 2, 3, 40_000)]
    assert [len(one.json()["data"]) for one in requests(filled, asked)] == [1, 1, 0, 0]
    assert data(filled, "/dimensions/stream_type")[0] == {"value": None, "total_count": 4}
    assert data(filled, "/dimensions/used_pip") == []


def test_more_values_than_are_told(filled, monkeypatch):
    """A page behind the last that is told is refused."""
    monkeypatch.setattr(mux_value, "MOST_VALUES", 2)
    assert answer(filled, "/dimensions/viewer_user_id", {"limit": 2})["total_row_count"] is None
    assert refused(filled, "/dimensions/viewer_user_id", {"limit": 2, "page": 2})[0] == 400


# engagement


def test_heatmap(engine):
    """For each hundredth of a video the plays that watched some of it; nothing told is an empty list."""
    told = {"duration_ms": 10_000.0, "playback_id": "play-1", "video_id": "film-1"}
    q.store(
        engine,
        [
            api.played("half", START_MS, played_ranges=[(0.0, 5_000.0)], **told),
            api.played("end", START_MS, played_ranges=[(4_950.0, 10_000.0)], **told),
            api.played("silent", START_MS, **told),
            api.played("theirs", START_MS, played_ranges=[(0.0, 10_000.0)], project="other", **told),
        ],
    )
    api.tell(engine)
    wanted = {"total_views": 2, "value": [*[1] * 49, 2, *[1] * 50]}
    for path in ("videos/film-1", "playback-ids/play-1", "assets/asset-1"):
        assert data(engine, f"/engagement/{path}/heatmap") == wanted
    assert data(engine, "/engagement/videos/none/heatmap") == {"total_views": 0, "value": []}
