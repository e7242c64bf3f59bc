"""What viewers and players say is shown in the dashboard as text, whatever it is; and no other site can frame it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect, sync_playwright

from e2e.support_dashboard_page import SETTINGS, build, visiting
from e2e.support_product import Product
from firstframe.beacon import view_id_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

EVIL = "http://evil.invalid"
SCRIPT = f"<img src='{EVIL}/i' onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
BROKEN_OUT = "\"'></td></option></title></textarea><svg onload=\"document.title='taken'\">{{7*7}}${7*7}"
LINK = "javascript:document.title='taken'"
DIMENSIONS = {
    "video_id": LINK,
    "video_title": SCRIPT,
    "video_series": BROKEN_OUT,
    "cdn": SCRIPT,
    "player_name": BROKEN_OUT,
    "source_url": LINK,
    "custom_1": SCRIPT,
    "experiment": BROKEN_OUT,
}
VIEW = "<b id=taken>view</b>"


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product to which a hostile player has reported."""
    build()
    product = Product(tmp_path_factory.mktemp("hostile") / "data").start()
    now_ms = int(time.time() * 1000)
    body = {
        "view_id": VIEW,
        "viewer_id": SCRIPT,
        "context": DIMENSIONS,
        "events": [
            {"type": "play", "at": now_ms - 9_000},
            {"type": "playing", "at": now_ms - 8_000, "playhead_ms": 0},
            {"type": BROKEN_OUT, "at": now_ms - 7_000, "extra": SCRIPT},
            {"type": "error", "at": now_ms - 6_000, "code": SCRIPT, "message": BROKEN_OUT, "fatal": True},
            {"type": "end", "at": now_ms - 5_000},
        ],
    }
    assert product.post("/v1/beacons", json.dumps(body).encode()) == 202
    live = {**body, "view_id": "live", "events": body["events"][:1]}
    assert product.post("/v1/beacons", json.dumps(live).encode()) == 202
    product.post("/v1/beacons", SCRIPT.encode())
    product.wait_for_view(native_view_id=VIEW)
    yield product
    product.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**SETTINGS)
        yield started
        started.close()


PAGES = (
    "/",
    "/live",
    "/breakdown?by=video_title",
    "/breakdown?by=cdn&by2=player_name",
    "/videos",
    f"/video?by=video_title&id={quote(SCRIPT)}",
    "/views",
    f"/view?id={view_id_of('default', 'native', VIEW)}",
    "/errors",
    "/setup",
    f"/views?f={quote('video_title:eq:' + SCRIPT)}",
    f"/breakdown?by={quote(SCRIPT)}",
)


def test_hostile_words_are_only_words(browser: Any, attacked: Product) -> None:
    """On every page: no script of theirs runs, no element of theirs is made, nothing is fetched from elsewhere."""
    with visiting(browser, attacked) as visitor:
        page, elsewhere, dialogs = visitor.page, [], []
        page.on("dialog", lambda one: (dialogs.append(one.message), one.dismiss()))
        page.on(
            "request",
            lambda one: (
                elsewhere.append(one.url)
                if not one.url.startswith((visitor.origin, "data:", "blob:"))
                else None
            ),
        )
        seen = 0
        for path in PAGES:
            page.goto(visitor.origin + path)
            page.wait_for_selector("h1, [role=alert]")
            visitor.settle()
            assert page.title() != "taken", path
            for theirs in ("img[onerror]", "svg[onload]", "#taken", "a[href^='javascript:']", "body script"):
                found = page.locator(theirs)
                if theirs != "body script":
                    expect(found).to_have_count(0)
                else:
                    assert all("taken" not in one for one in found.all_text_contents()), path
            seen += "onerror=" in page.inner_text("body")
        assert seen >= 3, "the words should be seen as what they are"
        assert dialogs == []
        assert elsewhere == []
        assert not [one for one in visitor.complaints if "Content Security Policy" in one]


def test_no_other_site_can_frame_it(browser: Any, attacked: Product) -> None:
    """A page elsewhere that puts the dashboard into a frame shows nothing of it."""
    with visiting(browser, attacked) as visitor:
        frame = f'<iframe id="framed" src="{visitor.origin}/"></iframe>'
        visitor.page.route(f"{EVIL}/**", lambda route: route.fulfill(body=frame, content_type="text/html"))
        visitor.page.goto(f"{EVIL}/bait")
        visitor.page.wait_for_timeout(3_000)
        (framed,) = visitor.page.frames[1:]
        assert framed.url.startswith("chrome-error:")
