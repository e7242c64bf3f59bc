"""The OpenAPI document of the collector, made of what the dialects declare."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from firstframe import __version__
from firstframe.dialects.base import Dialect, Route
from firstframe.edge.route import KEY_SEGMENT

PATH = "/openapi.json"
_ERRORS = {
    400: "The body, its encoding or the query cannot be understood",
    401: "No write key, or an unknown one",
    403: "Pages of this origin may not send to the key's project",
    404: "Nothing is served at this path",
    405: "The path does not take this method",
    413: "Over a limit of size, number of events or depth",
    415: "A content encoding that is not read",
    429: "Over the key's rate",
    503: "It cannot be kept now; come back after `Retry-After` seconds",
}
_SUMMARIES = {"collect": "Send beacons", "answer": "Ask before sending"}
_DESCRIPTION = (
    "Players send their beacons here; 2xx means that they are on disk. Each route is what the SDK of its dialect speaks. "
    "WebSockets, where a dialect has one, are at the path of its GET route."
)
_ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "detail"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "detail": {"type": "object"},
            },
        }
    },
}


def document(dialects: Sequence[Dialect]) -> dict[str, Any]:
    """OpenAPI 3.1 of every HTTP route."""
    paths: dict[str, Any] = {}
    for dialect in dialects:
        for route in dialect.routes:
            if route.kind != "socket":
                for path in _paths(dialect.name, route):
                    for method in route.methods:
                        paths.setdefault(path, {})[method.lower()] = _operation(dialect, route, path)
    for path, operation in _OWN.items():
        paths.setdefault(path, {}).setdefault("get", operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "firstframe collector", "version": __version__, "description": _DESCRIPTION},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": {"Refusal": _ERROR_SCHEMA}},
    }


def _paths(name: str, route: Route) -> Iterator[str]:
    path = route.path.rstrip("/")
    if route.at_root:
        yield path or "/"
    if route.mounted:
        yield f"/{name}{path}"
        yield f"/{name}/{KEY_SEGMENT}{path}"


def _operation(dialect: Dialect, route: Route, path: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "tags": [dialect.title],
        "summary": f"{_SUMMARIES[route.kind]} ({dialect.title})",
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
            for name in re.findall(r"{(\w+)}", path)
        ],
        "responses": {
            # What an answering route says is the dialect's own; what a collecting one says is fixed.
            str(route.reply.status): _reply(route),
            **{str(status): _refusal(text) for status, text in _ERRORS.items()},
        },
    }
    if route.methods != ("GET",):
        operation["requestBody"] = {
            "description": "As the SDK writes it, whatever it calls its type; gzip and deflate are read",
            "content": {"application/json": {"schema": {}}, "text/plain": {"schema": {"type": "string"}}},
        }
    return operation


def _reply(route: Route) -> dict[str, Any]:
    described: dict[str, Any] = {"description": "Kept" if route.kind == "collect" else "The answer"}
    if route.kind == "answer":
        described["content"] = {"*/*": {"schema": {}}}
    elif route.reply.content_type is not None:
        described["content"] = {route.reply.content_type.partition(";")[0]: {"schema": {}}}
    return described


def _refusal(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Refusal"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _told(summary: str, *, may_fail: bool = False) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    statuses = {"200": "Well", **({"503": "Not well; `message` says why"} if may_fail else {})}
    return {
        "tags": ["Collector"],
        "summary": summary,
        "responses": {
            status: {"description": description, "content": content}
            for status, description in statuses.items()
        },
    }


_OWN = {
    "/": _told("What this is, and every path"),
    "/health": _told("Whether beacons can be kept", may_fail=True),
    PATH: _told("This document"),
}
