"""The rows that a statement is about: one project's views, filtered; the only place that names the table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from firstframe.metrics.bind import Binder
from firstframe.metrics.dimension import Dimension
from firstframe.metrics.filter import Filter, conditions, where

SETTINGS = (
    "SETTINGS do_not_merge_across_partitions_select_final = 1, join_use_nulls = 1, transform_null_in = 1"
)
"""At the end of every statement: what a view has no asset for is null, and a null group is found again."""

_ASSETS = """ LEFT ANY JOIN (
    SELECT playback_id AS asset_playback_id, asset_id, stream_id, creator_id, title AS asset_title
    FROM assets FINAL WHERE project = {project}
) AS asset ON views.playback_id = asset.asset_playback_id"""


class Statement(msgspec.Struct, frozen=True):
    """One SELECT, and the values that its placeholders stand for."""

    sql: str
    params: dict[str, Any]


def views(
    binder: Binder,
    project: str,
    found: Filter,
    *also: str,
    bots: bool,
    groups: Sequence[Dimension] = (),
    apart: str = "",
    versions: bool = False,
) -> str:
    """``FROM views … WHERE …``: this project's views that fulfil the filter and the further conditions.

    ``apart`` is an array, named, for each element of which a view is a row of its own; with ``versions``, so is each
    version of a view that the engine has not merged yet.
    """
    owner = binder.bind(project, "String")
    join = _ASSETS.replace("{project}", owner) if _joined(found, groups) else ""
    if apart:
        join += f" ARRAY JOIN {apart}"
    held = [f"views.project = {owner}", *also, where(found, binder)]
    if not bots:
        held.insert(1, "NOT bot")
    return f"FROM views{'' if versions else ' FINAL'}{join} WHERE {' AND '.join(held)}"


def instant(value_ms: int, binder: Binder) -> str:
    """A bound instant of the columns' own type, so that their indexes are used."""
    return f"fromUnixTimestamp64Milli({binder.bind(value_ms, 'Int64')}, 'UTC')"


def touching(start_ms: int, end_ms: int, binder: Binder) -> tuple[str, str]:
    """Conditions of views of which some part may lie in ``start ≤ time < end``."""
    return f"view_start < {instant(end_ms, binder)}", f"view_end >= {instant(start_ms, binder)}"


def between(column: str, start_ms: int, end_ms: int, binder: Binder) -> str:
    """``start ≤ column < end``."""
    return f"{column} >= {instant(start_ms, binder)} AND {column} < {instant(end_ms, binder)}"


def _joined(found: Filter, groups: Iterable[Dimension]) -> bool:
    return any(group.joined for group in groups) or any(one.dimension.joined for one in conditions(found))
