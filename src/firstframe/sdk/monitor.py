"""The two ways to use the core: with a thread, or in an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from types import TracebackType
from typing import Self

from firstframe.sdk.core import Core, Options
from firstframe.sdk.outbox import Outbox, Post, post
from firstframe.sdk.vocabulary import Data

LAST_WORDS_SECONDS = 5.0
"""How long `close` waits for what is still to be sent."""


class _Clock:
    """Epoch milliseconds that never jump: the wall clock once, then the monotonic one."""

    def __init__(self) -> None:
        self._offset_ms = time.time() * 1000 - time.monotonic() * 1000

    def now_ms(self) -> float:
        return self._offset_ms + time.monotonic() * 1000


class _Base:
    """What both have in common: a core, an outbox, and when to look again."""

    def __init__(self, player: str, options: Options, send: Post) -> None:
        self._clock = _Clock()
        self._outbox = Outbox(f"{options.url.rstrip('/')}/v1/beacons")
        self._post = send
        self._lock = threading.RLock()
        self._over = False
        self._core = Core(player, options, self._outbox.add, self._clock.now_ms())

    @property
    def view_id(self) -> str | None:
        """The present view; None when there is none."""
        return self._core.view_id

    def emit(self, event: str, data: Data | None = None, at_ms: float | None = None) -> None:
        """Tell what happened; never blocks. `at_ms` (epoch) is when, if it was not just now."""
        with self._lock:
            if self._over:
                return
            self._core.emit(event, data, self._clock.now_ms() if at_ms is None else at_ms)
        self._wake()

    def update(self, data: Data) -> None:
        """Say more of the present view."""
        with self._lock:
            self._core.update(data)

    def set_consent(self, granted: bool) -> None:
        """The viewer has decided."""
        with self._lock:
            self._core.set_consent(granted)

    def flush(self) -> None:
        """Send what there is, now."""
        with self._lock:
            self._core.flush()
        self._wake()

    def _wake(self) -> None:
        raise NotImplementedError

    def _end(self) -> None:
        with self._lock:
            if not self._over:
                self._core.end(self._clock.now_ms())
            self._over = True
        self._wake()

    def _wait_seconds(self) -> float | None:
        """Let the core do what is due; gives how long until there is something to do again."""
        with self._lock:
            now_ms = self._clock.now_ms()
            if not self._over:
                self._core.tick(now_ms)
            waits = [self._outbox.wait_seconds(time.monotonic())]
            if self._core.due_ms is not None and not self._over:
                waits.append(max(0.0, self._core.due_ms - now_ms) / 1000)
            return min((wait for wait in waits if wait is not None), default=None)

    def _next_body(self) -> bytes | None:
        with self._lock:
            return self._outbox.take() if self._outbox.wait_seconds(time.monotonic()) == 0 else None

    def _settle(self, wait: float | None) -> None:
        with self._lock:
            self._outbox.settle(wait, time.monotonic())


class Monitor(_Base):
    """One player, watched with a daemon thread that sends. Use it as a context, or call `close`."""

    def __init__(self, player: str, options: Options, *, send: Post = post) -> None:
        super().__init__(player, options, send)
        self._news = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"firstframe-{player}", daemon=True)
        self._thread.start()

    def close(self, wait_seconds: float = LAST_WORDS_SECONDS) -> None:
        """End the view; waits until it was delivered, so long at most."""
        self._end()
        self._thread.join(wait_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wake(self) -> None:
        self._news.set()

    def _run(self) -> None:
        while not (self._over and not self._outbox):
            wait = self._wait_seconds()
            body = self._next_body()
            if body is not None:
                self._settle(self._post(self._outbox.address, body))
            else:
                self._news.wait(wait)
                self._news.clear()


class AsyncMonitor(_Base):
    """One player, watched in an event loop: ``async with AsyncMonitor(...) as monitor: monitor.emit("play")``."""

    def __init__(self, player: str, options: Options, *, send: Post = post) -> None:
        super().__init__(player, options, send)
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._task = self._loop.create_task(self._run())

    async def aclose(self, wait_seconds: float = LAST_WORDS_SECONDS) -> None:
        """End the view; waits until it was delivered, so long at most."""
        self._end()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._task, wait_seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _wake(self) -> None:
        self._loop.call_soon_threadsafe(self._news.set)

    async def _run(self) -> None:
        while not (self._over and not self._outbox):
            wait = self._wait_seconds()
            body = self._next_body()
            if body is not None:
                self._settle(await asyncio.to_thread(self._post, self._outbox.address, body))
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), wait)
            self._news.clear()
