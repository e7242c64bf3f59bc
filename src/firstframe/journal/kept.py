"""What becomes of one beacon that was given to the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator

import structlog

log = structlog.get_logger()

Told = Callable[[Exception | None], None]
"""Is told None once the beacon is durable, or why it is not."""


class Kept:
    """Settled once, with or without an error. Can be awaited, and raises it then.

    It is a future that tells at once instead of in the loop's next round: for each beacon that round cost a sixth
    of all that a collector does.
    """

    __slots__ = ("_error", "_open", "_told")

    def __init__(self, parts: int = 1) -> None:
        """``parts``: how many must be settled; an error in any of them is an error of the whole."""
        self._open = parts
        self._error: Exception | None = None
        self._told: list[Told] = []

    def then(self, told: Told) -> None:
        """Call this when it is settled; now, where it is already."""
        if self._open:
            self._told.append(told)
        else:
            told(self._error)

    def settle(self, error: Exception | None = None) -> None:
        """Of one part; with the last, tell everybody. Raises nothing: what one does wrong is not the others' fault."""
        self._open -= 1
        self._error = self._error or error
        if self._open:
            return
        told, self._told = self._told, []
        for each in told:
            try:
                each(self._error)
            except Exception as fault:
                log.exception("what a beacon's end was told to failed", exc_info=fault)

    def __await__(self) -> Generator[object, None, None]:
        if self._open:
            over = asyncio.Event()
            self.then(lambda _: over.set())
            yield from over.wait().__await__()
        if self._error is not None:
            try:
                raise self._error
            finally:
                del self  # or its error would lead here by its traceback, and so to itself
