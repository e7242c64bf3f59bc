"""Alerts, readings and incidents as tests make them."""

from __future__ import annotations

from typing import Any

import msgspec

from firstframe.alerts.alert import Alert, Rule, read_rule
from firstframe.alerts.incident import Incident, Reading
from firstframe.alerts.judge import open_incident
from support_question import NOW_MS

MINUTE_MS = 60_000


def make_rule(**fields: Any) -> Rule:
    """A rule that is right, of rebuffering above 5 % unless the fields say otherwise."""
    usual: dict[str, Any] = {"name": "Rebuffering", "metric": "rebuffer_percentage"}
    if not {"above", "below"} & set(fields):
        usual["above"] = 0.05
    return read_rule({**usual, **fields}, has_mail=True, now_ms=NOW_MS)


def make_alert(alert_id: str = "a1", **fields: Any) -> Alert:
    """An alert that nobody keeps."""
    return Alert(
        id=alert_id,
        project="default",
        rule=make_rule(**fields),
        signing_secret="whsec_AAAA",
        created_ms=NOW_MS,
        changed_ms=NOW_MS,
    )


def reading(value: float | None, attempts: int = 100, **fields: Any) -> Reading:
    """What was read of one group, of all views unless the group is named."""
    return Reading(**{"group": {}, "value": value, "attempts": attempts, **fields})


def incident(alert: Alert, opened_with: float = 0.1, at_ms: int = NOW_MS, **fields: Any) -> Incident:
    """An open incident of an alert."""
    group = fields.pop("group", {})
    made = open_incident(alert, reading(opened_with, group=group), fields.pop("incident_id", "i1"), at_ms)
    return msgspec.structs.replace(made, **fields)
