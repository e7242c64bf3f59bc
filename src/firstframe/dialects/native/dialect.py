"""The native dialect as the edge and the fold worker see it."""

from __future__ import annotations

from collections.abc import Sequence

from firstframe.beacon import Beacon, Event
from firstframe.dialects.base import Envelope, Folded, Grant, Reading, Reply, Request, Route
from firstframe.dialects.native.body import envelope, read
from firstframe.dialects.native.schema import schema_bytes
from firstframe.dialects.native.view import fold

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


class Native:
    """One value, `NATIVE`; see `firstframe.dialects.base.Dialect`."""

    name = "native"
    title = "Native"
    routes: Sequence[Route] = (
        Route(path="/v1/beacons", at_root=True, reply=ACCEPTED),
        Route(
            path="/v1/beacons/schema.json",
            kind="answer",
            methods=("GET",),
            at_root=True,
            answer=_serve_schema,
        ),
    )

    def envelope(self, request: Request) -> Envelope:
        return envelope(request.body)

    def parse(self, beacon: Beacon) -> Reading:
        return read(beacon)

    def fold(self, events: Sequence[Event], now_ms: int) -> Folded:
        return fold(events, now_ms)

    def snippet(self, collector_url: str, write_key: str) -> str:
        return SNIPPET.format(url=collector_url.rstrip("/"), key=write_key)


NATIVE = Native()
"""The dialect."""
