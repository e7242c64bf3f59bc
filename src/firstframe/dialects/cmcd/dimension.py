"""What a row says of video, player and delivery: from the reports, and from the parameters of the target's address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from firstframe.dialects.base import text
from firstframe.dialects.cmcd.key import is_custom
from firstframe.enrich.url import host_of, protocol_of
from firstframe.view.record import FIELDS, ViewRecord

TARGET = "target"
"""Under which key of an event the parameters of its target's address are kept."""

_PROTOCOLS = {"d": "dash", "h": "hls", "s": "smooth", "e": "hesp", "o": "other"}
_CUSTOM = re.compile(r"custom_\d{1,3}")
_OURS = ("fatal_error_code", "error_code", "error_message", "error_class")
TEXTS = frozenset(
    {"video_id", "viewer_id", "session_id"}
    | {
        named.name
        for named in FIELDS
        if named.field.group == "dimension" and named.field.unit in ("text", "id") and named.name not in _OURS
    }
)
"""What a target's address may say of the view, by the names of the record."""


def described(target: Mapping[str, str]) -> dict[str, str]:
    """What the parameters of a target's address say of the view."""
    return {name: value for name, value in target.items() if name in TEXTS or _CUSTOM.fullmatch(name)}


def describe(row: ViewRecord, content: str | None, reports: Sequence[Mapping[str, Any]]) -> None:
    """Fill in the dimensions; of each the last word counts, and the address goes before the wire."""
    said: dict[str, Any] = {}
    for report in reports:
        said.update(report)
    manifest = next(filter(protocol_of, _addresses(reports)), None)
    host = host_of(manifest) or text(said.get("h"), 256) or next(map(host_of, _addresses(reports)), None)
    found: dict[str, Any] = {
        "video_id": content,
        "session_id": text(said.get("sid"), 256),
        "source_url": manifest,
        "source_host": host,
        "cdn": text(said.get("h"), 256) or host,
        "protocol": _PROTOCOLS.get(said.get("sf", "")),
        "stream_type": "on_demand" if said.get("st") == "v" else None,
        "sdk_name": "CMCD",
        "sdk_version": f"{said.get('v', 1):g}",
    }
    told = said.get(TARGET)
    target = told if isinstance(told, dict) else {}  # a record's own key of that name is no mapping
    for name, value in {**found, **target}.items():
        if name in TEXTS:
            setattr(row, name, text(value))
    row.custom = {name: value for name, value in target.items() if _CUSTOM.fullmatch(name)}
    row.extra = {
        key: known for key, value in said.items() if is_custom(key) and (known := text(value)) is not None
    }


def _addresses(reports: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    return (url for report in reports if (url := text(report.get("url"), 2048)))
