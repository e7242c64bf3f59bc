"""Views of players that tell no state: what their other words betray."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from firstframe.dialects.base import number
from firstframe.dialects.cmcd.key import most_of, values_of
from firstframe.dialects.cmcd.report import LONGEST_MS
from firstframe.dialects.cmcd.session import Part, Report
from firstframe.view.record import Approx, ViewRecord

_NO_MEDIA = ("m", "c", "tt", "k", "o")
"""Objects that a player asks for without playing: manifests, captions, keys."""


def start_of(part: Part) -> tuple[int, int | None] | None:
    """When the view was tried, and when its first frame was shown; None where nothing says that it was.

    Events: the start delay, from the load on. Requests: media is asked for, and then asked for without urgency.
    """
    reports = part.reports
    if not part.is_requests:
        delay = delay_ms(reports)
        return None if delay is None else (reports[0].at_ms, reports[0].at_ms + round(delay))
    media = [report for report in reports if report.said.get("ot") not in _NO_MEDIA]
    calm = next((report.at_ms for report in media if report.said.get("su") is not True), None)
    return (media[0].at_ms, calm) if media else None


def delay_ms(reports: Sequence[Report]) -> float | None:
    """The media start delay as it was told first: dash.js tells another later [wire]."""
    return next((delay for report in reports if (delay := _within(report.said.get("msd"))) is not None), None)


def weigh(row: ViewRecord, part: Part) -> None:
    """What a row of such a view does not know, and what it knows of stalls and bitrate."""
    row.approx += [Approx.PLAY_TIME_ESTIMATED, Approx.SPANS_ESTIMATED]
    row.pause_time_ms = row.seek_time_ms = row.seek_count = None
    row.rebuffer_count = row.rebuffer_duration_ms = None
    row.completed = None  # no `e` can come: whether the end was seen is not known
    if row.started:
        _stalls(row, part)
    if part.is_requests:
        row.video_startup_time_ms = row.content_startup_time_ms = delay_ms(part.reports)
        _bitrate(row, part.reports)


def _stalls(row: ViewRecord, part: Part) -> None:
    """By the growth of the session's sums, else by each stall's own length."""
    count, length = _growth(part, "bsa"), _growth(part, "bsda")
    each = [
        duration
        for report in part.reports
        for duration in values_of(report.said.get("bsd"))
        if duration <= _age_ms(part, report)
    ]
    if count is not None or length is not None:
        row.rebuffer_count = None if count is None else round(count)
        row.rebuffer_duration_ms = length
    elif each:
        row.rebuffer_count, row.rebuffer_duration_ms = len(each), sum(each)
    else:
        row.approx.append(Approx.STALLS_UNKNOWN)
        return
    row.approx.append(Approx.STALLS_UPPER_BOUND)  # what is no picture's starvation may be the sound's


def _growth(part: Part, key: str) -> float | None:
    """How far a sum since the session's start grew in this view: a player may also have begun it anew."""
    told = [(report, most) for report in part.reports if (most := most_of(report.said, key)) is not None]
    before = part.sums.get(key, 0)
    before = before if told and told[0][1] >= before else 0
    return max(
        (value - before for report, value in told if 0 <= value - before <= _age_ms(part, report)),
        default=None,
    )


def _age_ms(part: Part, report: Report) -> int:
    """Nothing can have starved for longer, nor more often than once a millisecond."""
    return report.at_ms - part.reports[0].at_ms


def _bitrate(row: ViewRecord, reports: Sequence[Report]) -> None:
    """Of what was loaded, by its duration: when it was shown is not told."""
    row.bitrate_x_ms = row.bitrate_ms = 0
    for report in reports:
        lasts = _within(report.said.get("d"))
        rates = [*values_of(report.said.get("br"))]
        if lasts and rates and report.said.get("ot") in (None, "v", "av"):
            row.bitrate_x_ms += max(rates) * 1_000 * lasts
            row.bitrate_ms += lasts


def _within(value: Any) -> float | None:
    """A duration that can be one."""
    found = number(value)
    return found if found is not None and 0 <= found <= LONGEST_MS else None
