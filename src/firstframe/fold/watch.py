"""An end for parsing and folding that never ends: one beacon or view that a dialect hangs on must not stop all others."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SECONDS = 10.0
"""Of processor time. The largest view that is folded takes a tenth of that on a slow machine."""


class Stuck(Exception):
    """One piece of work took longer than any can."""


class Watch:
    """Looks now and then whether the same piece of work is still being done, and ends it then.

    It costs the work nothing, and counts processor time only, so that a process that was frozen, or had to wait for its turn,
    is not taken for one that hangs. A piece of work is ended after one to two times the seconds. Needs the main thread
    once it is started; not started it watches nothing.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._count = self._seen = 0
        self._is_working = False

    @contextmanager
    def started(self) -> Iterator[None]:
        """Watch for as long as the block runs."""
        before = signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, self._seconds, self._seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    @contextmanager
    def started_where_possible(self) -> Iterator[None]:
        """The same in the main thread; elsewhere nothing is watched."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        with self.started():
            yield

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do one piece of work. Raises `Stuck`."""
        self._count += 1
        self._is_working = True
        try:
            return work(*args, **kwargs)
        finally:
            self._is_working = False

    def _look(self, number: int, frame: object) -> None:
        if self._is_working and self._count == self._seen:
            raise Stuck(f"it took longer than {self._seconds:g} seconds and was ended")
        self._seen = self._count
