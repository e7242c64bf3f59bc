"""Mux as a dialect: its addresses on the collector, and the way in for bodies, beacons and events."""

from __future__ import annotations

from firstframe.dialects.base import Dialect, Envelope, Request, Route
from firstframe.dialects.mux import body
from firstframe.dialects.mux.fold import MuxView
from firstframe.dialects.trace import CANCELED, FAILED, OK, BitrateTrace, RequestTrace, Trace


def _envelope(request: Request) -> Envelope:
    return body.envelope(request.body, request.route)


def _snippet(collector_url: str, write_key: str) -> str:
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


MUX = Dialect(
    name="mux",
    title="Mux",
    # The SDK appends nothing to the address it is given: a bare host means the root.
    routes=(Route("", at_root=True), Route(body.RAW_ROUTE)),
    envelope=_envelope,
    parse=body.parse,
    grow=MuxView,
    snippet=_snippet,
    trace=Trace(
        bitrate=BitrateTrace(path="video_source_bitrate"),
        requests=RequestTrace(
            verdicts={"requestcompleted": OK, "requestfailed": FAILED, "requestcanceled": CANCELED},
            begin_ms="request_start",
            end_ms="request_response_end",
        ),
    ),
)
"""mux-embed and what is built on it, and servers and set-top boxes that tell Mux's events themselves."""
