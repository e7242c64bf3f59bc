"""Delivery: bodies leave in order and come again byte for byte, so a repeat changes nothing."""

from __future__ import annotations

import http.client
import random
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable

BODY_LIMIT = 200_000
QUEUE_LIMIT = 2_000_000
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
LONGEST_BAN_SECONDS = 3600.0
"""However long a collector says to stay away."""
PATIENCE_SECONDS = 15.0

Post = Callable[[str, bytes], float | None]
"""(address, body) → None when it need not be sent again, else seconds to wait at least."""


class Outbox:
    """The queue of one address, bounded: when it is full the oldest bodies give way. Nothing here waits."""

    def __init__(self, address: str, chance: Callable[[], float] = random.random) -> None:
        self.address = address
        self._chance = chance
        self._queue: deque[bytes] = deque()
        self._size = 0
        self._sending = 0
        self._failures = 0
        self._not_before = 0.0

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, body: str) -> None:
        """Something to deliver."""
        self._queue.append(body.encode())
        self._size += len(self._queue[-1])
        while self._size > QUEUE_LIMIT and len(self._queue) > self._sending + 1:
            self._size -= len(self._queue[self._sending])
            del self._queue[self._sending]

    def wait_seconds(self, now: float) -> float | None:
        """How long until there is something to send; None: there is nothing."""
        return max(0.0, self._not_before - now) if self._queue and not self._sending else None

    def take(self) -> bytes:
        """The next request's body. `settle` must be told what became of it."""
        size = self._sending = 0
        for body in self._queue:
            if self._sending and size + len(body) > BODY_LIMIT:
                break
            size += len(body)
            self._sending += 1
        bodies = [self._queue[place] for place in range(self._sending)]
        return b"[" + b",".join(bodies) + b"]" if len(bodies) > 1 else bodies[0]

    def settle(self, wait: float | None, now: float) -> None:
        """None: it arrived, or never will. Else it comes again after so many seconds, or more."""
        if wait is None:
            for _ in range(self._sending):
                self._size -= len(self._queue.popleft())
            self._failures = 0
        else:
            most = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(self._failures, 16))
            self._failures += 1
            self._not_before = now + max(min(wait, LONGEST_BAN_SECONDS), most * (0.5 + self._chance() / 2))
        self._sending = 0


def post(address: str, body: bytes) -> float | None:
    """Send one body over HTTP; blocks."""
    try:
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS):  # noqa: S310 - the operator's own address
            return None
    except urllib.error.HTTPError as error:
        if error.code >= 500 or error.code in (408, 429):
            told = error.headers.get("Retry-After", "")
            return float(told) if told.isdecimal() else 0.0
        return None
    except (OSError, ValueError, http.client.HTTPException):
        return 0.0
