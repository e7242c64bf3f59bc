"""What becomes of an alert's incidents when its groups are read again: a pure function of both and the time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from firstframe.alerts.alert import Alert, Rule
from firstframe.alerts.incident import Incident, Reading, Reason, key_of

SILENT_MS = 3_600_000
"""An incident of which nothing was heard for so long (or for its window, if that is longer) is closed."""
MOST_OPEN = 50
"""Incidents of one alert at a time: when everything is wrong at once, more of them tell nobody more."""


class Opened(msgspec.Struct, frozen=True):
    """A group that became wrong."""

    reading: Reading


class Went(msgspec.Struct, frozen=True):
    """An incident that goes on, as it is now."""

    incident: Incident


class Closed(msgspec.Struct, frozen=True):
    """An incident that is over, as it was at its end."""

    incident: Incident


Change = Opened | Went | Closed


def is_wrong(rule: Rule, reading: Reading) -> bool | None:
    """Whether a reading is out of the rule's bounds; None where there is nothing to say."""
    shown = compared(rule, reading)
    if shown is None or reading.attempts < _needed(rule, reading) or _compares_with_few(rule, reading):
        return None
    return (rule.above is not None and shown > rule.above) or (rule.below is not None and shown < rule.below)


def compared(rule: Rule, reading: Reading) -> float | None:
    """What the bounds are held against: the value, or how it changed since the earlier window, as a ratio."""
    if rule.against == "value" or reading.value is None:
        return reading.value
    if not reading.reference:
        return None
    return reading.value / reading.reference - 1


def judge(
    alert: Alert, readings: Sequence[Reading], open_now: Iterable[Incident], at_ms: int
) -> list[Change]:
    """The changes, those of open incidents first. ``at_ms`` is up to when the readings tell."""
    rule = alert.rule
    by_key = {key_of(reading.group): reading for reading in readings}
    mine = {key_of(incident.group): incident for incident in open_now}
    changes: list[Change] = [_gone_on(incident, by_key.get(key), at_ms) for key, incident in mine.items()]
    room = MOST_OPEN - sum(isinstance(change, Went) for change in changes)
    wrong = [one for key, one in by_key.items() if key not in mine and is_wrong(rule, one)]
    # Those with the most views first: where there is no room for all, they matter most.
    wrong.sort(key=lambda reading: -reading.attempts)
    return [*changes, *(Opened(reading) for reading in wrong[: max(room, 0)])]


def open_incident(alert: Alert, reading: Reading, incident_id: str, at_ms: int) -> Incident:
    """The incident that a wrong reading begins."""
    assert reading.value is not None  # noqa: S101 - what is not known is not wrong
    return Incident(
        id=incident_id,
        project=alert.project,
        alert_id=alert.id,
        rule=alert.rule,
        group=dict(reading.group),
        opened_ms=at_ms,
        breached_ms=at_ms,
        seen_ms=at_ms,
        opened_with=reading.value,
        value=reading.value,
        worst=reading.value,
        reference=reading.reference,
        attempts=reading.attempts,
    )


def close(incident: Incident, reason: Reason, at_ms: int) -> Incident:
    """The incident as it is over."""
    return msgspec.structs.replace(incident, closed_ms=max(at_ms, incident.opened_ms), reason=reason)


def _gone_on(incident: Incident, reading: Reading | None, at_ms: int) -> Change:
    rule, incident = incident.rule, _not_in_the_future(incident, at_ms)
    wrong = None if reading is None else is_wrong(rule, reading)
    if reading is None or wrong is None:
        is_silent = at_ms - incident.seen_ms >= max(SILENT_MS, rule.window_ms)
        return Closed(close(incident, "no_data", at_ms)) if is_silent else Went(incident)
    now = msgspec.structs.replace(
        incident,
        seen_ms=at_ms,
        value=reading.value,
        reference=reading.reference,
        attempts=reading.attempts,
        breached_ms=at_ms if wrong else incident.breached_ms,
        worst=_worse(rule, incident.worst, reading) if wrong else incident.worst,
    )
    # Right for a whole window: then no view that was wrong is left in it, and it does not flap.
    if not wrong and at_ms - incident.breached_ms >= rule.window_ms:
        return Closed(close(now, "recovered", at_ms))
    return Went(now)


def _not_in_the_future(incident: Incident, at_ms: int) -> Incident:
    """Where the clock was set back, it was seen and wrong just now: else it would stay open until the clock is there."""
    return msgspec.structs.replace(
        incident, breached_ms=min(incident.breached_ms, at_ms), seen_ms=min(incident.seen_ms, at_ms)
    )


def _worse(rule: Rule, worst: float, reading: Reading) -> float:
    """The further out of the two. A rule with both bounds goes by the one that is broken now."""
    assert reading.value is not None  # noqa: S101 - what is not known is not wrong
    shown = compared(rule, reading)
    is_high = rule.above is not None and shown is not None and shown > rule.above
    return max(worst, reading.value) if is_high else min(worst, reading.value)


def _needed(rule: Rule, reading: Reading) -> int:
    """Attempts that are needed now. A fall to nothing is told by those there were before."""
    if rule.is_counted and reading.reference_attempts >= rule.fewest_attempts > 0:
        return 0
    return rule.fewest_attempts


def _compares_with_few(rule: Rule, reading: Reading) -> bool:
    """Whether the earlier window had too few attempts: they say as little of a ratio or a mean as too few now."""
    return (
        rule.against != "value" and not rule.is_counted and reading.reference_attempts < rule.fewest_attempts
    )
