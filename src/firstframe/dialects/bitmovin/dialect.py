"""What the edge and the fold call: routes, envelope, parse, fold and snippet of Bitmovin Analytics."""

from __future__ import annotations

from collections.abc import Sequence

from firstframe.beacon import Beacon, Event
from firstframe.dialects.base import Envelope, Folded, Reading, Request, Route
from firstframe.dialects.bitmovin import fold, wire

SNIPPET = """\
// npm install bitmovin-analytics; HlsAdapter, DashjsAdapter, ShakaAdapter … take the same configuration
const analytics = {{
  key: {key},
  videoId: 'your-video-id',
  title: 'Your title',
  config: {{ backendUrl: {url} }},
}};
new bitmovin.analytics.HTMLVideoElementAdapter(analytics, document.querySelector('video'));
"""


class Bitmovin:
    """Implements `firstframe.dialects.base.Dialect`."""

    name = "bitmovin"
    title = "Bitmovin Analytics"
    routes: Sequence[Route] = wire.ROUTES

    def envelope(self, request: Request) -> Envelope:
        return wire.envelope(request)

    def parse(self, beacon: Beacon) -> Reading:
        return wire.parse(beacon)

    def fold(self, events: Sequence[Event], now_ms: int) -> Folded:
        return fold.fold(events, now_ms)

    def snippet(self, collector_url: str, write_key: str) -> str:
        url = f"{collector_url.rstrip('/')}/{self.name}"
        return SNIPPET.format(key=_quoted(write_key or "any-key"), url=_quoted(url))


def _quoted(text: str) -> str:
    """A JavaScript string that cannot end early, not even inside a page's script element."""
    plain = text.replace("\\", "\\\\").replace("'", "\\'").replace("<", "\\x3c")
    return "'" + plain.replace("\n", "\\n").replace("\r", "\\r") + "'"


BITMOVIN = Bitmovin()
