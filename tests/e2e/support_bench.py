"""The bench: scenarios run in pages of one real headless Chromium, three at a time, with the truth of each."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import Browser, Error, Page, async_playwright

from e2e.support_front import Front
from e2e.support_scenario import Scenario
from e2e.support_server import StaticServer

CHROMIUM = shutil.which("chromium") or "chromium"
AT_ONCE = 3
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--ignore-certificate-errors",
)
CONDITIONS = {
    "ready": "observer.view.loadeddata !== null",
    "playing": "observer.view.first_advance !== null && observer.state() === 'playing'",
    "stalled": "observer.view.first_advance !== null && observer.state() === 'frozen'",
    "ended": "observer.view.ended",
    "error": "observer.view.error !== null",
}
"""What ``until`` waits for, of the source loaded last, as an expression in the page."""


@dataclass(frozen=True)
class Target:
    """Where a page's SDK reports: the plain port of a collector, and its address as this SDK wants it written."""

    port: int
    address: Callable[[int, str], str]
    """(port, token) → the page's `collector` option. Where a front stands before the collector, its port is given."""
    certificate: tuple[Path, Path] | None = None
    """Put TLS in front."""


@dataclass
class Run:
    """What came of one scenario."""

    scenario: Scenario
    token: str
    truth: dict[str, Any] = field(default_factory=dict)
    """What the observer saw; `views` has one entry for each source that was loaded."""
    sources: list[str] = field(default_factory=list)
    """The media addresses that were loaded, in order. They hold the token, so they find the view."""
    console: list[str] = field(default_factory=list)
    left_at_ms: int = 0
    failure: str | None = None
    """The step that could not be done, and what the page said."""

    @property
    def view(self) -> dict[str, Any]:
        """The truth of the first source."""
        return self.truth["views"][0]


class Runs(dict[str, Run]):
    """Runs by the name of their scenario. Taking one that failed fails the test that takes it, no other."""

    def __init__(self, runs: Iterable[Run], repeat: Callable[[Sequence[Scenario]], Runs]) -> None:
        super().__init__((run.scenario.name, run) for run in runs)
        self.repeat = repeat
        """Runs scenarios as these were run."""
        self._taken: set[str] = set()

    def __getitem__(self, name: str) -> Run:
        self._taken.add(name)
        run = super().__getitem__(name)
        assert run.failure is None, run.failure
        return run

    def again(self, name: str) -> None:
        """One of them once more, with the browser for itself."""
        self.update(self.repeat([super().__getitem__(name).scenario]))

    def begin(self, *, again: bool) -> None:
        """A test begins; ``again`` when it failed before, and what it took then has to happen anew."""
        taken, self._taken = self._taken, set()
        for name in taken if again else ():
            self.again(name)


class Visit:
    """One page on its way through the steps of a scenario."""

    def __init__(self, page: Page, server: StaticServer, front: Front | None, run: Run) -> None:
        self.page = page
        self.server = server
        self.front = front
        self.run = run

    async def go(self) -> None:
        """All steps, up to one that cannot be done."""
        for step in self.run.scenario.steps:
            try:
                await STEPS[step[0]](self, *step[1:])
            except Error as error:
                seen = json.dumps(self.run.console[-20:], indent=1)
                self.run.failure = f"{self.run.scenario.name}: the step {step} failed: {error}\n{seen}"
                return

    async def load(self, media: str) -> None:
        """Hand the SDK's player a source of this visit's token (or any full address, which may hold it)."""
        address = media if "://" in media else f"{self.server.url}/media/{{token}}/{media}"
        url = address.replace("{token}", self.run.token)
        kind = "application/x-mpegURL" if ".m3u8" in url else "video/mp4"
        self.run.sources.append(url)
        await self.page.evaluate(
            "source => page.load(source)", {"src": url, "type": kind, **self.run.scenario.source}
        )

    async def play(self) -> None:
        await self.page.evaluate("page.play()")

    async def pause(self) -> None:
        await self.page.evaluate("page.pause()")

    async def seek(self, seconds: float) -> None:
        await self.page.evaluate("seconds => page.seek(seconds)", seconds)

    async def quality(self, index: int) -> None:
        """Ask the player for one step of the ladder, 0 the lowest."""
        await self.page.evaluate("index => page.quality(index)", index)

    async def evaluate(self, script: str) -> None:
        await self.page.evaluate(script)

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def until(self, condition: str, seconds: float = 10) -> None:
        """Wait for a word of `CONDITIONS` or an expression in the page to come true."""
        await self.page.wait_for_function(
            CONDITIONS.get(condition, condition), timeout=seconds * 1000, polling=30
        )

    async def fault(self, **knobs: Any) -> None:
        for name, value in knobs.items():
            setattr(self.server.fault(self.run.token), name, value)

    async def release(self) -> None:
        """Let held data flow."""
        self.server.fault(self.run.token).release()

    async def collector(self, state: str) -> None:
        """``down``: connections to the collector are cut; ``up``: they pass again."""
        assert self.front is not None
        getattr(self.front, state)()

    async def leave(self, how: str) -> None:
        """``navigate`` to another page, ``close`` the tab, or ``crash``: the page is gone without a word."""
        self.run.truth = await self.page.evaluate("observer.read()")
        self.run.left_at_ms = int(time.time() * 1000)
        if how == "crash":
            await self.page.context.close()
            return
        if how == "close":
            await self.page.close(run_before_unload=True)
        else:
            await self.page.goto("about:blank")
        for _ in range(40):
            if self.run.token in self.server.truths:
                self.run.truth = self.server.truths[self.run.token]
                break
            await asyncio.sleep(0.05)


async def _fault(visit: Visit, knobs: Mapping[str, Any]) -> None:
    await visit.fault(**knobs)


STEPS: dict[str, Callable[..., Any]] = {
    "load": Visit.load,
    "play": Visit.play,
    "pause": Visit.pause,
    "seek": Visit.seek,
    "quality": Visit.quality,
    "evaluate": Visit.evaluate,
    "wait": Visit.wait,
    "until": Visit.until,
    "fault": _fault,
    "release": Visit.release,
    "collector": Visit.collector,
    "leave": Visit.leave,
}
"""The words of a scenario's steps; what follows the word is the method's argument."""


class Bench:
    """Runs scenarios against one static server, in a browser of their own."""

    def __init__(self, server: StaticServer) -> None:
        self.server = server
        self._made: list[Runs] = []

    def begin(self, *, again: bool) -> None:
        """A test begins: see `Runs.begin`."""
        for runs in tuple(self._made):
            runs.begin(again=again)

    def run(
        self,
        page: str,
        scenarios: Sequence[Scenario],
        target: Target,
        *,
        resolver_rules: str | None = None,
        gesture_needed: bool = False,
    ) -> Runs:
        """Each scenario once, on the page `web/pages/<page>`; the results by the scenario's name."""
        arguments = [*ARGUMENTS]
        if resolver_rules:
            arguments.append(f"--host-resolver-rules={resolver_rules}")
        if not gesture_needed:
            arguments.append("--autoplay-policy=no-user-gesture-required")

        def repeat(scenarios: Sequence[Scenario]) -> Runs:
            return Runs(asyncio.run(self._run(page, scenarios, target, arguments)), repeat)

        self._made.append(repeat(scenarios))
        return self._made[-1]

    async def _run(
        self, page: str, scenarios: Sequence[Scenario], target: Target, arguments: list[str]
    ) -> list[Run]:
        room = asyncio.Semaphore(AT_ONCE)
        async with async_playwright() as playwright:
            # Playwright's own headless switch picks another binary; the arguments say it for Debian's.
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=arguments, headless=True
            )
            try:
                visits = [self._visit(browser, room, page, scenario, target) for scenario in scenarios]
                runs = await asyncio.gather(*visits)
            finally:
                await browser.close()
        return runs

    async def _visit(
        self, browser: Browser, room: asyncio.Semaphore, name: str, scenario: Scenario, target: Target
    ) -> Run:
        async with room:
            run = Run(scenario, f"{scenario.name}-{uuid.uuid4().hex[:8]}")
            cuts = any(step[0] == "collector" for step in scenario.steps)
            front = Front(target.port, target.certificate) if target.certificate or cuts else None
            context = await browser.new_context(
                ignore_https_errors=True, viewport={"width": 1000, "height": 640}
            )
            page = await context.new_page()
            page.on("console", lambda message: run.console.append(f"{message.type}: {message.text}"))
            page.on("pageerror", lambda error: run.console.append(f"uncaught: {error}"))
            visit = Visit(page, self.server, front, run)
            await visit.fault(**scenario.fault)
            address = target.address(front.port if front else target.port, run.token)
            query = urlencode({"token": run.token, "collector": address, **scenario.options})
            try:
                await page.goto(f"{self.server.url}/page/{name}?{query}")
                await page.wait_for_function("document.documentElement.dataset.ready")
                await visit.go()
            finally:
                self.server.fault(run.token).release()
                await context.close()
                if front:
                    front.close()
            return run
