"""firstframe's own collector in a real browser, against the running product: its numbers are what was seen."""

from __future__ import annotations

import asyncio
import contextlib
import uuid

import pytest
from playwright.async_api import Error, Route

from e2e import support_scenario as scenario
from e2e.support_bench import Bench, Run, Runs, Target
from e2e.support_collector import browser_page, build_collector, exact, make_dash, open_player, play
from e2e.support_front import Front
from e2e.support_product import Product, Row
from e2e.support_scenario import Scenario
from e2e.support_server import StaticServer

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.quiet]

PLAIN = (
    scenario.NORMAL,
    scenario.PAUSE,
    scenario.REBUFFER,
    scenario.ENDED,
    scenario.MID_ERROR,
    scenario.STARTUP_FAILURE,
    scenario.STARTUP_FAILURE_AFTER_PLAY,
    scenario.EXIT_BEFORE_START,
    scenario.SEEK,
    scenario.SEEK_PAUSED,
    scenario.AUTOPLAY_MUTED,
    scenario.TWO_VIDEOS,
    scenario.CLOSED_TAB,
    scenario.COLLECTOR_DOWN,
)


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """The package as it is now, where the pages find it."""
    build_collector()


def target(product: Product) -> Target:
    return Target(product.collector_port, lambda port, _: f"http://127.0.0.1:{port}")


@pytest.fixture(scope="module")
def runs(bench: Bench, product: Product) -> Runs:
    """All scenarios on a plain element, once."""
    return bench.run("collector", PLAIN, target(product))


def row_of(product: Product, run: Run, place: int = 0) -> Row:
    """The closed row of a run's source."""
    return product.wait_for_view(lambda row: row["closed"], source_url=run.sources[place])


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("normal", "exited"),
        ("pause", "exited"),
        ("rebuffer", "exited"),
        ("ended", "completed"),
        ("mid_error", "playback_failed"),
        ("startup_failure", "start_failed"),
        ("startup_failure_after_play", "start_failed"),
        ("exit_before_start", "exited_before_start"),
        ("seek", "exited"),
        ("seek_paused", "exited"),
        ("autoplay_muted", "exited"),
        ("closed_tab", "exited"),
        ("collector_down", "exited"),
    ],
)
def test_the_row_is_what_the_observer_saw(runs: Runs, product: Product, name: str, outcome: str) -> None:
    """Startup within 50 ms, play and rebuffer time within 2 % or 100 ms, and every view ends well."""
    run = runs[name]
    row = row_of(product, run)
    assert exact(row, run.view) == []
    assert (row["outcome"], row["end_reason"], row["approx"]) == (outcome, "ended", [])


def test_two_videos_are_two_views(runs: Runs, product: Product) -> None:
    """Another source in the same element ends one view and begins another, in one session."""
    run = runs["two_videos"]
    rows = [row_of(product, run, place) for place in range(2)]
    for row, seen in zip(rows, run.truth["views"], strict=True):
        # A page that changes the source says nothing at once: the element tells of it some time later.
        assert row["content_playing_time_ms"] == pytest.approx(seen["playing_ms"], abs=400)
        assert row["video_startup_time_ms"] == pytest.approx(seen["startup_ms_from_play"], abs=60)
    assert rows[0]["session_id"] == rows[1]["session_id"] is not None
    assert rows[0]["native_view_id"] != rows[1]["native_view_id"]


def test_who_where_and_with_what(runs: Runs, product: Product) -> None:
    """The page, the player, the SDK, the time zone and the metadata are known; the page without its query."""
    row = row_of(product, runs["normal"])
    assert (row["dialect"], row["sdk_name"], row["viewer_id"]) == ("native", "firstframe", "someone")
    assert (row["player_software"], row["custom"], row["video_id"]) == ("HTML5", {"custom_1": "c"}, "e2e")
    assert (row["player_width_px"], row["player_height_px"], row["video_height_px"]) == (640, 360, 360)
    assert row["page_url"].endswith("/page/collector")
    assert row["time_zone"]
    assert row["duration_ms"] == pytest.approx(40_000, abs=200)


def test_who_asked_for_playback(runs: Runs, product: Product) -> None:
    """The attribute's play is the page's, the call of a click is the viewer's."""
    assert (
        row_of(product, runs["autoplay_muted"])["autoplay"],
        row_of(product, runs["normal"])["autoplay"],
    ) == (
        True,
        False,
    )
    assert row_of(product, runs["autoplay_muted"])["muted"] is True


def test_a_killed_tab_loses_one_heartbeat_at_most(static_server: StaticServer, product: Product) -> None:
    """What was played up to the last heartbeat is there, though the page never said goodbye."""

    async def visit() -> tuple[str, dict]:
        async with browser_page() as page:
            source = {"collector": {"heartbeatSeconds": 1}}
            url = await open_player(page, static_server, product.collector_url, token("killed"), source)
            await play(page, 3.5)
            truth = await page.evaluate("observer.read()")
            session = await page.context.new_cdp_session(page)
            with contextlib.suppress(Error, asyncio.TimeoutError):
                await asyncio.wait_for(session.send("Page.crash"), 2)
            return url, truth["views"][0]

    url, seen = asyncio.run(visit())
    row = product.wait_for_view(
        lambda row: row["content_playing_time_ms"] > seen["playing_ms"] - 1_500, source_url=url
    )
    assert row["content_playing_time_ms"] <= seen["playing_ms"] + 100
    assert (row["closed"], row["started"]) == (False, True)


def test_playback_that_the_browser_refuses_is_no_attempt(bench: Bench, product: Product) -> None:
    """A play without a gesture is taken back; the view is attempted by the click that follows."""
    refused = Scenario("refused", (("wait", 2.5), ("leave", "navigate")), options={"start": "sample.mp4"})
    then = Scenario(
        "clicked",
        (("wait", 2), ("play",), ("until", "playing"), ("wait", 2), ("leave", "navigate")),
        options={"start": "sample.mp4"},
    )
    runs = bench.run("collector", [refused, then], target(product), gesture_needed=True)
    rows = [
        product.wait_for_view(
            lambda row: row["closed"], source_url=f"{bench.server.url}/media/{runs[name].token}/sample.mp4"
        )
        for name in ("refused", "clicked")
    ]
    assert (rows[0]["outcome"], rows[0]["attempted"]) == ("not_attempted", False)
    assert (rows[1]["outcome"], rows[1]["attempted"], rows[1]["autoplay"]) == ("exited", True, False)
    assert rows[1]["startup_wait_ms"] < 1_000


def test_offline_and_back(static_server: StaticServer, product: Product) -> None:
    """What happened offline is delivered when the network is back, and nothing of it is missing."""

    async def visit() -> tuple[str, dict]:
        async with browser_page() as page:
            url = await open_player(page, static_server, product.collector_url, token("offline"))
            await play(page, 1.5)
            await page.context.set_offline(True)
            await page.wait_for_timeout(2_500)
            await page.evaluate("page.pause()")
            await page.wait_for_timeout(1_500)
            truth = await page.evaluate("observer.read()")
            await page.context.set_offline(False)
            await page.wait_for_timeout(3_000)
            return url, truth

    url, truth = asyncio.run(visit())
    row = product.wait_for_view(lambda row: row["pause_time_ms"] is not None, source_url=url)
    assert exact({**row, "pause_time_ms": None}, truth["views"][0]) == []


def test_left_while_the_collector_is_down(static_server: StaticServer, product: Product) -> None:
    """The next visit to the site delivers what the last one could not."""
    front = Front(product.collector_port)

    async def visit() -> tuple[str, dict]:
        async with browser_page() as page:
            collector = f"http://127.0.0.1:{front.port}"
            front.down()
            url = await open_player(page, static_server, collector, token("kept"))
            await play(page, 3)
            truth = await page.evaluate("observer.read()")
            await page.goto(f"{static_server.url}/page/none")
            await page.wait_for_timeout(500)
            front.up()
            await open_player(page, static_server, collector, token("next"))
            await page.wait_for_timeout(2_000)
            return url, truth

    try:
        url, truth = asyncio.run(visit())
        row = product.wait_for_view(lambda row: row["closed"], source_url=url)
    finally:
        front.close()
    assert exact(row, truth["views"][0]) == []
    assert row["outcome"] == "exited"


def test_a_page_from_the_cache_of_pages_begins_a_new_view(
    static_server: StaticServer, product: Product
) -> None:
    """Leaving ends the view; coming back and playing on is another one."""

    async def visit() -> tuple[str, bool]:
        async with browser_page(ROUTED) as page:
            await page.route("**/page/**", keepable)
            url = await open_player(page, static_server, product.collector_url, token("bfcache"))
            await page.evaluate(
                "addEventListener('pageshow', (event) => { window.restored = event.persisted })"
            )
            await play(page, 2)
            await page.goto(f"{static_server.url}/page/none")
            await page.wait_for_timeout(500)
            await page.evaluate("setTimeout(() => history.back(), 10)")
            await page.wait_for_timeout(1_000)
            restored = bool(await page.evaluate("window.restored"))
            await page.evaluate("page.pause()")
            await page.evaluate("page.play()")
            await page.wait_for_timeout(2_000)
            await page.evaluate("monitor.destroy()")
            await page.wait_for_timeout(500)
            return url, restored

    url, restored = asyncio.run(visit())
    assert restored
    product.wait_until(lambda: len(closed(product, url)) == 2, 15, "two views")
    first, second = closed(product, url)
    assert first["native_view_id"] != second["native_view_id"]
    assert [row["outcome"] for row in (first, second)] == ["exited", "exited"]
    assert first["content_playing_time_ms"] == pytest.approx(2_000, abs=500)
    assert second["content_playing_time_ms"] == pytest.approx(2_000, abs=800)


def test_a_browser_that_asks_for_privacy_sends_nothing(static_server: StaticServer, product: Product) -> None:
    """Global Privacy Control and Do Not Track are honoured, and no cookie is ever set unasked."""

    async def visit(signal: str) -> tuple[str, list[str]]:
        async with browser_page() as page:
            await page.add_init_script(signal)
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            url = await open_player(page, static_server, product.collector_url, token("quiet"))
            await play(page, 1.5)
            assert await page.context.cookies() == []
            return url, [one for one in asked if one.startswith(product.collector_url)]

    for signal in (
        "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })",
        "Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' })",
    ):
        url, asked = asyncio.run(visit(signal))
        assert asked == []
        assert product.views(source_url=url) == []
    url, asked = asyncio.run(visit("'no signal'"))
    assert len(asked) >= 1


def test_consent_decides_about_the_viewer(static_server: StaticServer, product: Product) -> None:
    """Without consent a view counts without anybody's name; with it the same view has one."""

    async def visit(consents: bool) -> str:
        async with browser_page() as page:
            source = {"collector": {"consent": False, "cookie": True}}
            url = await open_player(
                page,
                static_server,
                product.collector_url,
                token("consent"),
                {**source, "data": {"viewer_user_id": None}},
            )
            await play(page, 1)
            assert await page.context.cookies() == []
            if consents:
                await page.evaluate("monitor.setConsent(true)")
                assert [one["name"] for one in await page.context.cookies()] == ["firstframe_viewer"]
            await page.wait_for_timeout(500)
            await page.goto("about:blank")
            await page.wait_for_timeout(300)
            return url

    without, given = (asyncio.run(visit(consents)) for consents in (False, True))
    row = product.wait_for_view(lambda row: row["closed"], source_url=without)
    assert (row["viewer_id"], row["session_id"], row["started"]) == (None, None, True)
    row = product.wait_for_view(lambda row: row["closed"], source_url=given)
    assert len(row["viewer_id"]) == 32


ROUTED = "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"
"""A page that a test answers itself has no address of loopback, and would not be let to talk to one."""


async def keepable(route: Route) -> None:
    """The page without `no-store`, or the browser would not keep it."""
    await route.fulfill(response=await route.fetch(), headers={"content-type": "text/html"})


def closed(product: Product, url: str) -> list[Row]:
    return [row for row in product.views(source_url=url) if row["closed"]]


def token(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


# players

ON_HLS = ("hls", "shaka", "videojs")


@pytest.fixture(scope="module")
def on_players(bench: Bench, product: Product) -> Runs:
    """A switch of renditions with each player, dash.js with a manifest of its own; live with hls.js."""
    make_dash(bench.server.media)
    visits = [
        scenario.QUALITY_SWITCH.but(name=f"quality_{player}", options={"player": player}) for player in ON_HLS
    ]
    dash = tuple(("load", "dash/sample.mpd") if step[0] == "load" else step for step in scenario.NORMAL.steps)
    visits.append(Scenario("quality_dash", dash, options={"player": "dash"}))
    visits.append(scenario.LIVE_PLAY.but(options={"player": "hls"}))
    missing = (("load", "missing.m3u8"), ("play",), ("wait", 2.5), ("leave", "navigate"))
    visits.append(Scenario("missing_hls", missing, options={"player": "hls"}))
    return bench.run("collector", visits, target(product))


@pytest.mark.parametrize("player", [*ON_HLS, "dash"])
def test_players_tell_renditions_and_requests(on_players: Runs, product: Product, player: str) -> None:
    """Bitrate for all that played, requests with their size, and times as exact as with a plain element."""
    run = on_players[f"quality_{player}"]
    row = row_of(product, run)
    assert exact(row, run.view) == []
    assert row["bitrate_ms"] == pytest.approx(row["content_playing_time_ms"], rel=0.1)
    assert row["request_count"] > 3
    assert row["request_bytes"] > 50_000
    assert (row["outcome"], row["player_software"] != "HTML5") == ("exited", True)
    if player != "dash":
        assert row["rendition_downshifts"] + row["rendition_upshifts"] >= 1


def test_live_has_a_latency_and_no_length(on_players: Runs, product: Product) -> None:
    """The latency is that of the segments' own clock."""
    row = row_of(product, on_players["live"])
    assert (row["live"], row["duration_ms"], row["completed"]) == (True, None, None)
    assert 0 < row["latency_sum_ms"] / row["latency_count"] < 30_000


def test_a_manifest_that_is_not_there_fails_the_start(on_players: Runs, product: Product) -> None:
    """The player's fatal error, with its code."""
    row = row_of(product, on_players["missing_hls"])
    assert (row["outcome"], row["fatal_error_code"]) == ("start_failed", "networkError")
