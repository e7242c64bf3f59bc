"""Errors in Mux's shape: each code and message under a number, by which its views are found again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from firstframe.api.mux_query import Call, Frame, Timeframe, framed
from firstframe.errors import BadRequest
from firstframe.metrics.error import ErrorGroup, errors, normalised
from firstframe.metrics.filter import read_filters, speaks_of_bots
from firstframe.metrics.instant import iso

MOST_ERRORS = 1_000
"""The most frequent ones."""
ID_BYTES = 6
"""As many as a client that has only floating numbers can hold."""
ANY: Mapping[str, Any] = {"dimension": "error_count", "op": "gt", "value": 0}
"""Views with an error that was more than a warning."""


def error_id(code: str | None, message: str | None) -> int:
    """The number of an error: of its code, and of its message but for numbers, ids and addresses in it."""
    text = msgspec.json.encode((code, None if message is None else normalised(message)))
    return int.from_bytes(blake2b(text, digest_size=ID_BYTES).digest(), "big")


def error_id_of(view: Mapping[str, Any]) -> int | None:
    """The number of a view's last error; None where it has none but warnings."""
    return error_id(view["error_code"], view["error_message"]) if view["error_count"] else None


async def error_list(call: Call) -> Frame:
    """``/errors``: of the views that ended in the range, the most frequent error first."""
    when = call.params.timeframe(call.now_ms)
    found, attempts = await _groups(call, when, call.params.filters())
    rows = sorted((_error(one, attempts) for one in found), key=lambda row: -row["count"])
    return framed(rows, when, count=len(rows))


async def of_error(call: Call, when: Timeframe, filters: Sequence[Any]) -> list[Any] | None:
    """What finds the views of the error that a request names; None where no view has it. Raises `BadRequest`."""
    text = call.params.text("error_id")
    if text is None:
        return []
    if text == "any":
        return [ANY]
    if not (text.isascii() and text.isdigit()):
        raise BadRequest(
            f"error_id is {text[:40]!r}; wanted is the id of an error, or any",
            parameter="error_id",
            got=text[:40],
        )
    found, _ = await _groups(call, when, filters)
    return next(([ANY, *one.filters] for one in found if _id(one) == int(text)), None)


async def _groups(call: Call, when: Timeframe, filters: Sequence[Any]) -> tuple[list[ErrorGroup], int]:
    """Errors that were more than a warning, and of how many attempts."""
    held = read_filters(list(filters))
    found = await errors(
        call.engine,
        call.project,
        found=held,
        start_ms=when.start_ms,
        end_ms=when.end_ms,
        limit=MOST_ERRORS,
        bots=speaks_of_bots(held),
    )
    return [one for one in found.groups if one.views > one.warnings], found.attempts


def _id(one: ErrorGroup) -> int:
    return error_id(one.code, one.message)


def _error(one: ErrorGroup, attempts: int) -> dict[str, Any]:
    count = one.views - one.warnings
    is_number = one.code is not None and one.code.isascii() and one.code.isdigit() and len(one.code) <= 15
    return {
        "id": _id(one),
        "code": int(one.code) if one.code is not None and is_number else None,
        "player_error_code": one.code,
        "message": one.sample,
        "description": None if one.message == one.sample else one.message,
        "count": count,
        "percentage": count / attempts if attempts else None,
        "last_seen": iso(one.last_seen_ms),
        "notes": None,
    }
