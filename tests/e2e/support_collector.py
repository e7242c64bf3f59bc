"""Our own collector in the tests: built anew, and held to tighter bounds than the vendors' SDKs."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import Page, async_playwright

from e2e.support_bench import ARGUMENTS, CHROMIUM, CONDITIONS, Target
from e2e.support_bundle import WEB
from e2e.support_product import Product
from e2e.support_server import StaticServer
from e2e.support_truth import disagreements

PACKAGE = Path(__file__).parents[2] / "web" / "collector"
STARTUP_MS = 50
ALLOWED_MS = 100
SHARE = 0.02


def build_collector(package: Path = PACKAGE) -> Path:
    """Install and build the package; what the pages load comes to ``dist/collector`` of the test pages."""
    outdir = WEB / "dist" / "collector"
    with (package / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = package / "node_modules" / ".package-lock.json"
        if (
            not installed.exists()
            or installed.stat().st_mtime < (package / "package-lock.json").stat().st_mtime
        ):
            _run(package, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
        _run(package, "node", "build.mjs", "--players", str(outdir))
    return outdir


def target(product: Product) -> Target:
    """Where the pages report to."""
    return Target(product.collector_port, lambda port, _: f"http://127.0.0.1:{port}")


NUMBERS: Mapping[str, tuple[str, float]] = {
    "video_startup_time_ms": ("startup_ms_from_play", STARTUP_MS),
    "content_playing_time_ms": ("playing_ms", ALLOWED_MS),
    "rebuffer_duration_ms": ("stalled_ms", ALLOWED_MS),
    "seek_time_ms": ("seeking_ms", ALLOWED_MS),
    "pause_time_ms": ("paused_ms", ALLOWED_MS),
}
"""Field of the row → what the observer calls it, and how far they may be apart."""


def exact(row: Mapping[str, Any], view: Mapping[str, Any]) -> list[str]:
    """Each number that is further from the truth than our own collector may be; empty when all are near.

    Where a starved processor let the element's clock stand although there was data, that time may count either way.
    """
    unsure = view.get("hiccup_ms", 0)
    found = []
    for field, (name, allowed) in NUMBERS.items():
        measured, true = row[field], view[name]
        if true is None or (measured is None and not true):
            continue
        if measured is None:
            found.append(f"{field} is not known, the observer saw {true:.0f}")
            continue
        near = max(allowed, SHARE * true if field != "video_startup_time_ms" else 0)
        if not true - near <= measured <= true + unsure + near:
            found.append(f"{field} is {measured:.0f}, the observer saw {true:.0f} (unsure of {unsure:.0f})")
    return found + disagreements(row, view)


@contextlib.asynccontextmanager
async def browser_page(*arguments: str, gesture_needed: bool = False, **context: Any) -> AsyncIterator[Page]:
    """One page of a browser that keeps pages it leaves, as a viewer's does."""
    policy = () if gesture_needed else ("--autoplay-policy=no-user-gesture-required",)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*ARGUMENTS, *policy, *arguments],
            ignore_default_args=["--disable-back-forward-cache"],
        )
        try:
            made = await browser.new_context(**context)
            yield await made.new_page()
        finally:
            await browser.close()


async def open_player(
    page: Page, server: StaticServer, collector: str, token: str, source: dict[str, Any] | None = None
) -> str:
    """Open the collector's page and load the sample; gives its address."""
    query = urlencode({"token": token, "collector": collector})
    await page.goto(f"{server.url}/page/collector?{query}")
    await page.wait_for_function("document.documentElement.dataset.ready")
    url = f"{server.url}/media/{token}/sample.mp4"
    await page.evaluate("source => page.load(source)", {"src": url, "type": "video/mp4", **(source or {})})
    await page.wait_for_function(CONDITIONS["ready"])
    return url


async def play(page: Page, seconds: float) -> None:
    """Play for so long."""
    await page.evaluate("page.play()")
    await page.wait_for_function(CONDITIONS["playing"], polling=30)
    await page.wait_for_timeout(seconds * 1000)


def make_dash(media: Path) -> None:
    """A DASH manifest of the sample, beside the other media."""
    folder = media / "dash"
    if (folder / "sample.mpd").exists():
        return
    fresh = media / f"dash-{uuid.uuid4().hex}"
    fresh.mkdir()
    options = ("-c", "copy", "-f", "dash", "-seg_duration", "2", "-use_template", "1", "-use_timeline", "0")
    _run(fresh, "ffmpeg", "-v", "error", "-i", str(media / "sample.mp4"), *options, "sample.mpd")
    with contextlib.suppress(OSError):  # another process was quicker
        fresh.rename(folder)


BREAK = 'START-DATE="2026-01-01T00:00:04.000Z",DURATION=4.0,X-ASSET-URI="/media/ads/ad.m3u8"'
BREAKS = {"insert": ",X-RESUME-OFFSET=0", "preroll": ',X-RESUME-OFFSET=0,CUE="PRE"', "in-place": ""}


def make_ads(media: Path) -> None:
    """Playlists with one interstitial: put in after four seconds, before the content, or over a part of it."""
    (media / "ad.m3u8").write_text(_playlist("0", 2))
    for name, more in BREAKS.items():
        line = f'#EXT-X-DATERANGE:ID="ad",CLASS="com.apple.hls.interstitial",{BREAK}{more}'
        dated = ("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z", line)
        (media / f"ads-{name}.m3u8").write_text(_playlist("1", 12, *dated))


def _playlist(folder: str, count: int, *lines: str) -> str:
    segments = [f"#EXTINF:2.0,\n{folder}/{number:03}.ts" for number in range(count)]
    head = ("#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:2", "#EXT-X-PLAYLIST-TYPE:VOD")
    return "\n".join([*head, *lines, *segments, "#EXT-X-ENDLIST", ""])


def _run(package: Path, *command: str) -> None:
    subprocess.run(command, cwd=package, check=True, stdout=subprocess.DEVNULL)
