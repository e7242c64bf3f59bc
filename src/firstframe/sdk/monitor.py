"""The two ways to use the core: with a thread, or in an event loop."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import math
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType
from typing import Self

from firstframe.sdk.core import CHANGES, Core, Options
from firstframe.sdk.outbox import Outbox, Post, post
from firstframe.sdk.vocabulary import Data

LAST_WORDS_SECONDS = 5.0
"""How long `close` waits for what is still to be sent."""
PATIENCE_AFTER_CLOSE_SECONDS = 600.0
"""How long a closed monitor goes on trying; then its thread ends."""
DRIFT_MS = 60_000.0

_LOG = logging.getLogger("firstframe.sdk")


class _Clock:
    """Epoch milliseconds that never jump while a view lasts: the wall clock once, then the monotonic one."""

    def __init__(self) -> None:
        self._offset_ms = 0.0
        self.align()

    def now_ms(self) -> float:
        return self._offset_ms + time.monotonic() * 1000

    def align(self) -> None:
        """Between two views: the computer may have slept, or have learned the time only after it started."""
        drift_ms = time.time() * 1000 - self.now_ms()
        if abs(drift_ms) > DRIFT_MS:
            self._offset_ms += drift_ms


class _Base:
    """What both have in common: a core, an outbox, and when to look again. Nothing here raises into the player."""

    def __init__(self, player: str, options: Options, send: Post) -> None:
        self._clock = _Clock()
        self._outbox = Outbox(f"{options.url.rstrip('/')}/v1/beacons")
        self._post = send
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._over = False
        self._until = math.inf
        self._options = options
        self._position: float | None = None
        self._state: Data = {}
        self._ask()
        seen = replace(
            options,
            playhead=options.playhead and (lambda: self._position),
            state=options.state and (lambda: self._state),
        )
        self._core = Core(player, seen, self._outbox.add, self._clock.now_ms())

    @property
    def view_id(self) -> str | None:
        """The present view; None when there is none."""
        return self._core.view_id

    def emit(self, event: str, data: Data | None = None, at_ms: float | None = None) -> None:
        """Tell what happened; never blocks. `at_ms` (epoch) is when, if it was not just now."""
        if self._over or self._forked:
            return
        if event != "timeupdate":
            self._ask()
        with self._quietly():
            if event in CHANGES:
                self._core.end(self._clock.now_ms() if at_ms is None else at_ms)
            if self._core.view_id is None:
                self._clock.align()
            self._core.emit(event, data, self._clock.now_ms() if at_ms is None else at_ms)
        self._wake()

    def update(self, data: Data) -> None:
        """Say more of the present view."""
        if not self._forked:
            with self._quietly():
                self._core.update(data)

    def set_consent(self, granted: bool) -> None:
        """The viewer has decided."""
        if not self._forked:
            with self._quietly():
                self._core.set_consent(granted)

    def flush(self) -> None:
        """Send what there is, now."""
        if self._forked:
            return
        with self._quietly():
            self._core.flush()
        self._wake()

    @property
    def _forked(self) -> bool:
        """A child process has neither the thread nor a lock that it can trust, and the view is its parent's."""
        return os.getpid() != self._process

    @contextlib.contextmanager
    def _quietly(self) -> Iterator[None]:
        """Alone with the core; a monitor must never break a player."""
        with self._lock:
            try:
                yield
            except Exception:  # noqa: BLE001 - a monitor must never break a player
                _LOG.exception("firstframe: an event is lost")

    def _ask(self) -> None:
        """Look at the player; not under the lock, for the player may have locks of its own."""
        try:
            self._position = self._options.playhead() if self._options.playhead else None
            self._state = self._options.state() if self._options.state else {}
        except Exception:  # noqa: BLE001 - whatever the player raises
            _LOG.exception("firstframe: the player's state cannot be read")

    def _wake(self) -> None:
        raise NotImplementedError

    def _end(self) -> None:
        if not self._over:
            self._ask()
        with self._quietly():
            if not self._over:
                self._until = time.monotonic() + PATIENCE_AFTER_CLOSE_SECONDS
                self._over = True
                self._core.end(self._clock.now_ms())
        self._wake()

    @property
    def _done(self) -> bool:
        return self._over and (not self._outbox or time.monotonic() > self._until)

    def _wait_seconds(self) -> float | None:
        """Let the core do what is due; gives how long until there is something to do again."""
        due_ms = self._core.due_ms
        if due_ms is not None and self._clock.now_ms() >= due_ms:
            self._ask()
        with self._quietly():
            if not self._over:
                self._core.tick(self._clock.now_ms())
        with self._lock:
            waits = [self._outbox.wait_seconds(time.monotonic())]
            if self._core.due_ms is not None and not self._over:
                waits.append(max(0.0, self._core.due_ms - self._clock.now_ms()) / 1000)
            if self._over:
                waits.append(max(0.0, self._until - time.monotonic()))
            return min((wait for wait in waits if wait is not None), default=None)

    def _deliver(self, body: bytes) -> None:
        wait: float | None = 0.0
        try:
            wait = self._post(self._outbox.address, body)
        except Exception:  # noqa: BLE001 - the thread must live on
            _LOG.exception("firstframe: a body could not be sent")
        with self._lock:
            self._outbox.settle(wait, time.monotonic())

    def _next_body(self) -> bytes | None:
        with self._lock:
            return self._outbox.take() if self._outbox.wait_seconds(time.monotonic()) == 0 else None


class Monitor(_Base):
    """One player, watched with a daemon thread that sends. Use it as a context, or call `close`.

    A program that ends without a word closes it. In a forked child it is silent: the view is the parent's.
    """

    def __init__(self, player: str, options: Options, *, send: Post = post) -> None:
        super().__init__(player, options, send)
        self._news = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"firstframe-{player}", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def close(self, wait_seconds: float = LAST_WORDS_SECONDS) -> None:
        """End the view; waits until it was delivered, so long at most."""
        atexit.unregister(self.close)
        if self._forked:
            return
        self._end()
        if threading.current_thread() is not self._thread:
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
        while not self._done:
            wait = self._wait_seconds()
            body = self._next_body()
            if body is not None:
                self._deliver(body)
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
        if self._forked:
            return
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
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._news.set)

    async def _run(self) -> None:
        while not self._done:
            wait = self._wait_seconds()
            body = self._next_body()
            if body is not None:
                await asyncio.to_thread(self._deliver, body)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), wait)
            self._news.clear()
