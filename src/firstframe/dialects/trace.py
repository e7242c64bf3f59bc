"""Where the raw events of a dialect tell bitrate and requests, so that one view can be drawn from what was sent.

Paths are keys of the payload, joined by dots. A dialect that tells none has nothing to draw.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class BitrateTrace(msgspec.Struct, frozen=True, kw_only=True):
    """How a dialect tells what plays."""

    path: str
    """0 is unknown."""
    unit_bps: int = 1
    """What it is told in, in bits per second."""
    events: tuple[str, ...] = ()
    """Only events of these names tell it; empty: any."""
    held_ms: str | None = None
    """For how long it had held when the event was made; else it holds from the event on."""


class RequestTrace(msgspec.Struct, frozen=True, kw_only=True):
    """How a dialect tells what was loaded."""

    verdicts: Mapping[str, str] = {}
    """What the name of an event says of its request; empty: any event may tell of requests."""
    verdict: str | None = None
    """Where the event itself says how it went."""
    status: str | None = None
    """Or where it says the answer's HTTP status; 0 is none."""
    count: str | None = None
    """How many requests the event tells of; else one."""
    length_ms: str | None = None
    begin_ms: str | None = None
    end_ms: str | None = None
    """Length, or both ends."""


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """What can be drawn of a dialect's views; null is never told."""

    bitrate: BitrateTrace | None = None
    requests: RequestTrace | None = None


OK, FAILED, CANCELED = "ok", "failed", "canceled"
"""Verdicts on a request."""
