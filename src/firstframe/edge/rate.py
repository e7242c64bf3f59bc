"""How many beacons a second one write key may send: a bucket of tokens per key."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from firstframe.accounts.keybook import KeyGrant
from firstframe.errors import TooMany

BURST_SECONDS = 10.0
"""A bucket holds what this many seconds bring: players report in step after a fault, and that is no abuse."""


class _Bucket(msgspec.Struct):
    tokens: float
    at: float


class Rate:
    """The buckets of one process. Keys are those of `KeyGrant.rate_key`, so a stranger cannot make new ones."""

    def __init__(self, per_second: float, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second * BURST_SECONDS)
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, grant: KeyGrant) -> None:
        """Raises `TooMany` when the bucket of the grant's key is empty."""
        if self._per_second <= 0:
            return
        now = self._clock()
        bucket = self._buckets.get(grant.rate_key)
        if bucket is None:
            bucket = self._buckets[grant.rate_key] = _Bucket(self._most, now)
        bucket.tokens = min(self._most, bucket.tokens + (now - bucket.at) * self._per_second)
        bucket.at = now
        if bucket.tokens < 1:
            wait = int((1 - bucket.tokens) / self._per_second) + 1
            raise TooMany(
                f"this write key may send {self._per_second:g} beacons a second", retry_after_seconds=wait
            ).of(grant.project)
        bucket.tokens -= 1
