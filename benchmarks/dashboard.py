"""The dashboard on many views, in a real Chromium: how soon a press is answered, how soon the numbers are there, and how
much of that is the API.

    python benchmarks/dashboard.py [--quick] [--views N]

Each scene starts on a page that is at rest. *Reacted* is the second frame after the press: the control shows it, what was
there stays. *Settled* is when no old and no missing number is left on the screen. *Slowest call* is the longest answer of
the API in between.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import view_load
from playwright.sync_api import Page, sync_playwright
from product import Product, now_ms, product
from report import Figure, publish, report

TOKEN = secrets.token_urlsafe()
VIEWS, QUICK_VIEWS = 1_000_000, 100_000
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")
PATIENCE_MS = 120_000
IMMEDIATE_MS = 100
"""What people do not notice waiting for."""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody does on a page."""

    name: str
    page: str
    act: str
    """Script that does it; `press` and `choose` are there."""


SCENES = (
    Scene(name="another figure", page="/", act="press('.card[data-metric=experience_score] .cover')"),
    Scene(
        name="another figure, by another metric",
        page="/",
        act="choose('section.panel select', 'video_startup_time')",
    ),
    Scene(name="filter by a value", page="/", act="press('.ranking li:first-child button.label')"),
    Scene(name="zoom: the last 6 hours", page="/", act="press('.segments button[title=\"Last 6 hours\"]')"),
    Scene(name="zoom: the last 7 days", page="/", act="press('.segments button[title=\"Last 7 days\"]')"),
    Scene(name="zoom: the last 30 days", page="/", act="press('.segments button[title=\"Last 30 days\"]')"),
    Scene(name="to the breakdown", page="/", act="press('nav a[href^=\"/breakdown\"]')"),
    Scene(
        name="breakdown by another dimension",
        page="/breakdown?by=cdn",
        act="choose('.choices label:nth-of-type(3) select', 'browser')",
    ),
    Scene(
        name="breakdown by two dimensions",
        page="/breakdown?by=cdn",
        act="choose('.choices label:nth-of-type(4) select', 'browser')",
    ),
    Scene(
        name="breakdown sorted", page="/breakdown?by=video_title", act="press('thead th:nth-child(2) button')"
    ),
    Scene(
        name="views in another order", page="/views", act="choose('section.panel select', '-watch_time_ms')"
    ),
    Scene(name="live by another dimension", page="/live", act="choose('section.panel select', 'browser')"),
)
PAGES = ("/", "/live", "/breakdown?by=country", "/videos", "/views", "/errors", "/?from=-30d")

TOOLS = """
  const press = (selector) => document.querySelector(selector).click();
  const choose = (selector, value) => {
    const select = document.querySelector(selector);
    Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, "value").set.call(select, value);
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const frame = () => new Promise(requestAnimationFrame);
  const isBusy = () => document.querySelector(".loading, .stale") !== null;
  const settled = async () => {
    do { do await frame(); while (isBusy()); await frame(); } while (isBusy());
  };
  const calls = (from) => performance.getEntriesByType("resource")
    .filter((one) => one.name.includes("/v1/") && one.startTime >= from && one.responseEnd > 0)
    .map((one) => one.responseEnd - one.startTime);
"""
ACTED = """async () => {
  %s
  const start = performance.now();
  %s;
  await frame();
  await frame();
  const reacted = performance.now() - start;
  await settled();
  return { reacted, settled: performance.now() - start, calls: calls(start) };
}"""
LOADED = """async () => {
  %s
  while (!document.querySelector("h1")) await frame();
  const heading = performance.now();
  while (document.querySelector("main .loading") && !document.querySelector("main .value, main td")) await frame();
  const first = performance.now();
  await settled();
  const scripts = performance.getEntriesByType("resource").filter((one) => one.name.endsWith(".js"));
  const script = scripts.reduce((sum, one) => sum + one.encodedBodySize, 0);
  return { heading, first, settled: performance.now(), calls: calls(0), script };
}"""


def main() -> None:
    """Fill a product, look at every page, do every scene, publish."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help=f"{QUICK_VIEWS:,} views, to see that it runs")
    options.add_argument("--views", type=int)
    wish = options.parse_args()
    views = wish.views or (QUICK_VIEWS if wish.quick else VIEWS)
    os.environ["FIRSTFRAME_API_TOKEN"] = TOKEN
    with tempfile.TemporaryDirectory() as folder, product(Path(folder) / "data") as running:
        began = time.monotonic()
        view_load.fill(running.engine(), view_load.Load(views, now_ms()))
        filled = time.monotonic() - began
        print(f"{views:,} views after {filled:.0f} s", flush=True)
        found = []
        for figure in measured(running):
            print(f"{figure.name}: {figure.value:,.0f} {figure.unit}", flush=True)
            found.append(figure)
    publish(
        report(
            "dashboard",
            "The dashboard on many views",
            f"python benchmarks/dashboard.py --views {views}",
            found,
            f"{views:,} views over {view_load.DAYS} days, written in {filled:.0f} s; the pages ask for the last day unless"
            " said otherwise. One visitor; browser, API and engine share this machine.",
        )
    )


def measured(running: Product) -> Iterator[Figure]:
    """Every page as it is first opened, then every scene."""
    origin = f"http://127.0.0.1:{running.api}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        context = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="Europe/Berlin")
        context.set_default_timeout(PATIENCE_MS)
        answer = context.request.post(
            f"{origin}/v1/session", data={"token": TOKEN}, headers={"origin": origin}
        )
        if not answer.ok:
            sys.exit(f"signing in was answered with {answer.status}")
        for path in PAGES:
            page = context.new_page()
            yield from _opened(page, origin, path)
            page.close()
        for scene in SCENES:
            page = context.new_page()
            page.goto(origin + scene.page)
            page.evaluate(LOADED % TOOLS)
            yield from _acted(scene.name, page.evaluate(ACTED % (TOOLS, scene.act)))
            page.close()
        browser.close()


def _opened(page: Page, origin: str, path: str) -> Iterator[Figure]:
    page.goto(origin + path)
    told = page.evaluate(LOADED % TOOLS)
    name = f"open {path}"
    if path == "/":
        yield Figure(
            name="script of the first load",
            value=told["script"] / 1000,
            unit="kB",
            wanted="< 300",
            note="gzip",
        )
    yield Figure(name=f"{name}: heading", value=told["heading"], unit="ms")
    yield Figure(name=f"{name}: first numbers", value=told["first"], unit="ms")
    yield from _settled(name, told)


def _acted(name: str, told: dict[str, Any]) -> Iterator[Figure]:
    yield Figure(name=f"{name}: reacted", value=told["reacted"], unit="ms", wanted=f"< {IMMEDIATE_MS}")
    yield from _settled(name, told)


def _settled(name: str, told: dict[str, Any]) -> Iterator[Figure]:
    slowest = f"{name}: slowest call"
    calls = told["calls"]
    compared = {"baseline": slowest} if calls else {}
    yield Figure(
        name=f"{name}: settled", value=told["settled"], unit="ms", note=f"{len(calls)} calls", **compared
    )
    if calls:
        yield Figure(name=slowest, value=max(calls), unit="ms")


if __name__ == "__main__":
    main()
