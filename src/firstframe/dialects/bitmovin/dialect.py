"""What the edge and the fold call: routes, envelope, parse, fold and snippet of Bitmovin Analytics."""

from __future__ import annotations

from firstframe.dialects.base import Dialect, fold_anew
from firstframe.dialects.bitmovin import fold, wire
from firstframe.dialects.trace import BitrateTrace, RequestTrace, Trace

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


def _snippet(collector_url: str, write_key: str) -> str:
    url = f"{collector_url.rstrip('/')}/bitmovin"
    return SNIPPET.format(key=_quoted(write_key or "any-key"), url=_quoted(url))


def _quoted(text: str) -> str:
    """A JavaScript string that cannot end early, not even inside a page's script element."""
    plain = text.replace("\\", "\\\\").replace("'", "\\'").replace("<", "\\x3c")
    return "'" + plain.replace("\n", "\\n").replace("\r", "\\r") + "'"


BITMOVIN = Dialect(
    name="bitmovin",
    title="Bitmovin Analytics",
    routes=wire.ROUTES,
    envelope=wire.envelope,
    parse=wire.parse,
    grow=fold_anew(fold.told_of, fold.fold),
    snippet=_snippet,
    trace=Trace(
        bitrate=BitrateTrace(path="videoBitrate", held_ms="duration"),
        requests=RequestTrace(
            count="downloadSpeedInfo.segmentsDownloadCount",
            length_ms="downloadSpeedInfo.segmentsDownloadTime",
        ),
    ),
)
