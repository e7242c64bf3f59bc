"""firstframe's own collector in pages that are left, killed, offline, brought back, or asked not to track."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from urllib.parse import urlencode

import pytest
from playwright.async_api import Error, Route

from e2e.support_collector import browser_page, build_collector, open_player, play
from e2e.support_front import Front
from e2e.support_product import Product, Row
from e2e.support_server import StaticServer
from e2e.support_truth import disagreements

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """The package as it is now, where the pages find it."""
    build_collector()


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


SINCE_THE_REFUSAL = {"video_startup_time_ms", "watch_time_ms", "pause_time_ms"}
"""What the observer counts from the first play on, refused or not."""


@pytest.mark.parametrize("clicked", [False, True])
def test_playback_that_the_browser_refuses_is_no_attempt(
    static_server: StaticServer, product: Product, clicked: bool
) -> None:
    """A play without a gesture is taken back; the view is attempted by the click that follows."""
    name = token("clicked" if clicked else "refused")

    async def visit() -> None:
        async with browser_page(gesture_needed=True) as page:
            query = urlencode({"token": name, "collector": product.collector_url, "start": "sample.mp4"})
            await page.goto(f"{static_server.url}/page/collector?{query}")
            # Asking anything of the page would count as a gesture.
            await asyncio.sleep(2)
            if clicked:
                await page.mouse.click(100, 100)
                await asyncio.sleep(2.5)
            await page.goto("about:blank")
            await asyncio.sleep(0.3)

    asyncio.run(visit())
    url = f"{static_server.url}/media/{name}/sample.mp4"
    row = product.closed_view(source_url=url)
    if not clicked:
        assert (row["outcome"], row["attempted"], row["startup_wait_ms"]) == ("not_attempted", False, 0)
        return
    assert (row["outcome"], row["attempted"], row["autoplay"]) == ("exited", True, False)
    assert row["startup_wait_ms"] < 1_000
    seen = static_server.truths[name]["views"][0]
    assert disagreements(row, seen, ignore=SINCE_THE_REFUSAL) == []


def test_offline_and_back(static_server: StaticServer, product: Product) -> None:
    """What happened offline is delivered when the network is back, and nothing of it is missing."""
    name = token("offline")

    async def visit() -> str:
        async with browser_page() as page:
            url = await open_player(page, static_server, product.collector_url, name)
            await play(page, 1.5)
            await page.context.set_offline(True)
            await page.wait_for_timeout(2_500)
            await page.evaluate("page.pause()")
            await page.wait_for_timeout(1_500)
            assert [row["pause_time_ms"] or 0 for row in product.views(source_url=url)] == [0]
            await page.context.set_offline(False)
            await play(page, 1)
            await page.goto("about:blank")
            await page.wait_for_timeout(300)
            return url

    url = asyncio.run(visit())
    row = product.closed_view(source_url=url)
    assert disagreements(row, static_server.truths[name]["views"][0]) == []
    assert (row["outcome"], row["approx"]) == ("exited", [])
    assert row["pause_time_ms"] == pytest.approx(1_500, abs=500)


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
        row = product.closed_view(source_url=url)
    finally:
        front.close()
    assert disagreements(row, truth["views"][0]) == []
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
    row = product.closed_view(source_url=without)
    assert (row["viewer_id"], row["session_id"], row["started"]) == (None, None, True)
    row = product.closed_view(source_url=given)
    assert len(row["viewer_id"]) == 32


NETWORK = """
Object.defineProperty(Navigator.prototype, 'connection', { get: () => ({ type: 'cellular', effectiveType: '4g' }) })
"""
FULL_SCREEN = """async () => {
  await document.getElementById('stage').requestFullscreen();
  await new Promise((done) => setTimeout(done, 500));
  await document.exitFullscreen();
}"""
PICTURE = """() => document.querySelector('video').requestPictureInPicture().then(() => true, () => {
  document.querySelector('video').dispatchEvent(new Event('enterpictureinpicture'));
})"""
"""A browser without a screen has no picture-in-picture to offer; the element then says so all the same."""


def test_rate_full_screen_and_network_are_known(static_server: StaticServer, product: Product) -> None:
    """What the viewer does with the picture is in the view; twice the speed is no more playing time."""
    name = token("picture")

    async def visit() -> str:
        async with browser_page() as page:
            await page.add_init_script(NETWORK)
            url = await open_player(page, static_server, product.collector_url, name)
            await play(page, 1)
            await page.evaluate("document.querySelector('video').playbackRate = 2")
            await page.wait_for_timeout(1_500)
            await page.evaluate(FULL_SCREEN)
            await page.evaluate(PICTURE)
            await page.wait_for_timeout(500)
            await page.goto("about:blank")
            await page.wait_for_timeout(300)
            return url

    url = asyncio.run(visit())
    row = product.closed_view(source_url=url)
    seen = static_server.truths[name]["views"][0]
    assert disagreements(row, seen) == []
    assert (row["connection_type"], row["outcome"]) == ("cellular", "exited")
    told = str(product.view(row["view_id"])["events"])
    for word in ("rate", "fullscreenchange", "enterpictureinpicture"):
        assert f"'{word}'" in told


ROUTED = "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"
"""A page that a test answers itself has no address of loopback, and would not be let to talk to one."""


async def keepable(route: Route) -> None:
    """The page without `no-store`, or the browser would not keep it."""
    await route.fulfill(response=await route.fetch(), headers={"content-type": "text/html"})


def closed(product: Product, url: str) -> list[Row]:
    return [row for row in product.views(source_url=url) if row["closed"]]


def token(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"
