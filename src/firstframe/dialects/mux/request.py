"""What the media requests of a view say: bytes, waits, failures, and who delivered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from firstframe.beacon import Event
from firstframe.dialects.base import number, text
from firstframe.dialects.mux.history import History
from firstframe.dialects.mux.total import Totals
from firstframe.view.record import ViewRecord

KINDS = ("requestcompleted", "requestfailed", "requestcanceled")

_NOMINAL_MS = 1000.0
"""Weight of one request where only averages are known: the ratio is right, its share of a set is a guess."""


def measure_requests(row: ViewRecord, history: History, totals: Totals) -> None:
    """Fill in requests from their events; counts from the SDK's sums where events are missing."""
    requests = [event for event in history.events if event.name in KINDS]
    completed = [event.payload for event in requests if event.name == "requestcompleted"]
    _throughput(row, completed)
    _latency(row, completed)
    _counts(row, requests, history, totals)
    _averages(row, totals)
    row.cdn = row.cdn or _cdn(completed)


def _throughput(row: ViewRecord, completed: Iterable[Mapping[str, Any]]) -> None:
    """Bytes over the time from the first byte (else from the start) to the last."""
    for request in completed:
        loaded = number(request.get("request_bytes_loaded"))
        ended = number(request.get("request_response_end"))
        begun = number(request.get("request_response_start")) or number(request.get("request_start"))
        if loaded and begun and ended and ended > begun:
            row.request_bytes += loaded
            row.request_load_ms += ended - begun


def _latency(row: ViewRecord, completed: Iterable[Mapping[str, Any]]) -> None:
    for request in completed:
        started = number(request.get("request_start"))
        answered = number(request.get("request_response_start"))
        if started and answered and answered >= started:
            wait = answered - started
            row.ttfb_sum_ms += wait
            row.ttfb_count += 1
            row.max_request_latency_ms = max(wait, row.max_request_latency_ms or 0)


def _counts(row: ViewRecord, requests: Sequence[Event], history: History, totals: Totals) -> None:
    counted = {kind: sum(event.name == kind for event in requests) for kind in KINDS}
    for field, total, seen in (
        ("request_count", "view_request_count", len(requests)),
        ("request_failed_count", "view_request_failed_count", counted["requestfailed"]),
        ("request_canceled_count", "view_request_canceled_count", counted["requestcanceled"]),
    ):
        said = None if history.unbroken and requests else totals.count(total)
        setattr(row, field, max(seen, said or 0) if requests or said is not None else None)
    if row.request_count is not None:  # the SDK sends a sum only when it is not 0
        row.request_failed_count = row.request_failed_count or 0
        row.request_canceled_count = row.request_canceled_count or 0


def _averages(row: ViewRecord, totals: Totals) -> None:
    """The SDK's averages, where no request came with its own numbers."""
    weight = row.request_count or 1
    speed = totals.get("view_average_request_throughput")
    if not row.request_load_ms and speed:
        row.request_load_ms = _NOMINAL_MS * weight
        row.request_bytes = speed * row.request_load_ms / 8000
    wait = totals.get("view_average_request_latency")
    if not row.ttfb_count and wait is not None:
        row.ttfb_sum_ms, row.ttfb_count = wait * weight, weight
        row.max_request_latency_ms = totals.get("view_max_request_latency")


def _cdn(completed: Sequence[Mapping[str, Any]]) -> str | None:
    """The last ``X-CDN`` header."""
    for request in reversed(completed):
        headers = request.get("request_response_headers")
        for name, value in headers.items() if isinstance(headers, dict) else ():
            if str(name).lower() == "x-cdn":
                return text(value, 256)
    return None
