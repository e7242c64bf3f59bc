"""The generic metric cases as calls of a collector's core: the golden vectors of the browser package and of Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from support_cases import Case, base_of

Call = tuple[str, dict[str, Any], int]

NAMES: Mapping[str, str] = {
    "stall_start": "rebufferstart",
    "stall_end": "rebufferend",
    "rendition": "renditionchange",
    "visibility": "visibilitychange",
    "rate": "ratechange",
    "end": "viewend",
    "ad_start": "adplay",
    "page_request": "pagerequest",
    "player_init": "playerinit",
    "player_ready": "playerready",
}
"""A case's event → what an integration emits, where it is more than the underscores."""

KEYS: Mapping[str, str] = {
    "playhead_ms": "player_playhead_time",
    "duration_ms": "video_source_duration",
    "live": "video_source_is_live",
    "autoplay": "player_autoplay_on",
    "muted": "player_is_muted",
    "hidden": "player_is_hidden",
    "bitrate_bps": "video_source_bitrate",
    "rate": "player_playback_rate",
    "latency_ms": "player_live_latency",
    "severity": "player_error_severity",
    "business": "player_error_business_exception",
    "code": "player_error_code",
    "message": "player_error_message",
}
NOT_DATA = ("t_ms", "recv_ms", "type", "view", "id", "seq", "status")
REQUESTS = {"ok": "requestcompleted", "failed": "requestfailed", "canceled": "requestcanceled"}


def calls_of(case: Case) -> dict[str, list[Call]]:
    """What an integration would have emitted, by player, in the order of time and each event once."""
    base = base_of(case)
    calls: dict[str, list[Call]] = defaultdict(list)
    seen: set[str] = set()
    for event in sorted(case["events"], key=lambda event: event["t_ms"]):
        if event.get("id") in seen:
            continue
        seen |= {event["id"]} if "id" in event else set()
        calls[event.get("view", "v")].append(_call(event, base + event["t_ms"]))
    return dict(calls)


def _call(event: Mapping[str, Any], at_ms: int) -> Call:
    kind = event["type"]
    if kind == "request":
        return REQUESTS[event.get("status", "ok")], _request(event, at_ms), at_ms
    prefix = "video_source_" if kind == "rendition" else "player_"
    data = {KEYS.get(name, f"{prefix}{name}"): value for name, value in event.items() if name not in NOT_DATA}
    return NAMES.get(kind, kind.replace("_", "")), data, at_ms


def _request(event: Mapping[str, Any], at_ms: int) -> dict[str, Any]:
    start = at_ms - event.get("duration_ms", 0)
    found = {"request_start": start, "request_bytes_loaded": event.get("bytes")}
    if "ttfb_ms" in event:
        found["request_response_start"] = start + event["ttfb_ms"]
    if "duration_ms" in event:
        found["request_response_end"] = at_ms
    return {name: value for name, value in found.items() if value is not None}


def receipts(case: Case) -> dict[int, int]:
    """When the event of each instant was received."""
    base = base_of(case)
    return {base + event["t_ms"]: base + event.get("recv_ms", event["t_ms"]) for event in case["events"]}


def received_at(case: Case, body: Mapping[str, Any]) -> int:
    """When a body that the core sent was received: with the last of its events."""
    known = receipts(case)
    times = [known[event["at"]] for event in body["events"] if event["at"] in known]
    return max(times, default=max(known.values()))


def cut(case: Case, calls: Sequence[Call]) -> list[list[Call]]:
    """The calls in the batches in which they were received."""
    known = receipts(case)
    batches: list[list[Call]] = []
    for call in calls:
        if not batches or known[batches[-1][-1][2]] - batches[-1][-1][2] != known[call[2]] - call[2]:
            batches.append([])
        batches[-1].append(call)
    return batches
