"""The value that the edge and the fold call: routes, envelope, parse, fold and the snippet of Pillarbox."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.beacon import Beacon, Event
from firstframe.dialects.base import Envelope, Folded, Reading, Request, Route
from firstframe.dialects.pillarbox import fold, wire

SNIPPET = """\
// npm install @srgssr/pillarbox-web video.js
import pillarbox, {{ PillarboxMonitoring }} from '@srgssr/pillarbox-web';
const player = pillarbox('player', {{ trackers: {{ srgAnalytics: false }} }});
const monitoring = new PillarboxMonitoring(player, {{
  beaconUrl: {url},
  playerName: 'Pillarbox',
  playerVersion: 'your-version',
}});
player.options({{ trackers: {{ pillarboxMonitoring: monitoring }} }}); // before the first source is set
player.src({{ src: 'https://example.com/video.m3u8', type: 'application/x-mpegURL' }});
"""


class Pillarbox:
    """Implements `firstframe.dialects.base.Dialect`."""

    name = "pillarbox"
    title = "Pillarbox"
    routes: Sequence[Route] = wire.ROUTES

    def envelope(self, request: Request) -> Envelope:
        return wire.envelope(request)

    def parse(self, beacon: Beacon) -> Reading:
        return wire.parse(beacon)

    def fold(self, events: Sequence[Event], now_ms: int) -> Folded:
        return fold.fold(events, now_ms)

    def snippet(self, collector_url: str, write_key: str) -> str:
        parts = [collector_url.rstrip("/"), self.name, *([write_key] if write_key else [])]
        url = msgspec.json.encode("/".join(parts) + wire.EVENTS).decode()
        return SNIPPET.format(url=url.replace("<", "\\u003c"))


PILLARBOX = Pillarbox()
