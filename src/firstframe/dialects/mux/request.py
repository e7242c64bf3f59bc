"""What the media requests of a view say: bytes, waits, failures, and who delivered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firstframe.beacon import Event
from firstframe.dialects.base import number, text
from firstframe.dialects.mux.history import History
from firstframe.dialects.mux.total import Totals
from firstframe.view.record import ViewRecord

COMPLETED, FAILED, CANCELED = "requestcompleted", "requestfailed", "requestcanceled"

_NOMINAL_MS = 1000.0
"""Weight of one request where only averages are known: the ratio is right, its share of a set is a guess."""


class Requests:
    """The requests of one view that came as events, added up in their order."""

    def __init__(self) -> None:
        self._counts = {COMPLETED: 0, FAILED: 0, CANCELED: 0}
        self._bytes: float = 0
        self._load_ms: float = 0
        self._wait_ms: float = 0
        self._waits = 0
        self._longest_wait_ms: float | None = None
        self._cdn: str | None = None
        """The last ``X-CDN`` header."""

    def take(self, event: Event) -> None:
        """Add the next event, where it is a request."""
        if event.name not in self._counts:
            return
        self._counts[event.name] += 1
        if event.name == COMPLETED:
            self._throughput(event.payload)
            self._latency(event.payload)
            self._deliverer(event.payload)

    def measure(self, row: ViewRecord, history: History, totals: Totals) -> None:
        """Fill in requests from their events; counts from the SDK's sums where events are missing."""
        row.request_bytes, row.request_load_ms = self._bytes, self._load_ms
        row.ttfb_sum_ms, row.ttfb_count = self._wait_ms, self._waits
        row.max_request_latency_ms = self._longest_wait_ms
        self._count(row, history, totals)
        _averages(row, totals)
        row.cdn = row.cdn or self._cdn

    def _throughput(self, request: Mapping[str, Any]) -> None:
        """Bytes over the time from the first byte (else from the start) to the last."""
        loaded = number(request.get("request_bytes_loaded"))
        ended = number(request.get("request_response_end"))
        begun = number(request.get("request_response_start")) or number(request.get("request_start"))
        if loaded and begun and ended and ended > begun:
            self._bytes += loaded
            self._load_ms += ended - begun

    def _latency(self, request: Mapping[str, Any]) -> None:
        started = number(request.get("request_start"))
        answered = number(request.get("request_response_start"))
        if started and answered and answered >= started:
            wait_ms = answered - started
            self._wait_ms += wait_ms
            self._waits += 1
            self._longest_wait_ms = max(wait_ms, self._longest_wait_ms or 0)

    def _deliverer(self, request: Mapping[str, Any]) -> None:
        headers = request.get("request_response_headers")
        for name, value in headers.items() if isinstance(headers, dict) else ():
            if str(name).lower() == "x-cdn":
                self._cdn = text(value, 256)
                return

    def _count(self, row: ViewRecord, history: History, totals: Totals) -> None:
        told = sum(self._counts.values())
        for field, total, seen in (
            ("request_count", "view_request_count", told),
            ("request_failed_count", "view_request_failed_count", self._counts[FAILED]),
            ("request_canceled_count", "view_request_canceled_count", self._counts[CANCELED]),
        ):
            said = None if history.unbroken and told else totals.count(total)
            setattr(row, field, max(seen, said or 0) if told or said is not None else None)
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
