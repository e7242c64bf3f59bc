"""The dashboard in a real Chromium, signed in to a running product that the demo has filled.

Its policy forbids evaluating text, so waiting is done with locators, not with functions in the page.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Browser, Locator, Page, Route, expect

from e2e.support_bench import ARGUMENTS, CHROMIUM
from firstframe.demo.tables import PLACES
from support_mmdb import write_mmdb
from support_product import TOKEN, Product

WEB = Path(__file__).parents[2] / "web" / "dashboard"
BUILT = Path(__file__).parents[2] / "src" / "firstframe" / "dashboard"
SIZES = {"desktop": (1280, 900), "tablet": (820, 1100), "phone": (390, 844)}
PATIENCE_MS = 30_000
SETTINGS = {"executable_path": CHROMIUM, "args": list(ARGUMENTS), "headless": True}


def build() -> None:
    """The dashboard from its sources, unless what is built is newer than all of them; one test run at a time."""
    with (Path(tempfile.gettempdir()) / "firstframe-dashboard.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sources = [
            path for folder in ("src", "public") for path in (WEB / folder).rglob("*") if path.is_file()
        ]
        newest = max(path.stat().st_mtime for path in (*sources, *WEB.glob("*.*")))
        index = BUILT / "index.html"
        # npm writes this file when it has installed everything.
        installed = WEB / "node_modules" / ".package-lock.json"
        if not _is_newer(installed, (WEB / "package-lock.json").stat().st_mtime):
            subprocess.run(("npm", "ci"), cwd=WEB, check=True, capture_output=True)
        if not _is_newer(index, newest):
            subprocess.run(("npm", "run", "build"), cwd=WEB, check=True, capture_output=True)


def _is_newer(file: Path, than: float) -> bool:
    return file.exists() and file.stat().st_mtime >= than


def places(folder: Path) -> tuple[str, ...]:
    """Options of a product that knows where the demo's viewers are."""
    records = {f"{place.address}.0/24": {"country": {"iso_code": place.country}} for place in PLACES}
    return ("--geo", str(write_mmdb(folder / "places.mmdb", records)), "--trusted-proxies", "127.0.0.1")


def fill(product: Product) -> None:
    """Hours of synthetic viewers, through the front door."""
    command = [
        sys.executable,
        "-m",
        "firstframe",
        "demo",
        "--viewers",
        "6",
        "--hours",
        "5",
        "--backfill-only",
        "--addresses",
    ]
    subprocess.run([*command, "--collector", f"http://{product.collector}"], check=True, capture_output=True)
    last = [-1]

    def settled() -> bool:
        (row,) = product.get("/v1/query?metrics=attempts&from=-2d")["data"]
        before, last[0] = last[0], row["attempts"]
        return 0 < before == row["attempts"]

    product.wait_until(settled, 120, "the demo's views to be visible")


class Visitor:
    """One browser context, and what its pages complained of."""

    def __init__(self, browser: Browser, product: Product, **options: Any) -> None:
        width, height = SIZES[options.pop("size", "desktop")]
        is_signed_in = options.pop("signed_in", True)
        self.origin = f"http://{product.api}"
        self.product = product
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            timezone_id=options.pop("timezone", "Europe/Berlin"),
            locale="en-US",
            **options,
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)
        if is_signed_in:
            answer = self.context.request.post(
                f"{self.origin}/v1/session", data={"token": TOKEN}, headers={"origin": self.origin}
            )
            assert answer.ok

    def _hear(self, message: Any) -> None:
        if message.type == "error" and "status of 401" not in message.text:
            self.complaints.append(message.text)

    def open(self, path: str) -> Page:
        """A page, as soon as it shows numbers or says that there are none."""
        self.page.goto(self.origin + path)
        self.page.wait_for_selector("h1")
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until nothing is loading."""
        expect(self.page.locator(".loading, .stale")).to_have_count(0, timeout=PATIENCE_MS)

    def state(self) -> dict[str, str]:
        """The parameters in the address bar."""
        return dict(parse_qsl(urlsplit(self.page.url).query))

    def panel(self, title: str) -> Locator:
        """A panel by its heading, scrolled to: what nobody sees is not asked for."""
        found = self.page.locator(
            "section.panel", has=self.page.get_by_role("heading", name=title, exact=True)
        )
        found.scroll_into_view_if_needed()
        self.settle()
        return found

    def cards(self) -> dict[str, float | None]:
        """The figures on the page by their metric."""
        found = self.page.eval_on_selector_all(
            ".card[data-metric] .value",
            "all => all.map(one => [one.closest('.card').dataset.metric, one.dataset.value])",
        )
        return {name: None if value in (None, "null") else float(value) for name, value in found}

    def column(self, name: str) -> dict[str, float]:
        """A column of the first table by its rows."""
        cells = self.page.eval_on_selector_all(
            f"tbody tr [data-column='{name}'] [data-value]",
            "all => all.map(one => [one.closest('tr').dataset.row, one.dataset.value])",
        )
        return {row: float(value) for row, value in cells if value not in ("null", "undefined")}


def hold(page: Page, pattern: str) -> list[Route]:
    """What the page asks for from now on is kept waiting in this list."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(pattern, keep)
    return held


@contextmanager
def visiting(browser: Browser, product: Product, **options: Any) -> Iterator[Visitor]:
    """A visitor who leaves in the end."""
    visitor = Visitor(browser, product, **options)
    try:
        yield visitor
    finally:
        visitor.context.close()
