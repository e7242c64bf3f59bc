"""The JSON Schema of a native body, from the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from firstframe.dialects.native.table import CONTEXT_KEYS, EVENT_KEYS, KINDS, LATEST_MS, Key


def schema() -> dict[str, Any]:
    """The schema of a well-formed body. A body that breaks it in an optional key loses that key, no more."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "firstframe native beacon",
        "oneOf": [{"$ref": "#/$defs/view"}, {"type": "array", "items": {"$ref": "#/$defs/view"}}],
        "$defs": {"view": _view(), "context": _context(), "event": _event()},
    }


def schema_bytes() -> bytes:
    """The schema as it is served."""
    return msgspec.json.format(msgspec.json.encode(schema()))


def _view() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["view_id"],
        "properties": {
            "view_id": _named(
                "one play of one video in one player", {"type": "string", "minLength": 1, "maxLength": 256}
            ),
            "viewer_id": _named("who watches", {"type": "string"}),
            "session_id": _named("one visit, over several views", {"type": "string"}),
            "write_key": _named(
                "the project's write key, where the address does not name it", {"type": "string"}
            ),
            "context": {"$ref": "#/$defs/context"},
            "events": {"type": "array", "items": {"$ref": "#/$defs/event"}},
        },
    }


def _context() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "what holds for the whole view; keys not listed are kept as they are",
        "properties": _properties(CONTEXT_KEYS),
        "patternProperties": {r"^custom_\d{1,3}$": {"type": ["string", "number", "boolean"]}},
    }


def _event() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["type", "at"],
        "properties": {
            "type": _named(
                "what happened; other types than these are kept and change nothing",
                {"type": "string", "minLength": 1, "examples": list(KINDS)},
            ),
            "at": _named(
                "when, on the client's clock, in epoch milliseconds",
                {"type": "number", "minimum": 0, "maximum": LATEST_MS},
            ),
            **_properties(EVENT_KEYS),
        },
    }


def _properties(keys: Mapping[str, Key]) -> dict[str, Any]:
    return {name: _named(key.meaning, key.shape.schema) for name, key in keys.items()}


def _named(meaning: str, shape: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": meaning, **shape}
