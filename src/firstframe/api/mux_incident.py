"""Incidents of our alerts in Mux's shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from firstframe.alerts.incident import Incident, key_of
from firstframe.alerts.judge import compared
from firstframe.alerts.notice import bounds, title_of
from firstframe.api.mux_query import DAY_MS, Call, Frame, Timeframe, framed
from firstframe.metrics.instant import iso

MOST_INCIDENTS = 5_000
"""The latest ones: no more are looked through."""
MONTH_MS = 30 * DAY_MS
STATUSES = ("open", "closed", "expired")
SEVERITIES: Mapping[str, str] = {"warning": "warning", "alert": "critical"}
"""Mux's, by ours."""
EXPIRED = "no_data"
"""The reason for which one is closed that Mux calls expired."""
ORDERS: Mapping[str, str] = {
    "negative_impact": "affected_views",
    "value": "measured_value",
    "views": "affected_views",
    "field": "started_at",
}


async def incident_list(call: Call) -> Frame:
    """``/incidents``: all of a status and a severity, the latest first."""
    status = call.params.text("status") and call.params.choice("status", STATUSES, "")
    severity = call.params.text("severity") and call.params.choice("severity", tuple(SEVERITIES), "")
    found = await _latest(call)
    fitting = [one for one in found if status in (None, _status(one)) and severity in (None, _severity(one))]
    return _page(call, fitting)


async def one_incident(call: Call) -> Frame:
    """``/incidents/{id}``, with who was told of it. Raises `NotFound`."""
    incident, notices = await call.lookups.ask(call.alerts.incident, call.project, call.name)
    told = [
        {
            "id": number,
            "queued_at": iso(notice.created_ms),
            "attempted_at": None if notice.delivered_ms is None else iso(notice.delivered_ms),
        }
        for number, notice in enumerate(notices, 1)
    ]
    return framed({**_shown(incident), "notifications": told}, _frame(call))


async def related_incidents(call: Call) -> Frame:
    """``/incidents/{id}/related``: the others of the same alert. Raises `NotFound`."""
    mine, _ = await call.lookups.ask(call.alerts.incident, call.project, call.name)
    return _page(call, [one for one in await _latest(call, mine.alert_id) if one.id != mine.id])


async def _latest(call: Call, alert_id: str | None = None) -> Sequence[Incident]:
    """Of one alert, or of all."""
    return await call.lookups.ask(
        call.alerts.incidents, call.project, alert_id=alert_id, limit=MOST_INCIDENTS
    )


def _page(call: Call, found: Sequence[Incident]) -> Frame:
    """One page of incidents, in the order that is asked for."""
    order = ORDERS[call.params.choice("order_by", tuple(ORDERS), "field")]
    paging, descending = call.params.paging(), call.params.is_descending()
    rows = [_shown(one) for one in found]
    known = [row for row in rows if row[order] is not None]
    known.sort(key=lambda row: row[order], reverse=descending)
    rows = [*known, *(row for row in rows if row[order] is None)]
    return framed(rows[paging.skipped : paging.end], _frame(call), count=len(rows))


def _frame(call: Call) -> Timeframe:
    now_ms = call.now_ms // 1_000 * 1_000
    return Timeframe(now_ms - MONTH_MS, now_ms)


def _shown(incident: Incident) -> dict[str, Any]:
    rule = incident.rule
    threshold = rule.above if rule.above is not None else rule.below
    return {
        "id": incident.id,
        "status": _status(incident),
        "severity": _severity(incident),
        "description": title_of(incident),
        "impact": f"{rule.measure.metric.title} {bounds(rule)} over {rule.window_minutes} minutes",
        "error_description": rule.note,
        "incident_key": f"{incident.alert_id} {key_of(incident.group)}",
        "breakdowns": [
            {"id": name, "name": name, "value": None if value is None else str(value)}
            for name, value in incident.group.items()
        ],
        "measurement": rule.measure.key,
        "threshold": threshold,
        "measured_value": _compared(incident),
        "measured_value_on_close": None if incident.is_open else _compared(incident),
        "affected_views": incident.attempts,
        "affected_views_per_hour": incident.attempts * 60 / rule.window_minutes,
        "affected_views_per_hour_on_open": None,
        "sample_size": incident.attempts,
        "sample_size_unit": "views",
        "started_at": iso(incident.opened_ms),
        "resolved_at": None if incident.closed_ms is None else iso(incident.closed_ms),
        "notification_rules": [],
        "notifications": [],
    }


def _compared(incident: Incident) -> float | None:
    """What the threshold is held against: the value, or its change."""
    return compared(incident.rule, incident.latest)


def _status(incident: Incident) -> str:
    if incident.is_open:
        return "open"
    return "expired" if incident.reason == EXPIRED else "closed"


def _severity(incident: Incident) -> str:
    return next(name for name, ours in SEVERITIES.items() if ours == incident.rule.severity)
