"""The questions that are measured: the product's own, the columns a plain scan must read for them, and their plain SQL."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import msgspec
from view_load import DAY_MS, DAYS, PROJECT, VIEW_NAME, Load

from firstframe.api.board import HEADLINES
from firstframe.beacon import view_id_of
from firstframe.engine.client import AsyncEngine
from firstframe.metrics.answer import answer
from firstframe.metrics.query import plan_of, read_question
from firstframe.metrics.view import one_view
from firstframe.metrics.view_list import list_views, read_view_query

Asked = Callable[[AsyncEngine, Load], Coroutine[Any, Any, object]]


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One question, by everybody's means."""

    name: str
    product: Asked
    days: float
    scan: Sequence[str] = ()
    """Expressions over the columns touched, each read once."""
    at: str = "view_end"
    """The instant that the scan's range is about."""
    where: str = "1"
    other: str = ""
    """The same in the dialect that DuckDB and PostgreSQL share; {start}, {end} in epoch ms."""

    def scan_sql(self, load: Load, project: str) -> str:
        """A scan of the touched columns in the range, without versions."""
        start = load.end_ms - int(self.days * DAY_MS)
        held = (
            f"{self.at} >= fromUnixTimestamp64Milli({start}, 'UTC')"
            f" AND {self.at} < fromUnixTimestamp64Milli({load.end_ms}, 'UTC')"
        )
        reads = ", ".join(f"max({column})" for column in self.scan)
        return (
            f"SELECT {reads} FROM views WHERE project = '{project}' AND NOT bot AND {held} AND {self.where}"
        )

    def other_sql(self, load: Load) -> str:
        """The same question to a baseline."""
        return self.other.format(start=load.end_ms - int(self.days * DAY_MS), end=load.end_ms)


def _question(days: float, **body: Any) -> Asked:
    async def ask(engine: AsyncEngine, load: Load) -> object:
        range_ms = {"from": load.end_ms - int(days * DAY_MS), "to": load.end_ms}
        return await answer(engine, plan_of(read_question(body | range_ms), PROJECT, load.end_ms), None)

    return ask


async def _list(engine: AsyncEngine, load: Load) -> object:
    return await list_views(engine, read_view_query(PROJECT, load.end_ms, start="-24h"))


async def _list_all(engine: AsyncEngine, load: Load) -> object:
    return await list_views(engine, read_view_query(PROJECT, load.end_ms))


async def _one(engine: AsyncEngine, load: Load) -> object:
    found = await engine.query(VIEW_NAME, {"n": load.views // 3})
    return await one_view(engine, PROJECT, view_id_of(PROJECT, *found.rows[0]))


_HEADLINES = list(HEADLINES)
_OVERVIEW_COLUMNS = (
    *("attempted", "started", "outcome", "closed", "viewer_uuid", "viewer_text", "video_startup_time_ms"),
    *("startup_in_background", "startup_is_ready_time", "rebuffer_duration_ms", "watch_time_ms"),
    *("experience_score", "held_states", "lasted", "view_start"),
)
_SPANS = ("arraySum(`spans.length_ms`)", "arraySum(`spans.gap_ms`)")
_HELD = "project = 'default' AND NOT bot"
_ENDED = f"{_HELD} AND closed AND view_end_ms >= {{start}} AND view_end_ms < {{end}}"
_OVERVIEW = f"""
SELECT count(*) FILTER (WHERE attempted), sum(watch_time_ms) FILTER (WHERE attempted), count(DISTINCT viewer_id),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY video_startup_time_ms) FILTER (WHERE started AND NOT ready_time),
    sum(rebuffer_duration_ms) FILTER (WHERE started) / sum(watch_time_ms) FILTER (WHERE started
        AND rebuffer_duration_ms IS NOT NULL),
    count(*) FILTER (WHERE outcome IN ('start_failed', 'playback_failed')),
    count(*) FILTER (WHERE outcome = 'exited_before_start'), avg(experience_score) FILTER (WHERE attempted)
FROM views WHERE {_HELD}
"""


def _overview(days: float, other: bool = True) -> Ask:
    span = int(days * DAY_MS)
    periods = (
        f"{_OVERVIEW} AND view_end_ms >= {{start}} AND view_end_ms < {{end}} UNION ALL {_OVERVIEW}"
        f" AND view_end_ms >= {{start}} - {span} AND view_end_ms < {{start}}"
    )
    return Ask(
        name=f"overview, {days:g} days and those before"
        if days > 1
        else "overview, a day and the one before",
        product=_question(days, metrics=_HEADLINES, compare="previous"),
        days=2 * days,
        scan=_OVERVIEW_COLUMNS,
        other=periods.replace("{start}", f"({{end}} - {span})") if other else "",
    )


QUESTIONS: Sequence[Ask] = (
    _overview(1),
    _overview(7),
    _overview(DAYS / 2),
    Ask(
        name="overview's series, a day by hour and the one before",
        product=_question(1, metrics=_HEADLINES, compare="previous", granularity="hour"),
        days=2,
        scan=(*_OVERVIEW_COLUMNS, *_SPANS),
    ),
    Ask(
        name="breakdown by country and device, 30 days",
        product=_question(
            DAYS, metrics=["attempts", "rebuffer_percentage"], group_by=["country", "device_type"]
        ),
        days=DAYS,
        scan=(
            "country",
            "device_type",
            "attempted",
            "started",
            "rebuffer_duration_ms",
            "watch_time_ms",
            "closed",
        ),
        other=f"SELECT country, device_type, count(*) FILTER (WHERE attempted), sum(rebuffer_duration_ms)"
        f" FILTER (WHERE started) / nullif(sum(watch_time_ms) FILTER (WHERE started AND rebuffer_duration_ms"
        f" IS NOT NULL), 0) FROM views WHERE {_ENDED} GROUP BY country, device_type",
    ),
    Ask(
        name="series by hour with a filter, 30 days",
        product=_question(
            DAYS,
            metrics=["attempts", "video_startup_time.median", "rebuffer_percentage"],
            granularity="hour",
            filters=["country:eq:DE"],
        ),
        days=DAYS,
        scan=(
            *("country", "attempted", "started", "rebuffer_duration_ms", "watch_time_ms", "closed"),
            *(
                "video_startup_time_ms",
                "startup_in_background",
                "startup_is_ready_time",
                "view_start",
            ),
        ),
        where="country = 'DE'",
        other=f"SELECT floor(view_end_ms / 3600000.0), count(*) FILTER (WHERE attempted), percentile_cont(0.5)"
        f" WITHIN GROUP (ORDER BY video_startup_time_ms) FILTER (WHERE started AND NOT ready_time),"
        f" sum(rebuffer_duration_ms) FILTER (WHERE started) / nullif(sum(watch_time_ms) FILTER (WHERE started"
        f" AND rebuffer_duration_ms IS NOT NULL), 0) FROM views WHERE {_ENDED} AND country = 'DE' GROUP BY 1",
    ),
    Ask(
        name="p95 of startup by country, 30 days",
        product=_question(DAYS, metrics=["video_startup_time.p95"], group_by=["country"]),
        days=DAYS,
        scan=(
            *("country", "started", "video_startup_time_ms", "startup_in_background", "closed"),
            "startup_is_ready_time",
        ),
        other=f"SELECT country, percentile_cont(0.95) WITHIN GROUP (ORDER BY video_startup_time_ms)"
        f" FILTER (WHERE started AND NOT ready_time) FROM views WHERE {_ENDED} GROUP BY country",
    ),
    Ask(
        name="unique viewers, 30 days",
        product=_question(DAYS, metrics=["unique_viewers"]),
        days=DAYS,
        at="view_start",
        scan=("viewer_uuid", "viewer_text", "attempted"),
        other=f"SELECT count(DISTINCT viewer_id) FROM views WHERE {_HELD} AND attempted"
        " AND view_start_ms >= {start} AND view_start_ms < {end}",
    ),
    Ask(
        name="concurrent viewers by minute, a day",
        product=_question(1, metrics=["concurrent_viewers"], granularity="minute"),
        days=1,
        at="view_start",
        scan=("attempted", "held_states", *_SPANS),
        other=f"WITH marks AS (SELECT view_start_ms AS moment, 1 AS step FROM views WHERE {_HELD} AND attempted"
        " AND view_start_ms < {end} AND view_end_ms >= {start} UNION ALL SELECT view_end_ms, -1 FROM views WHERE"
        f" {_HELD} AND attempted AND view_start_ms < {{end}} AND view_end_ms >= {{start}}), running AS"
        " (SELECT moment, sum(step) OVER (ORDER BY moment, step) AS here FROM marks)"
        " SELECT floor(moment / 60000.0), max(here) FROM running GROUP BY 1",
    ),
    Ask(
        name="one view by its id",
        product=_one,
        days=DAYS,
        other="SELECT * FROM views WHERE view_id = '{start:032x}'",
    ),
    Ask(
        name="list of views, the last day's newest 50",
        product=_list,
        days=1,
        at="view_start",
        scan=("view_start", "native_view_uuid", "native_view_text"),
        other=f"SELECT * FROM views WHERE {_HELD} ORDER BY view_start_ms DESC LIMIT 50",
    ),
    Ask(name="list of views, of all the newest 50", product=_list_all, days=DAYS),
)
"""In the order of the report."""

OTHER_COLUMNS: Mapping[str, tuple[str, str]] = {
    "project": ("project", "text"),
    "view_id": ("view_id", "text"),
    "viewer_id": ("viewer_id", "text"),
    "video_id": ("video_id", "text"),
    "country": ("country", "text"),
    "device_type": ("device_type", "text"),
    "outcome": ("outcome", "text"),
    "bot": ("bot", "boolean"),
    "closed": ("closed", "boolean"),
    "attempted": ("attempted", "boolean"),
    "started": ("started", "boolean"),
    "ready_time": ("startup_is_ready_time", "boolean"),
    "view_start_ms": ("toUnixTimestamp64Milli(view_start)", "bigint"),
    "view_end_ms": ("toUnixTimestamp64Milli(view_end)", "bigint"),
    "video_startup_time_ms": ("video_startup_time_ms", "double precision"),
    "rebuffer_duration_ms": ("rebuffer_duration_ms", "double precision"),
    "watch_time_ms": ("watch_time_ms", "double precision"),
    "experience_score": ("experience_score", "double precision"),
}
"""What the baselines hold: column → how the engine tells it, and its type."""
