"""Errors: the event that names one and the state that ends playback are told apart, a moment from each other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from firstframe.dialects.base import text
from firstframe.dialects.cmcd.session import Report

ERROR, FATAL = "e", "f"
_TWIN_MS = 1_000
"""hls.js 1.7 tells state and code 7 ms apart, the state first [seen]."""


class Failure(msgspec.Struct, frozen=True):
    """One error."""

    is_fatal: bool
    code: str | None


def failures_of(reports: Sequence[Report]) -> dict[str, Failure]:
    """Each error once, by the key of the report at which it happened."""
    fatal = list(_fatal(reports))
    codes = {report.key: _code(report.said) for report in fatal}
    found: dict[str, Failure] = {}
    for report in reports:
        if report.name == ERROR and report.key not in codes:
            end = _nearest(fatal, report.at_ms)
            if end is None:
                found[report.key] = Failure(_ends_unsaid(report, reports), _code(report.said))
            else:
                codes[end.key] = codes[end.key] or _code(report.said)
    return found | {key: Failure(True, code) for key, code in codes.items()}


def _fatal(reports: Sequence[Report]) -> Iterator[Report]:
    """The reports at which playback was given up."""
    state = None
    for report in reports:
        if report.state == FATAL and state != FATAL:
            yield report
        state = report.state or state


def _nearest(fatal: Sequence[Report], at_ms: int) -> Report | None:
    """The end that an error told at this time belongs to."""
    place = bisect_left(fatal, at_ms - _TWIN_MS, key=lambda report: report.at_ms)
    found = fatal[place] if place < len(fatal) else None
    return found if found is not None and found.at_ms <= at_ms + _TWIN_MS else None


def _ends_unsaid(report: Report, reports: Sequence[Report]) -> bool:
    """dash.js 5.2 tells numbers for codes and never says `f`: what nothing played after was fatal [seen]."""
    is_number = any(not isinstance(code, str) for code in _codes(report.said))
    return is_number and not any(other.state == "p" for other in reports)


def _codes(said: Mapping[str, Any]) -> Sequence[Any]:
    codes = said.get("ec")
    return codes if isinstance(codes, list) else [] if codes is None else [codes]


def _code(said: Mapping[str, Any]) -> str | None:
    return next((text(code, 256) for code in _codes(said)), None)
