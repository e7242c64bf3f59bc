"""The reports of one session in their order, and the views they are of: a session may hold several, one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from firstframe.beacon import Event
from firstframe.dialects.base import text
from firstframe.dialects.cmcd.key import most_of
from firstframe.dialects.cmcd.report import REQUEST
from firstframe.view.machine import SPLIT_MS

SUMS = ("bsa", "bsda")
"""What is counted since the session's start, not the view's."""
SILENCE_MS = 90_000
"""Three of the standard's intervals of 30 s: a player that reports on a timer is gone."""
OVER = ("e", "f", "q")
"""States after which `s` begins another view."""
MOST_VIEWS = 100
"""Of one session: what comes after is counted with the last, or each report could be a row."""
ECHO_MS = 1_000
"""hls.js 1.7 says `s` after `f` where the page asked for the failed source to play [seen]."""
_BREAK_ENDS = "abe"
_AD_BEGINS, _AD_ENDS = ("abs", "as"), (_BREAK_ENDS, "ae")


class Report(msgspec.Struct, frozen=True):
    """One record, read once."""

    at_ms: int
    seq: int | None
    """Of its mode and target; null where the target leaves it out."""
    key: str
    name: str
    said: Mapping[str, Any]
    state: str | None
    """A response is told later than its time, so the state it tells is none of that time."""
    received_ms: int

    @property
    def place(self) -> tuple[int, int, str]:
        """Posts overtake each other: time and number are the order."""
        return self.at_ms, self.seq or 0, self.key


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The reports of one view."""

    reports: Sequence[Report]
    content: str | None = None
    """The `cid` of what is no ad."""
    sums: Mapping[str, float]
    """Of `SUMS`, what was told last before it."""
    first_seq: int = 0
    """The number that its reports begin with, where none is lost."""
    until_ms: int | None = None
    """When the next view of the session began, unless the session was silent before it."""
    is_last: bool = True
    is_echo: bool = False
    """It began with the failure of the one before."""

    @property
    def is_requests(self) -> bool:
        """All that is known of it is what its media requests said."""
        return self.reports[0].name == REQUEST

    @property
    def first_told(self) -> Report | None:
        """The first report that tells a state; None for a player that tells none."""
        return next((report for report in self.reports if report.state is not None), None)


def report_of(event: Event) -> Report:
    """An event as a report."""
    said = event.payload
    state = said.get("sta") if event.name != "rr" else None
    return Report(
        event.at_ms,
        event.seq,
        event.key,
        event.name,
        said,
        state if isinstance(state, str) else None,
        event.received_at_ms,
    )


def parts_of(reports: Sequence[Report]) -> list[Part]:
    """The views of a session. What its requests said is only heard where no event did: it is the same once more."""
    events = [report for report in reports if report.name != REQUEST]
    parts: list[Part] = []
    seen, since = _Seen(), 0
    ordered = _in_order(events or reports)
    for place, report in enumerate(ordered):
        if place > since and len(parts) < MOST_VIEWS - 1 and seen.is_other(report):
            parts.append(seen.part(ordered[since:place], report))
            seen, since = seen.next(report), place
        seen.take(report)
    return [*parts, seen.part(ordered[since:], None)] if ordered else []


def _in_order(reports: Sequence[Report]) -> list[Report]:
    """By time and number; where numbers begin again within a millisecond, what goes on from before comes first.

    hls.js 1.7 says `d` of the old source three milliseconds before it begins anew, on a busy machine [seen].
    """
    ordered: list[Report] = []
    highest = -1
    for _, alike in groupby(
        sorted(reports, key=lambda report: report.place), key=lambda report: report.at_ms
    ):
        instant = list(alike)
        begins_again = highest > 0 and any(report.seq == 0 for report in instant)
        if begins_again:
            before = highest
            instant.sort(key=lambda report: report.seq is None or report.seq <= before)  # stable
            highest = -1
        ordered += instant
        told = (report.seq for report in instant if report.seq is not None)
        highest = max(highest, instant[-1].seq or 0 if begins_again else max(told, default=-1))
    return ordered


class _Seen:
    """What is known of a view so far that the next report may contradict."""

    def __init__(
        self, *, first_seq: int = 0, is_echo: bool = False, sums: Mapping[str, float] | None = None
    ) -> None:
        self._first_seq, self._is_echo = first_seq, is_echo
        self._sums_before = sums or {}
        self._sums = dict(self._sums_before)
        self._at_ms = 0
        self._seq = -1
        self._state: str | None = None
        self._content: str | None = None
        self._in_ads = 0

    def is_other(self, report: Report) -> bool:
        """An hour of silence, numbers that begin again, a start after the end, other content outside of ads."""
        if report.at_ms - self._at_ms > SPLIT_MS or (report.seq == 0 and self._seq > 0):
            return True
        if report.state == "s" and self._state in OVER:
            return True
        content = None if self._is_of_ad(report) else _content(report)
        return content is not None and self._content not in (None, content)

    def take(self, report: Report) -> None:
        """It belongs to this view."""
        if not self._is_of_ad(report):
            self._content = _content(report) or self._content
        for name in SUMS:
            if (most := most_of(report.said, name)) is not None:
                self._sums[name] = most
        self._at_ms = report.at_ms
        self._seq = max(self._seq, -1 if report.seq is None else report.seq)
        self._state = report.state or self._state
        if report.name == _BREAK_ENDS:
            self._in_ads = 0  # also of an ad whose end was lost
        self._in_ads = max(0, self._in_ads + (report.name in _AD_BEGINS) - (report.name in _AD_ENDS))

    def part(self, reports: Sequence[Report], following: Report | None) -> Part:
        """The view, and where it ended, should another have begun."""
        is_silent = following is not None and following.at_ms - self._at_ms > SPLIT_MS
        return Part(
            reports=reports,
            content=self._content,
            sums=self._sums_before,
            first_seq=self._first_seq,
            until_ms=None if following is None or is_silent else following.at_ms,
            is_last=following is None,
            is_echo=self._is_echo,
        )

    def next(self, report: Report) -> _Seen:
        """The view that begins with a report."""
        is_echo = self._state == "f" and report.at_ms - self._at_ms <= ECHO_MS
        first_seq = self._seq + 1 if report.seq else 0
        return _Seen(first_seq=first_seq, is_echo=is_echo, sums=self._sums)

    def _is_of_ad(self, report: Report) -> bool:
        """The content id of an ad break is the ad's; so is that of a player nobody sees."""
        return self._in_ads > 0 or report.name in (*_AD_BEGINS, *_AD_ENDS) or report.said.get("nr") is True


def _content(report: Report) -> str | None:
    return text(report.said.get("cid"), 256)
