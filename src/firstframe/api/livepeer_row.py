"""Our answers as Livepeer's rows: their names and units, unknown values left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from firstframe.api.livepeer_query import COUNTS, Breakdown, Field
from firstframe.api.place_name import CONTINENTS, COUNTRIES
from firstframe.enrich.url import dstorage_url
from firstframe.metrics.live import LiveAnswer

DEVICE_TYPES: Mapping[str, str] = {"phone": "mobile"}
"""Livepeer's word where it is not ours."""

_WORDS: Mapping[str, Mapping[str, str]] = {
    "continent": CONTINENTS,
    "country": COUNTRIES,
    "deviceType": DEVICE_TYPES,
}


def rows_of(
    data: Sequence[Mapping[str, Any]], fields: Sequence[Field], breakdowns: Sequence[Breakdown]
) -> list[dict[str, Any]]:
    """Rows of numbers; with groups or steps only those in which something was watched or tried, or an attempt was over."""
    rows = [_row(one, fields, breakdowns) for one in data]
    if not breakdowns and not any("timestamp" in row for row in rows):
        return rows
    told = {field.name for field in fields if field not in COUNTS}
    return [row for row in rows if any(row[field.name] for field in COUNTS) or told & row.keys()]


def _row(
    found: Mapping[str, Any], fields: Sequence[Field], breakdowns: Sequence[Breakdown]
) -> dict[str, Any]:
    row: dict[str, Any] = keys_of(found, breakdowns)
    if "time" in found:
        row["timestamp"] = round(datetime.fromisoformat(found["time"]).timestamp() * 1000)
    for field in fields:
        value = found[field.metric]
        if value is not None:
            row[field.name] = value if field.per == 1 else value / field.per
        elif field in COUNTS:
            row[field.name] = 0
    row["viewCount"] = round(row["viewCount"])
    return row


def keys_of(found: Mapping[str, Any], breakdowns: Sequence[Breakdown]) -> dict[str, str]:
    """What a row is about, in Livepeer's words."""
    keys = {}
    for one in breakdowns:
        value = found.get(one.dimension) if one.dimension else None
        if value is not None:
            text = dstorage_url(value) if one.name == "dStorageUrl" else str(value)
            keys[one.name] = _WORDS.get(one.name, {}).get(text, text)
    return keys


def live_rows_of(found: LiveAnswer, breakdowns: Sequence[Breakdown]) -> list[dict[str, Any]]:
    """Who watches now. Both numbers are always there: a client wants them."""
    rows = []
    for one in found.data:
        errors, attempts = one["views_with_errors"], one["active_attempts"]
        count = round(one["concurrent_viewers"])
        if count or attempts or not breakdowns:
            rate = errors / attempts if attempts else 0.0
            rows.append({**keys_of(one, breakdowns), "viewCount": count, "errorRate": rate})
    return rows
