"""The value that the edge and the fold call: routes, envelope, parse, fold and the snippet of Pillarbox."""

from __future__ import annotations

import msgspec

from firstframe.dialects.base import Dialect, fold_anew
from firstframe.dialects.pillarbox import wire
from firstframe.dialects.pillarbox.fold import fold
from firstframe.dialects.pillarbox.report import report_of
from firstframe.dialects.trace import BitrateTrace, Trace

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


def _snippet(collector_url: str, write_key: str) -> str:
    parts = [collector_url.rstrip("/"), "pillarbox", *([write_key] if write_key else [])]
    url = msgspec.json.encode("/".join(parts) + wire.EVENTS).decode()
    return SNIPPET.format(url=url.replace("<", "\\u003c"))


PILLARBOX = Dialect(
    name="pillarbox",
    title="Pillarbox",
    routes=wire.ROUTES,
    envelope=wire.envelope,
    parse=wire.parse,
    grow=fold_anew(report_of, fold),
    snippet=_snippet,
    trace=Trace(bitrate=BitrateTrace(path="data.bitrate")),
)
