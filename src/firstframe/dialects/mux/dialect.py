"""Mux as a dialect: its addresses on the collector, and the way in for bodies, beacons and events."""

from __future__ import annotations

from collections.abc import Sequence

from firstframe.beacon import Beacon, Event
from firstframe.dialects.base import Envelope, Folded, Reading, Request, Route
from firstframe.dialects.mux import body
from firstframe.dialects.mux.fold import fold


class Mux:
    """mux-embed and what is built on it, and servers and set-top boxes that tell Mux's events themselves."""

    name = "mux"
    title = "Mux"
    routes: Sequence[Route] = (
        # The SDK appends nothing to the address it is given: a bare host means the root.
        Route("", at_root=True),
        Route(body.RAW_ROUTE),
    )

    def envelope(self, request: Request) -> Envelope:
        """See `Dialect.envelope`."""
        return body.envelope(request.body, request.route)

    def parse(self, beacon: Beacon) -> Reading:
        """See `Dialect.parse`."""
        return body.parse(beacon)

    def fold(self, events: Sequence[Event], now_ms: int) -> Folded:
        """See `Dialect.fold`."""
        return fold(events, now_ms)

    def snippet(self, collector_url: str, write_key: str) -> str:
        """The SDK pastes `https://` before the address, `http://` only where it ends in localhost."""
        scheme, _, place = collector_url.rstrip("/").rpartition("://")
        domain = f"{place}/mux/{write_key}"
        if scheme == "http":
            domain += "#localhost"
        return (
            "mux.monitor('video', {\n"
            f"  beaconCollectionDomain: '{domain}',\n"
            f"  data: {{ env_key: '{write_key}', video_id: '…', video_title: '…' }},\n"
            "});\n"
        )


MUX = Mux()
"""The one value of this dialect."""
