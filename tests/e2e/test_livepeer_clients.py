"""The real Livepeer API clients, unmodified, against our API: every viewership call, and the native API's numbers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

import support_engine
import support_livepeer_api as api
from e2e.support_client import asked, node_client, python_client
from firstframe.accounts.store import Accounts
from firstframe.api.app import make_app
from firstframe.api.livepeer import make_public_app, routes
from firstframe.engine.client import AsyncEngine
from support_vendor import ORIGIN

pytestmark = [pytest.mark.e2e, pytest.mark.engine, pytest.mark.slow]

FOLDER = Path(__file__).parent / "livepeer_clients"
T0, DAY_MS = api.T0, 86_400_000
SECRET = "secret-token-of-the-default-project"


class Served:
    """One ASGI application on a port of loopback."""

    def __init__(self, app: Any) -> None:
        self.port = support_engine.free_port()
        self._server = uvicorn.Server(uvicorn.Config(app, port=self.port, log_level="error", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)


@pytest.fixture(scope="module")
def served(engine_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The private and the public listener's applications over filled tables, and three keys."""
    folder = tmp_path_factory.mktemp("accounts")
    accounts = Accounts(f"sqlite:///{folder / 'accounts.db'}")
    accounts.create_project("other")
    accounts.create_token("secret", token=SECRET)
    _, page_key = accounts.create_token("cors", allowed_origins=[ORIGIN])
    _, other_key = accounts.create_token("secret", "other")
    with support_engine.fresh(engine_url) as engine:
        api.fill(engine)
        wrapped = AsyncEngine(engine, threads=2)
        now = {"now_ms": lambda: api.NOW_MS}
        private = Served(make_app(wrapped, accounts, routes=routes(wrapped, accounts, **now), **now))
        public = Served(make_public_app(wrapped, accounts, **now))
        yield {"private": private.url, "public": public.url, "page": page_key, "other": other_key}
        private.stop()
        public.stop()
    accounts.close()


@pytest.fixture(scope="module")
def ask_python(served: dict[str, str]) -> Any:
    interpreter = python_client(FOLDER)
    return lambda calls, key=SECRET, base="": asked(
        [interpreter, FOLDER / "ask.py"], base or f"{served['private']}/api", key, calls
    )


@pytest.fixture(scope="module")
def ask_node(served: dict[str, str]) -> Any:
    script = node_client(FOLDER, "livepeer")
    return lambda calls, key=SECRET, base="": asked(
        ["node", script], base or f"{served['private']}/api", key, calls
    )


def native(served: dict[str, str], **question: Any) -> list[dict[str, Any]]:
    """The native API's rows."""
    body = {"from": T0 - DAY_MS, "to": api.NOW_MS + 60_000, **question}
    answer = httpx.post(
        f"{served['private']}/v1/query", json=body, headers={"authorization": f"Bearer {SECRET}"}
    )
    return answer.json()["data"]


def numbers(row: dict[str, Any]) -> dict[str, Any]:
    """A native row under Livepeer's names."""
    named = {
        "viewCount": row["attempts"],
        "playtimeMins": row["playing_time"] / 60_000,
        "ttffMs": row["video_startup_time.mean"],
        "rebufferRatio": row["rebuffering_ratio"],
        "errorRate": row["error_percentage"],
        "exitsBeforeStart": row["exit_before_video_start_percentage"],
    }
    return {name: pytest.approx(value) for name, value in named.items() if value is not None}


METRICS = [
    *("attempts", "playing_time", "video_startup_time.mean", "rebuffering_ratio"),
    *("error_percentage", "exit_before_video_start_percentage"),
]
CREATOR = [
    {"playbackId": "v2", "os": "Linux", "viewCount": 2, "playtimeMins": 0.5},
    {"playbackId": "v2", "os": "iOS", "viewCount": 1, "playtimeMins": 0},
]
TOTAL = {"playbackId": "v1", "viewCount": 2, "playtimeMins": 3}
"""Both clients drop the legacyViewCount."""


def expected_groups(served: dict[str, str]) -> list[dict[str, Any]]:
    """Views by browser and video, from the native API."""
    rows = native(served, metrics=METRICS, group_by=["playback_id", "browser"])
    return sorted(
        ({"playbackId": row["playback_id"], "browser": row["browser"], **numbers(row)} for row in rows),
        key=lambda row: (row["playbackId"], row["browser"]),
    )


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["playbackId"], row["browser"]))


def test_every_call_of_the_python_client(ask_python: Any, served: dict[str, str]) -> None:
    """All five calls, parsed; numbers as the native API has them."""
    views, groups, days, creator, total, now, usage = ask_python(
        [
            ["get_viewership", {"request": {}}],
            ["get_viewership", {"request": {"breakdown_by": ["playbackId", "browser"]}}],
            ["get_viewership", {"request": {"from_": T0, "to": T0 + 2 * DAY_MS, "time_step": "day"}}],
            ["get_creator_viewership", {"request": {"asset_id": "asset-2", "breakdown_by": ["os"]}}],
            ["get_public_viewership", {"playback_id": "v1"}],
            ["get_realtime_viewership", {"breakdown_by": ["browser"]}],
            ["get_usage", {"request": {"from_": T0, "to": api.NOW_MS}}],
        ]
    )
    assert views == [numbers(native(served, metrics=METRICS)[0])]
    assert in_order(groups) == expected_groups(served)
    assert [(row["timestamp"], row["viewCount"]) for row in days] == [(T0, 2), (T0 + DAY_MS, 3)]
    assert (creator, total, now) == (CREATOR, TOTAL, [])
    assert usage == {"UserID": "default", "DeliveryUsageMins": 4.5}


def test_every_call_of_the_node_client(ask_node: Any, served: dict[str, str]) -> None:
    """All five calls, parsed; numbers as the native API has them."""
    views, groups, days, creator, total, now, usage = ask_node(
        [
            ["getViewership", [{}]],
            ["getViewership", [{"breakdownBy": ["playbackId", "browser"]}]],
            ["getViewership", [{"from": T0, "to": T0 + 2 * DAY_MS, "timeStep": "day"}]],
            ["getCreatorViewership", [{"assetId": "asset-2", "breakdownBy": ["os"]}]],
            ["getPublicViewership", ["v1"]],
            ["getRealtimeViewership", []],
            ["getUsage", [{"from": T0, "to": api.NOW_MS}]],
        ]
    )
    assert views == [numbers(native(served, metrics=METRICS)[0])]
    assert in_order(groups) == expected_groups(served)
    assert [(row["timestamp"], row["viewCount"]) for row in days] == [(T0, 2), (T0 + DAY_MS, 3)]
    assert (creator, total) == (CREATOR, TOTAL)
    assert now == [{"viewCount": 0, "errorRate": 0}]
    assert usage == {"userID": "default", "deliveryUsageMins": 4.5}


def test_all_breakdowns_are_parsed_by_the_node_client(ask_node: Any) -> None:
    """The strict client takes every row of every breakdown: nothing in them is null."""
    names = [
        *(
            "playbackId",
            "deviceType",
            "device",
            "cpu",
            "os",
            "browser",
            "browserEngine",
            "continent",
            "country",
        ),
        *("subdivision", "timezone", "geohash", "viewerId", "creatorId"),
    ]
    calls = [["getViewership", [{"breakdownBy": [name]}]] for name in names]
    for name, rows in zip(names, ask_node(calls), strict=True):
        assert sum(row["viewCount"] for row in rows) == 6, name
    (together,) = ask_node([["getViewership", [{"breakdownBy": names, "timeStep": "hour"}]]])
    assert sum(row["viewCount"] for row in together) == 6


def test_keys_with_the_clients(ask_python: Any, ask_node: Any, served: dict[str, str]) -> None:
    """A page's key only gets creator queries; another project's key and a wrong one learn nothing."""
    python, node = [["get_viewership", {"request": {}}]], [["getViewership", [{}]]]
    creator = [["getCreatorViewership", [{"assetId": "asset-2", "breakdownBy": ["os"]}]]]
    assert ask_python(python, served["page"])[0]["status"] == 403
    assert ask_node(node, served["page"])[0]["status"] == 403
    assert ask_node(creator, served["page"]) == [CREATOR]
    assert ask_node(creator, served["other"])[0]["status"] == 404
    assert ask_python(python, "wrong")[0] == {"status": 401, "body": {"errors": ["no such API key found"]}}
    assert ask_node(node, "")[0]["status"] == 401
    assert ask_node([["getPublicViewership", ["v1"]]], "") == [TOTAL]


def test_the_public_listener(ask_node: Any, served: dict[str, str]) -> None:
    """Totals and creators' queries are there, the rest is not."""
    calls = [["getPublicViewership", ["v1"]], ["getViewership", [{}]]]
    total, refused = ask_node(calls, SECRET, f"{served['public']}/api")
    assert total == TOTAL
    assert refused["status"] == 404
