"""An incident: the time in which one group of an alert was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from firstframe.alerts.alert import Rule

Reason = Literal["recovered", "no_data", "changed", "paused", "deleted"]
"""Why an incident was closed: it is right again; there was nothing to say of it for long; or somebody changed,
paused or deleted its alert."""

Group = Mapping[str, Any]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of one group: its value now, and in the earlier window where the rule compares with one."""

    group: Group
    value: float | None
    attempts: int
    reference: float | None = None
    reference_attempts: int = 0


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `incidents`. The rule stands in it as it was when the incident was opened."""

    id: str
    project: str
    alert_id: str
    rule: Rule
    group: dict[str, Any]
    opened_ms: int
    breached_ms: int
    """When it was wrong last."""
    seen_ms: int
    """When there was something to say of it last."""
    opened_with: float
    """The metric's value when it was opened."""
    value: float | None
    """The latest."""
    worst: float
    """The furthest from what is right."""
    reference: float | None
    """What the latest was compared with."""
    attempts: int
    """In the latest window."""
    closed_ms: int | None = None
    reason: Reason | None = None

    @property
    def is_open(self) -> bool:
        return self.closed_ms is None

    @property
    def latest(self) -> Reading:
        """What was read of it last."""
        return Reading(group=self.group, value=self.value, attempts=self.attempts, reference=self.reference)


def key_of(group: Group) -> str:
    """A group as one text, the same whatever the order of its dimensions."""
    return msgspec.json.encode(dict(sorted(group.items()))).decode()
