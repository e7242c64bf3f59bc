"""A small, bounded load of native beacons whose every acknowledged event is known by name."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import count

STORY = ("play", "playing", "stall_start", "stall_end", "pause", "play", "playing", "heartbeat", "end")


class Load:
    """Threads that play views and remember which events were acknowledged with a 2xx, and nothing else."""

    def __init__(
        self,
        post: Callable[[str, bytes], int],
        *,
        threads: int = 4,
        seed: int = 7,
        pause: float = 0.004,
        padding_bytes: int = 0,
        off_ms: int = 0,
    ) -> None:
        self._post = post
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._play, args=(seed + n,), daemon=True) for n in range(threads)
        ]
        self._pause = pause
        self._off_ms = off_ms
        self._padding_bytes = padding_bytes
        self._lock = threading.Lock()
        self.acknowledged: dict[str, set[str]] = {}
        """Event ids by view id."""
        self.accepted = 0
        self.refused = 0
        self.sent = 0
        self.statuses: Counter[int] = Counter()

    def start(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _play(self, seed: int) -> None:
        chance = random.Random(seed)
        for number in count():
            view, steps = f"view-{seed}-{number}", iter(enumerate(STORY))
            at = int(time.time() * 1000) + self._off_ms
            for step, name in steps:
                if self._stop.is_set():
                    return
                batch = [(step, name)] + [next(steps, (step, name)) for _ in range(chance.randrange(2))]
                self._send(view, at, dict(batch), chance)
                time.sleep(self._pause)

    def _send(self, view: str, start_ms: int, steps: dict[int, str], chance: random.Random) -> None:
        events: list[dict[str, object]] = [
            {"type": name, "at": start_ms + step * 100, "id": f"{view}-{step}", "seq": step}
            for step, name in steps.items()
        ]
        if self._padding_bytes:
            events[0]["padding"] = chance.randbytes(self._padding_bytes // 2).hex()
        body = json.dumps({"view_id": view, "events": events}).encode()
        for _ in range(2 if chance.random() < 0.1 else 1):  # now and then a delivery comes twice
            status = self._post("/v1/beacons", body)
            with self._lock:
                self.sent += 1
                self.statuses[status] += 1
                if 200 <= status < 300:
                    self.accepted += 1
                    self.acknowledged.setdefault(view, set()).update(str(event["id"]) for event in events)
                else:
                    self.refused += 1
