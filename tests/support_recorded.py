"""Recorded requests → beacons → rows, without a server: for golden files and the end-to-end recorder alike.

A recording is a list of JSON objects, one a request (or one WebSocket message): ``method``, ``url``,
``headers``, ``body_text`` or ``body_base64``, a time (``epoch_ms``, or ``t_ms`` since ``started_at`` of the truth
beside it) and optionally ``kind`` (``http``, ``ws-message``; other kinds say nothing).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from firstframe.beacon import KEPT_HEADERS, Beacon, Event, Place
from firstframe.dialects.base import Dialect, Folded, Reading, Request, Route
from firstframe.view.record import ViewRecord

LONG_AFTER_MS = 24 * 3_600_000
"""Silence enough to close any view, in rows that are folded "long after"."""


def read_recording(path: Path) -> list[dict[str, Any]]:
    """The requests of a ``.jsonl`` file, each with ``epoch_ms``."""
    requests = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    truth = path.with_suffix("").with_suffix(".truth.json")
    started = json.loads(truth.read_text()).get("started_at", 0) if truth.exists() else 0
    for request in requests:
        at = request.get("epoch_ms", request.get("t_ms", 0))
        request["epoch_ms"] = at if at > 1e12 else at + (started or 0)
    return requests


def read_truth(path: Path) -> dict[str, Any]:
    """What an independent observer saw while a ``.jsonl`` file was recorded."""
    return json.loads(path.with_suffix("").with_suffix(".truth.json").read_text())


def route_of(dialect: Dialect, request: Mapping[str, Any]) -> tuple[Route, Request] | None:
    """The route a recorded request belongs to, wherever it is mounted, and the request as a dialect sees it."""
    path, _, query = request["url"].partition("#")[0].partition("?")
    socket = request.get("kind", "http") == "ws-message"
    for route in sorted(dialect.routes, key=lambda each: -len(each.path)):
        pattern = "".join(_segment(part) for part in re.split(r"(\{\w+\})", route.path))
        found = re.search(f"(?:^|/[^?]*){pattern}$", path)
        method_fits = socket or request.get("method", "POST") in route.methods
        if found and method_fits and socket == (route.kind == "socket"):
            headers = {name.lower(): value for name, value in (request.get("headers") or {}).items()}
            return route, Request(
                "GET" if socket else request["method"],
                route.path,
                found.groupdict(),
                query,
                headers,
                _body(request),
            )
    return None


def _segment(part: str) -> str:
    return f"(?P<{part[1:-1]}>[^/]+?)" if part.startswith("{") else re.escape(part)


def _body(request: Mapping[str, Any]) -> bytes:
    if "body_base64" in request:
        return base64.b64decode(request["body_base64"])
    return (request.get("body_text") or "").encode("utf-8", "surrogatepass")


def beacons_of(
    dialect: Dialect, requests: Iterable[Mapping[str, Any]], *, project: str = "default"
) -> list[Beacon]:
    """What the edge would put into the journal: requests to collecting routes, with their envelope read."""
    beacons = []
    opened: dict[Any, Mapping[str, str]] = {}
    for request in requests:
        if request.get("kind") == "ws-open":
            opened[request.get("conn")] = request.get("headers") or {}
        found = route_of(dialect, {"headers": opened.get(request.get("conn"), {}), **request})
        if found is None or found[0].kind == "answer":
            continue
        route, asked = found
        dialect.envelope(asked)
        beacons.append(
            Beacon(
                received_at_ms=request["epoch_ms"],
                dialect=dialect.name,
                route=route.path,
                project=project,
                path=request["url"].partition("?")[0],
                query=asked.query,
                headers={name: value for name, value in asked.headers.items() if name in KEPT_HEADERS},
                place=Place(),
                body=asked.body,
            )
        )
    return beacons


def read_events(dialect: Dialect, beacons: Iterable[Beacon]) -> tuple[dict[str, list[Event]], list[Reading]]:
    """The events of beacons by native view id, in order of receipt, and what each beacon said."""
    readings = [dialect.parse(beacon) for beacon in beacons]
    views: dict[str, list[Event]] = {}
    for reading in readings:
        for event in reading.events:
            views.setdefault(event.native_view_id, []).append(event)
    return views, readings


def fold_recorded(
    dialect: Dialect,
    requests: Sequence[Mapping[str, Any]],
    *,
    project: str = "default",
    now_ms: int | None = None,
) -> list[ViewRecord]:
    """The rows of a recording, in order of first receipt; by default as they stand long after the last one."""
    from firstframe.fold.finish import fold_view

    views, _ = read_events(dialect, beacons_of(dialect, requests, project=project))
    latest = max((event.received_at_ms for events in views.values() for event in events), default=0)
    now = latest + LONG_AFTER_MS if now_ms is None else now_ms
    rows: list[ViewRecord] = []
    for native_view_id, events in views.items():
        folded: Folded = fold_view(dialect, project, native_view_id, events, now)
        rows.extend(folded.rows)
    return rows
