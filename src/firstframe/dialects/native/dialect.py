"""The native dialect as the edge and the fold worker see it."""

from __future__ import annotations

from firstframe.dialects.base import Dialect, Envelope, Grant, Reply, Request, Route
from firstframe.dialects.native.body import envelope, read
from firstframe.dialects.native.schema import schema_bytes
from firstframe.dialects.native.view import NativeView
from firstframe.dialects.trace import OK, BitrateTrace, RequestTrace, Trace

ACCEPTED = Reply(status=202, body=b'{"status":"accepted"}', content_type="application/json")

SNIPPET = """\
now=$(($(date +%s)000 - 3000))
curl -sS -X POST '{url}/native/{key}/v1/beacons' -H 'content-type: application/json' -d '{{
  "view_id": "view-'$now'", "viewer_id": "me", "context": {{"video_id": "my-video", "video_title": "My video"}},
  "events": [
    {{"type": "play", "at": '$now'}},
    {{"type": "playing", "at": '$((now + 500))', "playhead_ms": 0}},
    {{"type": "end", "at": '$((now + 3000))', "playhead_ms": 2500}}
  ]
}}'"""


def _serve_schema(request: Request, grant: Grant) -> Reply:
    return Reply(status=200, body=schema_bytes(), content_type="application/schema+json")


def _envelope(request: Request) -> Envelope:
    return envelope(request.body)


def _snippet(collector_url: str, write_key: str) -> str:
    return SNIPPET.format(url=collector_url.rstrip("/"), key=write_key)


NATIVE = Dialect(
    name="native",
    title="Native",
    routes=(
        Route(path="/v1/beacons", at_root=True, reply=ACCEPTED),
        Route(
            path="/v1/beacons/schema.json",
            kind="answer",
            methods=("GET",),
            at_root=True,
            answer=_serve_schema,
        ),
    ),
    envelope=_envelope,
    parse=read,
    grow=NativeView,
    splits=True,
    snippet=_snippet,
    trace=Trace(
        bitrate=BitrateTrace(path="bitrate_bps", events=("rendition",)),
        requests=RequestTrace(verdicts={"request": OK}, verdict="status", length_ms="duration_ms"),
    ),
)
