"""Livepeer's viewership API: its shapes, our numbers, and who may see them."""

from __future__ import annotations

import base64

import httpx
import pytest

import support_engine
import support_livepeer_api as api
import support_question as q
from firstframe.api import livepeer
from firstframe.api.livepeer import LivepeerApi
from firstframe.api.livepeer_asset import PAGE
from firstframe.api.livepeer_public import PublicApp
from firstframe.api.vendor import key_of
from firstframe.errors import ConfigError
from firstframe.metrics.asset import Asset, put_assets
from support_livepeer_api import CID, NOW_MS, T0, request
from support_vendor import ORIGIN

pytestmark = pytest.mark.engine

DAY = q.DAY_MS
PATHS = [
    "/data/views/query",
    "/data/views/now",
    "/data/usage/query",
    "/data/views/query/creator",
    "/data/views/asset-1/total",
]


@pytest.fixture(scope="module")
def filled(engine_url):
    """One filled database for all tests that only read."""
    with support_engine.fresh(engine_url) as engine:
        api.fill(engine)
        yield engine


def rows(engine, params=None, path="/data/views/query", **more):
    answer = request(engine, path, params, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def by(found, key):
    return {row.get(key): row["viewCount"] for row in found}


# numbers


def test_application_viewership_is_the_catalogue(filled):
    """Every field is the metric of the same meaning, asked natively."""
    (row,) = rows(filled)
    metrics = {
        "viewCount": ("attempts", 1),
        "playtimeMins": ("playing_time", 60_000),
        "ttffMs": ("video_startup_time.mean", 1),
        "rebufferRatio": ("rebuffering_ratio", 1),
        "errorRate": ("error_percentage", 1),
        "exitsBeforeStart": ("exit_before_video_start_percentage", 1),
    }
    times = {"from": T0 - DAY, "to": NOW_MS}
    (native,) = q.ask(filled, metrics=[name for name, _ in metrics.values()], now_ms=NOW_MS, **times).data
    assert row == {field: pytest.approx(native[name] / per) for field, (name, per) in metrics.items()}


def test_numbers_by_hand(filled):
    """Six attempts, 4.5 minutes; 1, 1, 1 and 3 s of startup; 10 s stalled of 280; one error, one exit."""
    (row,) = rows(filled)
    assert row == {
        "viewCount": 6,
        "playtimeMins": 4.5,
        "ttffMs": 1500,
        "rebufferRatio": pytest.approx(10 / 280),
        "errorRate": pytest.approx(1 / 6),
        "exitsBeforeStart": pytest.approx(1 / 6),
    }


def test_nothing_known_is_left_out(filled):
    """Without views the counts are 0 and the rest is not there: clients refuse null."""
    assert rows(filled, {"to": T0 - DAY}) == [{"viewCount": 0, "playtimeMins": 0}]
    assert rows(filled, {"playbackId": "unknown"}) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("playbackId", {"v1": 2, "v2": 3, "v3": 1}),
        ("dStorageUrl", {None: 5, f"ipfs://{CID}": 1}),
        ("creatorId", {"carl": 2, "dora": 3, None: 1}),
        ("viewerId", {"ann": 1, "bob": 1, None: 4}),
        ("deviceType", {"mobile": 2, "desktop": 4}),
        ("device", {None: 6}),
        ("cpu", {None: 6}),
        ("os", {"iOS": 2, "Linux": 4}),
        ("browser", {"Safari": 2, "Chrome": 4}),
        ("browserEngine", {None: 6}),
        ("continent", {"North America": 2, "Europe": 4}),
        ("country", {"United States": 2, "Germany": 4}),
        ("subdivision", {None: 6}),
        ("timezone", {"Europe/Berlin": 1, None: 5}),
        ("geohash", {None: 6}),
    ],
)
def test_each_breakdown(filled, name, expected):
    """Every value of breakdownBy alone: its groups and counts."""
    found = by(rows(filled, {"breakdownBy[]": name}), name)
    assert {key: found[key] for key in expected} == expected


def test_breakdowns_combine(filled):
    """Several breakdowns group by all of them, repeated or with commas."""
    repeated = rows(filled, [("breakdownBy[]", "os"), ("breakdownBy[]", "playbackId")])
    commas = rows(filled, {"breakdownBy[]": "os,playbackId"})
    assert repeated == commas
    assert {(row["os"], row["playbackId"]): row["viewCount"] for row in repeated} == {
        ("iOS", "v1"): 1,
        ("Linux", "v1"): 1,
        ("iOS", "v2"): 1,
        ("Linux", "v2"): 2,
        ("Linux", "v3"): 1,
    }


@pytest.mark.parametrize(
    ("step", "starts"),
    [
        ("hour", [T0, T0 + DAY, T0 + 30 * DAY]),
        ("day", [T0, T0 + DAY, T0 + 30 * DAY]),
        ("week", [T0 - 3 * DAY, T0 + 25 * DAY]),
        ("month", [T0]),
        ("year", [T0]),
    ],
)
def test_time_steps(filled, step, starts):
    """Only steps in which something happened, each with its start in UTC; no range means all of time."""
    found = rows(filled, {"timeStep": step})
    assert [row["timestamp"] for row in found] == starts
    assert sum(row["viewCount"] for row in found) == 6


@pytest.mark.parametrize("step", ["hour", "day"])
@pytest.mark.parametrize("since", [None, T0])
def test_a_step_in_which_views_only_ended(engine, step, since):
    """A view that was paused into another day tells its quality where it ended, though nothing was watched there."""
    q.store(engine, [api.played("paused", T0, 60, length_ms=2 * DAY, error_count=1)])
    params = {"timeStep": step} if since is None else {"timeStep": step, "from": since}
    began, ended = rows(engine, params)
    assert (began["timestamp"], began["viewCount"], began["playtimeMins"]) == (T0, 1, 1)
    assert ended == {
        "timestamp": T0 + 2 * DAY,
        "viewCount": 0,
        "playtimeMins": 0,
        "ttffMs": 1000,
        "rebufferRatio": 0,
        "errorRate": 1,
        "exitsBeforeStart": 0,
    }


@pytest.mark.parametrize(
    ("start", "end"), [(T0 + DAY, T0 + 2 * DAY), ("2026-01-02T00:00:00Z", "2026-01-03T00:00:00.000+00:00")]
)
def test_range(filled, start, end):
    """From is inside, to is not; milliseconds or RFC 3339."""
    assert rows(filled, {"from": start, "to": end})[0]["viewCount"] == 3


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({"playbackId": "v1"}, 2),
        ({"playbackId": CID}, 1),
        ({"playbackId": f"ipfs://{CID}"}, 1),
        ({"assetId": "asset-1"}, 2),
        ({"streamId": "stream-2"}, 3),
        ({"assetId": "asset-1", "streamId": "stream-2"}, 2),
        ({"creatorId": "dora"}, 3),
    ],
)
def test_filters(filled, params, count):
    """By playback id, dStorage id, asset, stream and creator; an asset goes before a stream."""
    (row,) = rows(filled, params)
    assert row["viewCount"] == count
    if "creatorId" not in params:
        assert row.keys() & {"playbackId", "dStorageUrl"}


def test_short_names_of_breakdowns(filled):
    """The public text also speaks of dStorage, creator and viewer."""
    for short, name in (("dStorage", "dStorageUrl"), ("creator", "creatorId"), ("viewer", "viewerId")):
        assert rows(filled, {"breakdownBy[]": short}) == rows(filled, {"breakdownBy[]": name})


def test_a_late_asset_covers_old_views(engine):
    """Assets are joined when the question is asked."""
    api.fill(engine)
    assert request(engine, "/data/views/query", {"assetId": "asset-3"}).status_code == 404
    q.wait(
        engine,
        lambda wrapped: put_assets(wrapped, "default", [Asset(playback_id="v3", asset_id="asset-3")], 2),
    )
    assert rows(engine, {"assetId": "asset-3"})[0]["viewCount"] == 1


def test_an_asset_among_many_whose_ids_hold_its_id(engine):
    """An asset is found by its whole id, however many others have it in their ids or titles."""
    others = [Asset(playback_id=f"a{n}", asset_id=f"x-7-{n}") for n in range(PAGE)]
    one = Asset(playback_id="b", asset_id="7", stream_id="8")
    q.wait(engine, lambda wrapped: put_assets(wrapped, "default", [*others, one], 1))
    q.store(engine, [api.played("seen", T0, 60, playback_id="b")])
    for params in ({"assetId": "7"}, {"streamId": "8"}):
        assert by(rows(engine, params), "playbackId") == {"b": 1}
    assert rows(engine, path="/data/views/7/total") == [{"id": "b", "startViews": 1}]


# totals


def test_total_of_a_playback_id(filled):
    """Without a key the default project answers; with one, the key's."""
    path = "/data/views/query/total/v1"
    expected = {"playbackId": "v1", "viewCount": 2, "playtimeMins": 3, "legacyViewCount": 0}
    assert rows(filled, path=path, key=None) == expected
    assert rows(filled, path=path, key="cors-default", headers={"origin": ORIGIN}) == expected
    assert rows(filled, path=path, key="secret-other")["viewCount"] == 1
    assert rows(filled, path="/data/views/query/total/unknown", key=None)["viewCount"] == 0


@pytest.mark.parametrize("name", [CID, f"ipfs:%2F%2F{CID}", f"https:%2F%2Fipfs.io%2Fipfs%2F{CID}"])
def test_total_of_a_dstorage_id(filled, name):
    """A dStorage id counts in all projects: seen in source URLs, or told of with an asset."""
    assert rows(filled, path=f"/data/views/query/total/{name}", key=None) == {
        "dStorageUrl": f"ipfs://{CID}",
        "viewCount": 1 + 1 + 3,
        "playtimeMins": 1 + 1 + 0.5,
        "legacyViewCount": 0,
    }


def test_older_total_of_an_asset(filled):
    """The deprecated path answers in its own shape."""
    assert rows(filled, path="/data/views/asset-1/total") == [{"id": "v1", "startViews": 2}]


def test_older_total_of_an_asset_with_two_playback_ids(engine):
    """All of its playback ids count, as they do where the asset is a filter."""
    api.fill(engine)
    second = [Asset(playback_id="v3", asset_id="asset-1")]
    q.wait(engine, lambda wrapped: put_assets(wrapped, "default", second, 2))
    assert rows(engine, path="/data/views/asset-1/total") == [{"id": "v1", "startViews": 3}]
    assert sum(row["viewCount"] for row in rows(engine, {"assetId": "asset-1"})) == 3


# creators


def test_creator_viewership(filled):
    """Views and time of one asset, without the quality fields."""
    asked = {"assetId": "asset-2", "breakdownBy[]": "os", "playbackId": "v1"}
    found = rows(filled, asked, "/data/views/query/creator", key="cors-default", headers={"origin": ORIGIN})
    assert found == [
        {"playbackId": "v2", "os": "Linux", "viewCount": 2, "playtimeMins": 0.5},
        {"playbackId": "v2", "os": "iOS", "viewCount": 1, "playtimeMins": 0},
    ]


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({}, 400),
        ({"assetId": "asset-1", "streamId": "stream-2"}, 400),
        ({"assetId": "asset-1", "breakdownBy[]": "creatorId"}, 400),
        ({"assetId": "unknown"}, 404),
        ({"assetId": "asset-9"}, 404),
        ({"streamId": "asset-1"}, 404),
    ],
)
def test_creator_queries_that_are_none(filled, params, status):
    """One known asset or stream is wanted; other projects' assets are not known."""
    assert request(filled, "/data/views/query/creator", params).status_code == status


# now and usage


def test_realtime(engine):
    """Who watches at this moment, and how many of the latest attempts had errors."""
    live = {"closed": False, "received_last_ms": NOW_MS - 1000, "playback_id": "v1"}
    q.store(engine, [
        api.played("a", NOW_MS - 30_000, 30, browser="Chrome", country="DE", **live),
        api.played("b", NOW_MS - 30_000, 30, browser="Safari", error_count=1, **live),
    ])  # fmt: skip
    path = "/data/views/now"
    assert rows(engine, path=path) == [{"viewCount": 2, "errorRate": 0.5}]
    assert rows(engine, {"breakdownBy[]": "browser", "playbackId": "v1"}, path) == [
        {"playbackId": "v1", "browser": "Chrome", "viewCount": 1, "errorRate": 0},
        {"playbackId": "v1", "browser": "Safari", "viewCount": 1, "errorRate": 1},
    ]
    assert rows(engine, {"playbackId": "other"}, path) == []
    assert rows(engine, {"breakdownBy[]": "country"}, path)[0].get("country") in ("Germany", None)
    for params in ({"from": T0}, {"timeStep": "day"}, {"breakdownBy[]": "os"}):
        assert request(engine, path, params).status_code == 400


def test_realtime_is_whole_or_refused(engine, monkeypatch):
    """Clients cannot see that an answer was cut."""
    live = {"closed": False, "received_last_ms": NOW_MS - 1000}
    q.store(engine, [api.played(f"w{n}", NOW_MS - 30_000, 30, playback_id=f"v{n}", **live) for n in range(3)])
    monkeypatch.setattr(livepeer, "MOST_LIVE_ROWS", 2)
    answer = request(engine, "/data/views/now", {"breakdownBy[]": "playbackId"})
    assert answer.status_code == 400
    assert "less than 2" in answer.text


def test_realtime_errors_are_of_who_watches(engine):
    """Distinct sessions with errors among distinct sessions, however long ago they were begun."""
    live = {"closed": False, "received_last_ms": NOW_MS - 1000, "playback_id": "v1"}
    long_ago = NOW_MS - 20 * q.MINUTE_MS
    q.store(
        engine,
        [api.played(f"l{n}", long_ago, 20 * 60 - 2, error_count=int(n == 0), **live) for n in range(5)],
    )
    assert rows(engine, path="/data/views/now") == [{"viewCount": 5, "errorRate": 0.2}]


def test_usage(filled):
    """Delivered minutes are played minutes; per creator or step it is a list."""
    path = "/data/usage/query"
    assert rows(filled, path=path) == {"UserID": "default", "DeliveryUsageMins": 4.5}
    by_creator = rows(filled, {"breakdownBy[]": "creatorId"}, path)
    assert {row.get("CreatorID"): row["DeliveryUsageMins"] for row in by_creator} == {
        "carl": 3,
        "dora": 0.5,
        None: 1,
    }
    assert len(rows(filled, {"timeStep": "day"}, path)) == 3


# who may


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "header", [None, "Bearer wrong", "Bearer ", "Bearer", "Basic ???", "JWT x", "secret-default"]
)
def test_no_key_or_a_wrong_one(filled, path, header):
    """Without a known key there is nothing to be learnt but that one is wanted."""
    headers = {} if header is None else {"authorization": header}
    answer = request(filled, path, {"assetId": "asset-1"}, key=None, headers=headers)
    assert answer.status_code == 401
    assert answer.json().keys() == {"errors"}


def test_a_wrong_key_does_not_fall_back_to_the_default_project(filled):
    """Totals need no key, but a wrong one is refused."""
    assert request(filled, "/data/views/query/total/v1", key="wrong").status_code == 401


@pytest.mark.parametrize("path", ["/data/views/query", "/data/views/now", "/data/usage/query"])
def test_a_cors_key_gets_creator_queries_only(filled, path):
    """A page's key is refused elsewhere, also from its own origin."""
    answer = request(filled, path, {"assetId": "asset-1"}, key="cors-default", headers={"origin": ORIGIN})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://shop.example", "https://shop.example.evil"]
)
@pytest.mark.parametrize(
    "path", ["/data/views/query/creator", "/data/views/query/total/v1", "/data/views/asset-1/total"]
)
def test_a_cors_key_from_elsewhere(filled, path, origin):
    """Pages of other origins cannot use it."""
    answer = request(filled, path, {"assetId": "asset-1"}, key="cors-default", headers={"origin": origin})
    assert answer.status_code == 403
    assert "asset" not in answer.text.replace("asset-1", "")


def test_another_projects_key_learns_nothing(filled):
    """Same ids, other project: its own numbers, or not found."""
    assert rows(filled, key="secret-other")[0]["viewCount"] == 2
    assert request(filled, "/data/views/query", {"assetId": "asset-1"}, key="secret-other").status_code == 404
    assert rows(filled, {"creatorId": "carl"}, key="secret-other")[0]["viewCount"] == 0


def test_basic_authorization():
    """The key may be the password of Basic, as the vendor takes it."""
    assert key_of("Basic " + base64.b64encode(b"user:key1").decode()) == "key1"
    assert key_of("bearer  key1 ") == "key1"


# shapes of refusals, and the public face


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"breakdownBy[]": "shoe"}, "invalid breakdown field: shoe"),
        ({"timeStep": "minute"}, "invalid time step: minute"),
        ({"from": "yesterday"}, 'bad time "yesterday"'),
        ({"from": T0, "to": T0}, "from must be before to"),
    ],
)
def test_bad_parameters(filled, params, word):
    """What is wrong, in Livepeer's shape."""
    answer = request(filled, "/data/views/query", params)
    assert answer.status_code == 400
    assert word in answer.json()["errors"][0]


def test_unknown_paths_and_methods(filled):
    """Only GET on the known paths."""
    assert request(filled, "/data/views/else").status_code == 404
    assert request(filled, "/data/views/query", method="POST").status_code == 405


def test_the_api_prefix_and_trailing_slash(filled):
    """Clients put their base's path before ours."""
    assert request(filled, "/api/data/views/query/").json() == rows(filled)


def test_the_public_face(filled):
    """Totals and creators' queries with CORS headers; nothing else is there, whatever the key."""
    for path in ("/data/views/query", "/data/views/now", "/data/usage/query"):
        assert request(filled, path, public_only=True).status_code == 404
    answer = request(
        filled, "/api/data/views/query/total/v1", key=None, headers={"origin": ORIGIN}, public_only=True
    )
    assert answer.json()["viewCount"] == 2
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    asked = {"origin": ORIGIN, "access-control-request-headers": "authorization"}
    flight = request(
        filled, "/data/views/query/creator", key=None, headers=asked, method="OPTIONS", public_only=True
    )
    assert (flight.status_code, flight.headers["access-control-allow-origin"]) == (204, ORIGIN)


def test_a_fault_is_told_without_its_reason(engine):
    """When the engine refuses a statement of ours, the answer keeps Livepeer's shape."""
    engine.command("ALTER TABLE views RENAME COLUMN error_count TO gone")
    answer = request(engine, "/data/views/query")
    assert answer.status_code == 500
    assert answer.json() == {"errors": ["internal error"]}


def test_the_public_face_waits_for_the_engine(filled):
    """A collector that starts before the engine answers 503 until it is there."""
    made = []

    def connect():
        if not made:
            made.append("tried")
            raise ConfigError("no engine runs yet")
        return LivepeerApi(None, api.Accounts(), public_only=True)

    async def call(_):
        transport = httpx.ASGITransport(app=PublicApp(connect))
        async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as client:
            path = "/data/views/query/creator"
            return [(await client.get(path)).status_code for _ in range(2)]

    assert q.wait(filled, call) == [503, 401]
