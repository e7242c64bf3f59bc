"""Mux Data's read API: who may ask, what is refused and how, and whether it is explained."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

import support_engine
import support_mux_api as api
from firstframe.api.mux import ENDPOINTS
from firstframe.api.mux_dimension import DIMENSIONS
from firstframe.api.mux_metric import METRICS, measured
from firstframe.api.turn import Turns
from support_asking import HOSTILE
from support_mux_api import STARTUP, data, ids, refused, request, requests

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture(scope="module")
def filled(engine_url):
    """One filled database for all tests that only read."""
    with support_engine.fresh(engine_url) as engine:
        api.fill(engine)
        yield engine


# refusals


@pytest.mark.parametrize(
    ("path", "params", "word"),
    [
        ("/metrics/video_start_time/overall", {}, "video_startup_time"),
        (f"{STARTUP}/overall", {"measurement": "count"}, "95th, median, avg, sum"),
        ("/metrics/views/overall", {"measurement": "median"}, "count, sum"),
        (f"{STARTUP}/overall", {"filter[]": "country:DE"}, "filters"),
        (f"{STARTUP}/overall", {"page": "2"}, "page"),
        (f"{STARTUP}/overall", {"filters[]": "country"}, "dimension:value"),
        (f"{STARTUP}/overall", {"filters[]": "contry:DE"}, "country"),
        (f"{STARTUP}/overall", {"filters[]": "+country:DE"}, "only for traces"),
        (f"{STARTUP}/overall", {"filters[]": "asn:x"}, "a number"),
        (f"{STARTUP}/overall", {"filters[]": "view_has_ad:perhaps"}, "true or false"),
        (f"{STARTUP}/overall", {"metric_filters[]": "video_startup_time=5"}, "metric>=number"),
        (f"{STARTUP}/overall", {"metric_filters[]": "vst>=5"}, "metric_filters[]"),
        (f"{STARTUP}/overall", {"timeframe[]": "yesterday"}, "timeframe[]"),
        (f"{STARTUP}/overall", {"timeframe[]": "0:hours"}, "timeframe[]"),
        (f"{STARTUP}/overall", [("timeframe[]", "5"), ("timeframe[]", "5")], "begin before it ends"),
        (f"{STARTUP}/overall", [("timeframe[]", "5"), ("timeframe[]", "99999999999")], "2300"),
        (f"{STARTUP}/overall", [("measurement", "avg"), ("measurement", "sum")], "more than once"),
        (f"{STARTUP}/breakdown", {}, "group_by is missing"),
        (f"{STARTUP}/breakdown", {"group_by": "shoe"}, "group_by"),
        (f"{STARTUP}/breakdown", {"group_by": "country", "order_by": "size"}, "negative_impact, value"),
        (f"{STARTUP}/breakdown", {"group_by": "country", "order_direction": "up"}, "asc, desc"),
        (f"{STARTUP}/breakdown", {"group_by": "country", "limit": "0"}, "limit"),
        (f"{STARTUP}/breakdown", {"group_by": "country", "limit": "many"}, "limit"),
        (f"{STARTUP}/breakdown", {"group_by": "country", "page": "0"}, "page"),
        (f"{STARTUP}/timeseries", {"group_by": "week"}, "minute, ten_minutes, hour, day"),
        (f"{STARTUP}/timeseries", {"group_by": "minute", "timeframe[]": "30:days"}, "20000"),
        ("/video-views", {"limit": "1001"}, "1000"),
        ("/video-views", {"error_id": "first"}, "or any"),
        ("/dimensions/shoe", {}, "dimension id"),
    ],
)
def test_bad_parameters(filled, path, params, word):
    """What is wrong and what is wanted, in Mux's shape."""
    status, kind, message = refused(filled, path, params)
    assert (status, kind) == (400, "invalid_parameters")
    assert word in message


WORDS = dict.fromkeys(
    ("group_by", "measurement", "order_by", "order_direction", "limit", "page"),
    "/metrics/video_startup_time/breakdown",
) | {
    "filters[]": f"{STARTUP}/overall",
    "metric_filters[]": f"{STARTUP}/overall",
    "timeframe[]": f"{STARTUP}/overall",
    "viewer_id": "/video-views",
    "error_id": "/video-views",
    "value": "/metrics/comparison",
    "timestamp": "/monitoring/metrics/current-concurrent-viewers/timeseries",
}


@pytest.mark.parametrize("name", WORDS)
def test_nothing_that_is_said_is_a_fault_of_the_server(filled, name):
    """Whatever text stands for a parameter, the answer is an answer or a refusal."""
    more = {"value": {"dimension": "video_title"}}.get(name, {})
    if WORDS[name].endswith("breakdown"):
        more = {"group_by": "country"}
    texts = [
        text for word in HOSTILE for text in (word, f"video_title:{word}", f"custom_1:{word}", f"asn:{word}")
    ]
    found = requests(filled, [(WORDS[name], {**more, name: text}) for text in texts])
    assert {one.status_code for one in found} <= {200, 400}


def test_no_path_is_a_fault_of_the_server(filled):
    """Nor whatever stands for an id."""
    for path in (
        "/metrics/{}/overall",
        "/video-views/{}",
        "/dimensions/{}",
        "/monitoring/metrics/{}/timeseries",
    ):
        paths = [path.format(quote(word, safe="")) for word in HOSTILE if word]
        found = requests(filled, [(one, None) for one in paths])
        assert {one.status_code for one in found} <= {400, 404}, path


def test_too_many_parameters(filled):
    """There is an end to what is read."""
    assert refused(filled, f"{STARTUP}/overall", [("filters[]", "country:DE")] * 501)[0] == 400


@pytest.mark.parametrize(
    ("path", "instead"),
    [
        ("/exports", "/v1/views"),
        ("/exports/views", "/v1/views"),
        ("/annotations", "not kept"),
        ("/subview-metrics/playing_time/rendition/overall", "/v1/views"),
        ("/engagement/videos/film-1/hotspots", "/v1/audience"),
        ("/dimensions/video_cdn_trace/elements", "cdn"),
    ],
)
def test_what_is_not_answered(filled, path, instead):
    """It says so, and what to ask instead."""
    status, kind, message = refused(filled, path)
    assert (status, kind) == (404, "not_found")
    assert instead in message


def test_unknown_paths_and_methods(filled):
    """Only GET on the known paths; a last slash changes nothing."""
    assert refused(filled, "/else")[0] == 404
    assert refused(filled, "")[0] == 404
    assert refused(filled, "/errors", method="POST")[:2] == (405, "method_not_allowed")
    assert data(filled, "/errors/") == data(filled, "/errors")


# who may


PATHS = [
    "/metrics/comparison",
    *(f"{STARTUP}/{part}" for part in ("overall", "breakdown", "timeseries", "insights")),
    *("/video-views", f"/video-views/{ids('a')[0]}", "/errors", "/dimensions", "/dimensions/country"),
    *(f"/{old}/{kind}" for old in ("monitoring", "realtime") for kind in ("metrics", "dimensions")),
    *(
        f"/monitoring/metrics/current-concurrent-viewers/{part}"
        for part in ("timeseries", "breakdown", "breakdown-timeseries")
    ),
    "/monitoring/metrics/video-startup-time/histogram-timeseries",
    *("/incidents", "/incidents/none", "/incidents/none/related"),
    *(f"/engagement/{kind}/film-1/heatmap" for kind in ("assets", "playback-ids", "videos")),
    *("/nothing", "/exports"),
]


def test_every_endpoint_is_here():
    """A path that is added must be asked by those who may not."""
    asked = [f"/data/v1{path}" for path in PATHS]
    assert [one.path.pattern for one in ENDPOINTS if not any(map(one.path.fullmatch, asked))] == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "header",
    [
        None,
        api.basic("wrong"),
        api.basic(""),
        "Basic ???",
        "Basic",
        "Bearer wrong",
        "Share secret-default",
        "secret-default",
        api.basic("", "secret-default"),
    ],
)
def test_no_key_or_a_wrong_one(filled, path, header):
    """Nothing is to be learnt but that one is wanted; a token is the password, never the name."""
    headers = {} if header is None else {"authorization": header}
    found = request(filled, path, key=None, headers=headers)
    assert found.status_code == 401
    assert found.json()["error"]["type"] == "unauthorized"
    assert found.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("path", PATHS)
def test_a_key_of_pages(filled, path):
    """It stands in pages, and has no business here, wherever it is used."""
    for headers in ({}, {"origin": "https://shop.example"}):
        found = request(filled, path, key="cors-default", headers=headers)
        assert (found.status_code, found.json()["error"]["type"]) == (403, "forbidden")


@pytest.mark.parametrize("user", ["", "any", "a:b", "ünïcode"])
def test_any_name_with_the_token(filled, user):
    """Mux has an id for each token; ours has none that a caller must know."""
    headers = {"authorization": api.basic("secret-default", user)}
    assert request(filled, "/errors", key=None, headers=headers).status_code == 200
    assert request(filled, "/errors", key=None, headers={"authorization": "Bearer secret-default"}).is_success


def test_another_projects_key_sees_its_own(filled):
    """Its one view, and nothing of ours."""
    (row,) = data(filled, "/video-views", key="secret-other")
    assert (row["video_title"], row["country_code"]) == ("Theirs", "FR")
    assert data(filled, "/metrics/views/overall", key="secret-other")["value"] == 1
    assert data(filled, "/dimensions/country", key="secret-other") == [{"value": "FR", "total_count": 1}]
    assert data(filled, "/errors", key="secret-other") == []
    status, _, _ = refused(filled, f"/video-views/{ids('a')[0]}", key="secret-other")
    assert status == 404


def test_a_project_that_asks_too_much_waits(filled):
    """Its questions stand in the line of the native API, and one too many is told when to come back."""
    found = request(filled, f"{STARTUP}/overall", turns=Turns(waiting=0))
    assert (found.status_code, found.json()["error"]["type"]) == (429, "too_many_requests")
    assert int(found.headers["retry-after"]) > 0


def test_a_fault_is_told_without_its_reason(engine):
    """When the engine refuses a statement of ours, the answer keeps Mux's shape."""
    engine.command("ALTER TABLE views RENAME COLUMN error_count TO gone")
    found = request(engine, "/errors")
    assert found.status_code == 500
    assert found.json() == {"error": {"type": "internal_error", "messages": ["internal error"]}}


def test_an_engine_that_is_new_is_one_to_come_back_to(engine):
    """Its tables are still to be made."""
    engine.command("DROP TABLE views")
    found = request(engine, "/errors")
    assert (found.status_code, found.json()["error"]["type"]) == (503, "service_unavailable")
    assert int(found.headers["retry-after"]) > 0


DOCS = (Path(__file__).parents[3] / "docs/dialects/mux.md").read_text().partition("## Moving from Mux")[2]


@pytest.mark.parametrize("metric", dict.fromkeys(METRICS.values()), ids=lambda one: one.id)
def test_every_metric_is_explained(metric):
    """With what it is here and its usual measurement, or among those that are null."""
    names = " ".join(f"`{name}`" for name in (metric.id, *metric.older))
    if metric.ours is None:
        assert names in DOCS.partition("\nNull, because")[2].partition("\n\n")[0]
        return
    rest = " ÷ 100" if metric.per != 1 else ""
    assert f"| {names} | `{measured(metric).key}`{rest} | {metric.usual} |" in DOCS


@pytest.mark.parametrize("dimension", DIMENSIONS.values(), ids=lambda one: one.id)
def test_every_dimension_is_explained(dimension):
    """In a row with what it is here."""
    if dimension.id.startswith("custom_"):
        return
    (row,) = [
        line
        for line in DOCS.splitlines()
        if line.startswith("|") and f"`{dimension.id}`" in line.split("|")[1]
    ][-1:]
    here = row.split("|")[2]
    if dimension.ours is None:
        assert "nobody tells" in here
    elif dimension.ours == dimension.id:
        assert "the same" in here or f"`{dimension.id}`" in here
    elif dimension.ours == f"extra.{dimension.id}":
        assert "`extra.` and the same" in here
    else:
        assert f"`{dimension.ours}`" in here
