"""What an alert is: a metric, the views it is asked of, when it is wrong, and who is told.

A rule names everything by the catalogue, in the words of ``/v1/query``; it is checked by planning the question that
will be asked for it.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import msgspec

from firstframe.alerts.channel import Channel, check_channel
from firstframe.errors import BadRequest, mistyped
from firstframe.metrics.aggregate import zero_when_empty
from firstframe.metrics.dimension import find_groups
from firstframe.metrics.query import Measure, Question, measure_of, plan_of

Severity = Literal["warning", "critical"]
Against = Literal["value", "previous", "day", "week"]
"""What the bounds are of: the metric's value, or its change against an earlier window (the one right before, the same
of the day before, of the week before) as a ratio: 0.5 is half as much again, -0.5 is half."""

MOST_NAME = 128
MOST_NOTE = 2_000
MOST_GROUP_BY = 2
MOST_CHANNELS = 10
MOST_FILTERS_BYTES = 10_000
"""As JSON. A rule is read at each look, and stands in each of its incidents, which are written at each look."""
MOST_WINDOW_MINUTES = 24 * 60
MOST_ATTEMPTS = 1_000_000_000
USUAL_ATTEMPTS = 20
"""Fewer views say little of a ratio, a mean or a percentile."""

MINUTE_MS = 60_000
DAY_MS = 86_400_000


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person writes. At least one of ``above`` and ``below`` is needed."""

    name: str
    note: str = ""
    """What to do about it, or where that is written."""
    metric: str
    """With or without a measurement, as in `/v1/query`: ``video_startup_time.p95``."""
    filters: Any = []
    group_by: list[str] = []
    """Each group is watched on its own, and has incidents of its own."""
    window_minutes: int = 10
    """The metric is asked of the last so many minutes."""
    above: float | None = None
    """Wrong if it is more than this, in the metric's unit."""
    below: float | None = None
    """Wrong if it is less than this."""
    against: Against = "value"
    min_attempts: int | None = None
    """With fewer attempts than this there is nothing to say. Null: 20; 0 for counts and sums."""
    severity: Severity = "warning"
    notify: list[Channel] = []
    is_paused: bool = False

    @property
    def measure(self) -> Measure:
        """Raises `BadRequest` for a metric that does not exist."""
        return measure_of(self.metric, "metric")

    @property
    def window_ms(self) -> int:
        return self.window_minutes * MINUTE_MS

    @property
    def is_counted(self) -> bool:
        """Whether no views are a value, zero, and not silence."""
        return zero_when_empty(self.measure)

    @property
    def fewest_attempts(self) -> int:
        if self.min_attempts is not None:
            return self.min_attempts
        return 0 if self.is_counted else USUAL_ATTEMPTS


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that is kept, and what is known of it."""

    id: str
    project: str
    rule: Rule
    signing_secret: str
    """Of its webhooks, for their receivers."""
    created_ms: int
    changed_ms: int
    checked_ms: int | None = None
    """Up to when it was looked at last: what was received until then."""
    fault: str | None = None
    """Why it could not be looked at, where it could not."""


def read_rule(body: Any, *, has_mail: bool, now_ms: int) -> Rule:
    """A rule from decoded JSON, checked whole. Raises `BadRequest` that names the field."""
    try:
        rule = msgspec.convert(body, Rule)
    except msgspec.ValidationError as error:
        raise mistyped(error, "the rule", Rule) from error
    check_rule(rule, has_mail=has_mail, now_ms=now_ms)
    return rule


def check_rule(rule: Rule, *, has_mail: bool, now_ms: int) -> None:
    """Raises `BadRequest` that names the field."""
    if not rule.name.strip() or len(rule.name) > MOST_NAME or not rule.name.isprintable():
        raise _wrong("name", rule.name, f"one line of 1 to {MOST_NAME} characters")
    if len(rule.note) > MOST_NOTE:
        raise _wrong("note", len(rule.note), f"up to {MOST_NOTE} characters")
    if not 1 <= rule.window_minutes <= MOST_WINDOW_MINUTES:
        raise _wrong("window_minutes", rule.window_minutes, f"1 to {MOST_WINDOW_MINUTES}")
    if rule.min_attempts is not None and not 0 <= rule.min_attempts <= MOST_ATTEMPTS:
        raise _wrong("min_attempts", rule.min_attempts, f"0 to {MOST_ATTEMPTS}")
    _check_bounds(rule)
    if len(find_groups(rule.group_by)) > MOST_GROUP_BY:
        raise _wrong("group_by", len(rule.group_by), f"up to {MOST_GROUP_BY} dimensions")
    size = len(msgspec.json.encode(rule.filters))
    if size > MOST_FILTERS_BYTES:
        raise _wrong("filters", f"{size} bytes long", f"up to {MOST_FILTERS_BYTES} bytes")
    plan_of(question_of(rule, now_ms), "", now_ms)
    if len(rule.notify) > MOST_CHANNELS:
        raise _wrong("notify", len(rule.notify), f"up to {MOST_CHANNELS} channels")
    for channel in rule.notify:
        check_channel(channel, has_mail=has_mail)


def question_of(rule: Rule, end_ms: int, *, limit: int = 1) -> Question:
    """What is asked for a rule: its metric, and how many attempts there were, in the window that ends then."""
    return Question(
        metrics=[rule.measure.key, "attempts"],
        group_by=rule.group_by,
        filters=rule.filters,
        from_=end_ms - rule.window_ms,
        to=end_ms,
        order_by=["-attempts"],
        limit=limit,
    )


def baseline_end_ms(rule: Rule, end_ms: int) -> int:
    """When the earlier window ends that a rule compares with."""
    match rule.against:
        case "day":
            return end_ms - DAY_MS
        case "week":
            return end_ms - 7 * DAY_MS
        case _:
            return end_ms - rule.window_ms


def _check_bounds(rule: Rule) -> None:
    bounds = [bound for bound in (rule.above, rule.below) if bound is not None]
    if not bounds:
        raise _wrong("above", None, "a number in above, in below, or in both")
    for bound in bounds:
        if not math.isfinite(bound):
            raise _wrong("above", str(bound), "a finite number")
    if rule.above is not None and rule.below is not None and rule.below > rule.above:
        raise _wrong(
            "below", rule.below, f"no more than above ({rule.above}): what lies between them is right"
        )


def _wrong(parameter: str, got: object, allowed: str) -> BadRequest:
    shown = got[:100] if isinstance(got, str) else got
    return BadRequest(
        f"{parameter} is {shown!r}, but {allowed} is wanted", parameter=parameter, got=shown, allowed=allowed
    )
