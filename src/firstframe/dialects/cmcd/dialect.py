"""The value that the edge and the fold call: routes, envelope, parse, fold and the snippet of CMCD."""

from __future__ import annotations

import msgspec

from firstframe.dialects.base import Dialect, Reply, Route, fold_anew
from firstframe.dialects.cmcd.fold import fold
from firstframe.dialects.cmcd.report import envelope, parse
from firstframe.dialects.cmcd.session import report_of
from firstframe.dialects.trace import OK, BitrateTrace, RequestTrace, Trace

_TAKEN = Reply(status=204)
"""Players read nothing else of an answer [CTA-5004-B]."""

_SNIPPET = """\
// hls.js 1.7 or newer; Shaka Player and dash.js have the same settings under other names, see the docs
new Hls({
  cmcd: {
    version: 2, sessionId: crypto.randomUUID(), contentId: 'your-video-id',
    eventTargets: [{
      url: {url},
      events: ['ps', 'e', 't', 'rr', 'bc', 'pr'],
      includeKeys: ['sid', 'cid', 'sn', 'sta', 'ec', 'br', 'sf', 'st', 'pr', 'ltc', 'dfa', 'rc', 'ttfb', 'ttlb', 'url'],
    }],
  },
});
"""


def _snippet(collector_url: str, write_key: str) -> str:
    parts = [collector_url.rstrip("/"), "cmcd", *([write_key] if write_key else [])]
    url = msgspec.json.encode("/".join(parts)).decode().replace("<", "\\u003c")
    return _SNIPPET.replace("{url}", url)


CMCD = Dialect(
    name="cmcd",
    title="CMCD",
    routes=(Route("", methods=("POST",), reply=_TAKEN), Route("", methods=("GET",), reply=_TAKEN)),
    envelope=envelope,
    parse=parse,
    grow=fold_anew(report_of, fold),
    splits=True,
    snippet=_snippet,
    trace=Trace(
        bitrate=BitrateTrace(path="br.0.value", unit_bps=1_000),
        requests=RequestTrace(verdicts={"rr": OK}, status="rc", length_ms="ttlb"),
    ),
)
"""hls.js, Shaka Player, dash.js and whatever else speaks Common Media Client Data (CTA-5004) to a collector."""
