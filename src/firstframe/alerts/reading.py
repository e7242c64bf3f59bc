"""Reading an alert's metric: one question of the catalogue, and a second where it is compared with an earlier window."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from firstframe.alerts.alert import Rule, baseline_end_ms, question_of
from firstframe.alerts.incident import Reading, key_of
from firstframe.engine.client import AsyncEngine
from firstframe.metrics.answer import answer
from firstframe.metrics.query import plan_of

MOST_GROUPS = 500
"""Groups of one alert that are watched: those with the most attempts."""
MOST_KNOWN = 4 * MOST_GROUPS
"""Groups that are read where two windows are put together: who is not among the first in one may be in the other."""

_Row = Mapping[str, Any]


class Window(msgspec.Struct, frozen=True):
    """What was read of one window."""

    rows: Mapping[str, _Row]
    """By their groups, those with the most attempts first."""
    is_whole: bool
    """Whether these are all groups there are."""


async def read(engine: AsyncEngine, rule: Rule, project: str, end_ms: int) -> list[Reading]:
    """What the metric is in the window that ends then, of each group. Raises `EngineError`, `BadRequest`."""
    if not looks_back(rule):
        return readings_of(rule, await _window(engine, rule, project, end_ms, MOST_GROUPS))
    ends = (end_ms, baseline_end_ms(rule, end_ms))
    return readings_of(
        rule, *await asyncio.gather(*(_window(engine, rule, project, one, MOST_KNOWN) for one in ends))
    )


def looks_back(rule: Rule) -> bool:
    """Whether the earlier window is wanted too: to compare with, or to know which groups may have fallen silent."""
    may_vanish = rule.below is not None and bool(rule.group_by) and rule.is_counted
    return rule.against != "value" or may_vanish


def readings_of(rule: Rule, now: Window, before: Window | None = None) -> list[Reading]:
    """Both windows, group by group. Where views are counted, a group that is gone has none.

    A group is gone that is not among all there are now; where some were left out, it may only be small.
    """
    past = before.rows if before else {}
    gone = [key for key in past if key not in now.rows] if rule.is_counted and now.is_whole else []
    names = [*list(now.rows)[:MOST_GROUPS], *gone[:MOST_GROUPS]]
    return [_reading(rule, now.rows.get(key), past.get(key)) for key in names]


def _reading(rule: Rule, now: _Row | None, before: _Row | None) -> Reading:
    row = now or before or {}
    return Reading(
        group={name: row[name] for name in rule.group_by},
        value=(0 if rule.is_counted else None) if now is None else now[rule.measure.key],
        attempts=0 if now is None else now["attempts"],
        reference=None if before is None else before[rule.measure.key],
        reference_attempts=0 if before is None else before["attempts"],
    )


async def _window(engine: AsyncEngine, rule: Rule, project: str, end_ms: int, most: int) -> Window:
    question = question_of(rule, end_ms, limit=most)
    found = await answer(engine, plan_of(question, project, end_ms), None)
    rows = {key_of({name: row[name] for name in rule.group_by}): row for row in found.data}
    return Window(rows, not found.meta.truncated)
