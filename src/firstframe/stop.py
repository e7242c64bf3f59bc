"""Being told to stop, from a process's first moments on: also before the server is there that would hear it."""

from __future__ import annotations

import signal
from typing import Protocol


class Server(Protocol):
    """As much of uvicorn's as is needed here."""

    should_exit: bool


class Stop:
    """Hears SIGTERM and SIGINT. A server that is given to it ends by them, whenever they came.

    uvicorn listens by itself only while it serves, and when it has drained it raises the signal once more, for whoever
    listened before: that is this, so that the process goes on to its good end.
    """

    def __init__(self) -> None:
        self._server: Server | None = None
        self.is_asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)

    def end(self, server: Server) -> None:
        """Let this server be ended."""
        self._server = server
        if self.is_asked:
            server.should_exit = True

    def _hear(self, number: int, frame: object) -> None:
        self.is_asked = True
        if self._server is not None:
            self._server.should_exit = True
