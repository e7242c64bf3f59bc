"""A notice: that an incident began or ended, for one channel; and what it says, as data and in words."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from firstframe.alerts.alert import Rule
from firstframe.alerts.channel import Channel
from firstframe.alerts.incident import Incident
from firstframe.metrics.dimension import DIMENSION_BY_ID
from firstframe.metrics.instant import iso

Event = Literal["opened", "closed", "test"]

MOST_VALUE = 100
"""Characters of one value of a dimension."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `notices`: what is to be delivered, or was."""

    id: str
    """The same at each try, so that a receiver can tell a repeat."""
    incident_id: str
    event: Event
    channel: Channel
    signing_secret: str
    created_ms: int
    due_ms: int | None
    """When it is tried next; null when it is delivered or given up."""
    tries: int = 0
    delivered_ms: int | None = None
    fault: str | None = None
    """What went wrong at the latest try."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice says."""

    title: str
    text: str
    data: dict[str, Any]
    """For programs: ``{"type", "timestamp", "data"}``, as Standard Webhooks has it."""


def letter_of(event: Event, incident: Incident, at_ms: int, dashboard_url: str) -> Letter:
    """The words for one event of an incident."""
    url = f"{dashboard_url}/alerts?{urlencode({'incident': incident.id})}"
    title = _title(event, incident)
    lines = [title, "", *_facts(event, incident), "", url]
    if incident.rule.note:
        lines[2:2] = [incident.rule.note, ""]
    return Letter(
        title=title,
        text="\n".join(lines),
        data={
            "type": f"incident.{event}",
            "timestamp": iso(at_ms),
            "data": {**told(incident), "title": title, "url": url},
        },
    )


def told(incident: Incident) -> dict[str, Any]:
    """An incident as programs read it, in the API and in webhooks."""
    rule = incident.rule
    return {
        "id": incident.id,
        "project": incident.project,
        "alert_id": incident.alert_id,
        "status": "open" if incident.is_open else "closed",
        "reason": incident.reason,
        "name": rule.name,
        "note": rule.note,
        "severity": rule.severity,
        "metric": rule.measure.key,
        "unit": rule.measure.metric.unit,
        "above": rule.above,
        "below": rule.below,
        "against": rule.against,
        "window_minutes": rule.window_minutes,
        "filters": rule.filters,
        "group": incident.group,
        "opened_at": iso(incident.opened_ms),
        "closed_at": None if incident.closed_ms is None else iso(incident.closed_ms),
        "opened_with": incident.opened_with,
        "value": incident.value,
        "worst": incident.worst,
        "reference": incident.reference,
        "attempts": incident.attempts,
    }


def spell(value: float | None, unit: str) -> str:
    """A value as people read it."""
    match unit:
        case _ if value is None:
            return "unknown"
        case "ratio":
            return f"{_number(value * 100)} %"
        case "ms":
            return f"{_number(value / 1000)} s" if abs(value) >= 1000 else f"{value:.0f} ms"
        case "bps":
            return f"{_number(value / 1e6)} Mbit/s" if abs(value) >= 1e6 else f"{value / 1000:.0f} kbit/s"
        case "per_minute":
            return f"{_number(value)} a minute"
        case _:
            return _number(value)


def _number(value: float) -> str:
    """Three figures, or all before the point; never with an exponent where it is large."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


def bounds(rule: Rule) -> str:
    """When it is wrong, in words: ``above 5 %``, ``up by more than 50 % on a day before``."""
    is_change = rule.against != "value"
    unit = "ratio" if is_change else rule.measure.metric.unit
    parts = []
    if rule.above is not None:
        word = "up by more than" if is_change and rule.above >= 0 else "above"
        parts.append(f"{word} {spell(rule.above, unit)}")
    if rule.below is not None:
        is_fall = is_change and rule.below <= 0
        parts.append(
            f"down by more than {spell(-rule.below, unit)}" if is_fall else f"below {spell(rule.below, unit)}"
        )
    return " or ".join(parts) + _AGAINST[rule.against]


_AGAINST = {
    "value": "",
    "previous": " on the window before",
    "day": " on a day before",
    "week": " on a week before",
}


def title_of(incident: Incident) -> str:
    """Which alert it is, and of which group: ``Stalls: CDN wide``."""
    where = ", ".join(f"{_called(name)} {_shown(value)}" for name, value in incident.group.items())
    return incident.rule.name + (f": {where}" if where else "")


def _title(event: Event, incident: Incident) -> str:
    word = {"opened": incident.rule.severity.upper(), "closed": "Closed", "test": "Test"}[event]
    return f"[{word}] {title_of(incident)}"


def _called(dimension: str) -> str:
    known = DIMENSION_BY_ID.get(dimension)
    return known.title if known else dimension


def _shown(value: Any) -> str:
    """A value of a dimension, which a player may have made up, as one short piece of a line."""
    if value is None:
        return "unknown"
    text = str(value)
    cut = text if len(text) <= MOST_VALUE else f"{text[:MOST_VALUE]}…"
    return "".join(each if each.isprintable() else " " for each in cut)


def for_chat(text: str) -> str:
    """Text in which nothing calls people together, and nothing is a link under another name."""
    for raw, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "@\u200b"), ("](", "]\u200b(")):
        text = text.replace(raw, safe)
    return text


def _facts(event: Event, incident: Incident) -> list[str]:
    rule, unit = incident.rule, incident.rule.measure.metric.unit
    title = rule.measure.metric.title
    suffix = rule.measure.key.partition(".")[2]
    said = f"{title}{f' ({suffix})' if suffix else ''}"
    facts = [
        f"{said}: {spell(incident.value, unit)} over {rule.window_minutes} minutes, {incident.attempts:,} attempts"
    ]
    if incident.reference is not None and rule.against != "value":
        facts.append(f"Before: {spell(incident.reference, unit)}")
    facts += [f"Wrong when {bounds(rule)}", f"Opened {iso(incident.opened_ms)}"]
    if incident.closed_ms is not None:
        minutes = round((incident.closed_ms - incident.opened_ms) / 60_000)
        worst = spell(incident.worst, unit)
        facts.append(f"Closed {iso(incident.closed_ms)} after {minutes} minutes: {_REASONS[incident.reason]}")
        facts.append(f"At worst {worst}")
    return facts


_REASONS = {
    None: "",
    "recovered": "it is right again",
    "no_data": "nothing more was heard of it",
    "changed": "its alert was changed",
    "paused": "its alert was paused",
    "deleted": "its alert was deleted",
}
