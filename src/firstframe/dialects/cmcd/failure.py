"""Errors: the event that names one and the state that ends playback are told apart, a moment from each other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from firstframe.dialects.base import text
from firstframe.dialects.cmcd.session import Report

ERROR, FATAL = "e", "f"
_AWAITING = ("d", "s", "k", "r", "w")
_TWIN_MS = 1_000
"""hls.js 1.7 tells state and code 7 ms apart, the state first [seen]."""


class Failure(msgspec.Struct, frozen=True):
    """One error."""

    is_fatal: bool
    code: str | None


def failures_of(reports: Sequence[Report]) -> dict[str, Failure]:
    """Each error once, by the key of the report at which it happened."""
    fatal = list(_fatal(reports))
    ends = {report.key: [report] for report in fatal}
    unsaid_from = _unsaid_from(reports)
    found: dict[str, Failure] = {}
    for place, report in enumerate(reports):
        if report.name != ERROR or report.key in ends:
            continue
        end = _nearest(fatal, report.at_ms)
        if end is not None:
            ends[end.key].append(report)
        else:
            found[report.key] = Failure(place >= unsaid_from and _is_number(report.said), _code(report.said))
    for key, told in ends.items():
        found |= _one_end(key, told)
    return found


def _one_end(key: str, told: Sequence[Report]) -> dict[str, Failure]:
    """The end of playback and the errors told around it: which of them it was, the others happened besides.

    It was those that speak of the end, as hls.js does [seen]; where they have no code, the nearest that has one.
    """
    end, *errors = told
    same = [report for report in errors if report.state in (None, FATAL)]
    others = sorted(
        (report for report in errors if report.state not in (None, FATAL)),
        key=lambda report: abs(report.at_ms - end.at_ms),
    )
    code = next((known for report in (end, *same) if (known := _code(report.said))), None)
    if code is None and not same and others:
        code = _code(others.pop(0).said)
    return {key: Failure(True, code)} | {report.key: Failure(False, _code(report.said)) for report in others}


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


def _unsaid_from(reports: Sequence[Report]) -> int:
    """From which report on an error would be the end although nobody says `f`: behind it data is awaited for ever.

    dash.js 5.2 tells numbers for codes and never says `f`, neither where a manifest is missing nor where segments are;
    it goes on saying `s` or `r`, and its `t` repeats the code [seen].
    """
    for place in range(len(reports), 0, -1):
        if reports[place - 1].state not in (None, *_AWAITING):
            return place
    return 0


def _is_number(said: Mapping[str, Any]) -> bool:
    return any(not isinstance(code, str) for code in _codes(said))


def _codes(said: Mapping[str, Any]) -> Sequence[Any]:
    return said.get("ec") or ()


def _code(said: Mapping[str, Any]) -> str | None:
    return next((text(code, 256) for code in _codes(said)), None)
