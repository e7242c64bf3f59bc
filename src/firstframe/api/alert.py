"""Routes about alerts: rules that are watched, and their incidents."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, Router, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter

from firstframe.accounts.account import Token
from firstframe.accounts.secret import new_id
from firstframe.alerts.alert import Alert, Rule, read_rule
from firstframe.alerts.channel import Channel
from firstframe.alerts.courier import Courier
from firstframe.alerts.incident import Incident, Reading
from firstframe.alerts.judge import compared, is_wrong, open_incident
from firstframe.alerts.notice import Notice, letter_of, told
from firstframe.alerts.reading import read
from firstframe.alerts.store import AlertStore
from firstframe.api.access import LOOKUPS, SECRET
from firstframe.api.fault import answers
from firstframe.api.query import read_json
from firstframe.api.service import Services
from firstframe.errors import BadRequest, Undelivered

MOST_INCIDENTS = 500


class Alerts(msgspec.Struct, frozen=True):
    """What these routes work with."""

    store: AlertStore
    courier: Courier
    dashboard_url: str


class AlertEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as its project sees it."""

    id: str
    rule: Rule
    open_incidents: int
    checked_ms: int | None
    """Up to when it was looked at last; null before the first time."""
    fault: str | None
    """Why it could not be looked at, where it could not."""
    signing_secret: str
    """With which its webhooks are signed, as Standard Webhooks has it."""
    created_ms: int
    changed_ms: int


class AlertAnswer(msgspec.Struct, frozen=True):
    data: AlertEntry


class AlertListMeta(msgspec.Struct, frozen=True):
    """What may be chosen in a rule here."""

    has_mail: bool
    """Whether there is a mail server, so that ``email`` is possible."""


class AlertList(msgspec.Struct, frozen=True):
    data: list[AlertEntry]
    meta: AlertListMeta


class GroupNow(msgspec.Struct, frozen=True, kw_only=True):
    """One group of a rule, as it is now."""

    group: dict[str, Any]
    value: float | None
    reference: float | None
    """The value in the earlier window that the rule compares with."""
    compared: float | None
    """What the bounds are held against: the value, or its change."""
    attempts: int
    is_wrong: bool | None
    """Null: there is nothing to say, with so few attempts or without a value."""


class PreviewMeta(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known about a preview."""

    as_of_ms: int
    """The end of the window."""
    wrong: int
    """Groups that would have an incident."""
    unit: str


class Preview(msgspec.Struct, frozen=True):
    data: list[GroupNow]
    meta: PreviewMeta


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What came of sending to one receiver."""

    kind: str
    to: str
    is_delivered: bool
    fault: str | None


class DeliveryList(msgspec.Struct, frozen=True):
    data: list[Delivery]


class IncidentList(msgspec.Struct, frozen=True):
    data: list[dict[str, Any]]
    meta: dict[str, Any]


class NoticeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who was told of an incident, or is to be."""

    event: str
    kind: str
    to: str
    tries: int
    delivered_ms: int | None
    next_try_ms: int | None
    fault: str | None
    """What went wrong at the latest try. Without a next try it was given up."""


class IncidentAnswer(msgspec.Struct, frozen=True):
    data: dict[str, Any]
    notices: list[NoticeEntry]


@get("/v1/alerts", tags=["alerts"], summary="List alerts", responses=answers(), opt={SECRET: True})
async def list_alerts(caller: NamedDependency[Token], alerts: NamedDependency[Alerts]) -> AlertList:
    """The oldest first."""
    found: Sequence[Alert] = await LOOKUPS.ask(alerts.store.alerts, caller.project)
    counts: dict[str, int] = await LOOKUPS.ask(alerts.store.open_counts, caller.project)
    entries = [_entry(one, counts.get(one.id, 0)) for one in found]
    return AlertList(entries, AlertListMeta(alerts.courier.has_mail))


@post("/v1/alerts", tags=["alerts"], summary="Make an alert", responses=answers(400, 413), opt={SECRET: True})
async def make_alert(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    alerts: NamedDependency[Alerts],
) -> AlertAnswer:
    """The body is a rule."""
    rule = await _read(request, services, alerts)
    return AlertAnswer(_entry(await LOOKUPS.ask(alerts.store.create, caller.project, rule), 0))


@get(
    "/v1/alerts/{alert_id:str}",
    tags=["alerts"],
    summary="One alert",
    responses=answers(404),
    opt={SECRET: True},
)
async def get_alert(
    alert_id: FromPath[str], caller: NamedDependency[Token], alerts: NamedDependency[Alerts]
) -> AlertAnswer:
    """Its rule, and when it was looked at."""
    return await _one(alerts, await LOOKUPS.ask(alerts.store.alert, caller.project, alert_id))


@put(
    "/v1/alerts/{alert_id:str}",
    tags=["alerts"],
    summary="Change an alert",
    responses=answers(400, 404, 413),
    opt={SECRET: True},
)
async def put_alert(
    alert_id: FromPath[str],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    alerts: NamedDependency[Alerts],
) -> AlertAnswer:
    """The body is the whole rule. Its open incidents are closed if it asks for something else now, or is paused."""
    rule = await _read(request, services, alerts)
    return await _one(alerts, await LOOKUPS.ask(alerts.store.replace, caller.project, alert_id, rule))


@delete(
    "/v1/alerts/{alert_id:str}",
    tags=["alerts"],
    summary="Delete an alert",
    status_code=204,
    responses=answers(404),
    opt={SECRET: True},
)
async def delete_alert(
    alert_id: FromPath[str], caller: NamedDependency[Token], alerts: NamedDependency[Alerts]
) -> Response[None]:
    """Its open incidents are closed, and all of them stay."""
    await LOOKUPS.ask(alerts.store.remove, caller.project, alert_id)
    return Response(None, status_code=204)


@post(
    "/v1/alerts/preview",
    tags=["alerts"],
    summary="Try a rule",
    status_code=200,
    responses=answers(400, 413),
    opt={SECRET: True},
)
async def preview_alert(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    alerts: NamedDependency[Alerts],
) -> Preview:
    """What it would say now of each group, the wrong ones first. Nothing is kept, and nobody is told."""
    rule = await _read(request, services, alerts)
    fresh_ms = services.fresh()
    end_ms = services.now_ms() if fresh_ms is None else fresh_ms
    groups = [_now(rule, one) for one in await read(services.engine, rule, caller.project, end_ms)]
    groups.sort(key=lambda one: (one.is_wrong is not True, one.is_wrong is None, -one.attempts))
    wrong = sum(one.is_wrong is True for one in groups)
    return Preview(groups, PreviewMeta(as_of_ms=end_ms, wrong=wrong, unit=rule.measure.metric.unit))


@post(
    "/v1/alerts/{alert_id:str}/test",
    tags=["alerts"],
    summary="Send a test to its receivers",
    status_code=200,
    responses=answers(404),
    opt={SECRET: True},
)
async def test_alert(
    alert_id: FromPath[str],
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    alerts: NamedDependency[Alerts],
) -> DeliveryList:
    """Now, once, to all at the same time, and says what came of it. The incident in it is made up."""
    alert: Alert = await LOOKUPS.ask(alerts.store.alert, caller.project, alert_id)
    now_ms = services.now_ms()
    return DeliveryList(
        await asyncio.gather(*(_deliver(alerts, alert, channel, now_ms) for channel in alert.rule.notify))
    )


@get("/v1/incidents", tags=["alerts"], summary="List incidents", responses=answers(400), opt={SECRET: True})
async def list_incidents(
    caller: NamedDependency[Token],
    alerts: NamedDependency[Alerts],
    status: Annotated[Literal["open", "closed"] | None, QueryParameter(description="both by default")] = None,
    alert: Annotated[str | None, QueryParameter(description="the id of one alert")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MOST_INCIDENTS)] = 100,
    cursor: Annotated[str, QueryParameter(description="`meta.next` of the page before")] = "",
) -> IncidentList:
    """The latest first."""
    found: Sequence[Incident] = await LOOKUPS.ask(
        alerts.store.incidents,
        caller.project,
        alert_id=alert,
        is_open=None if status is None else status == "open",
        before=_before(cursor) if cursor else None,
        limit=limit + 1,
    )
    page = found[:limit]
    more = f"{page[-1].opened_ms}-{page[-1].id}" if len(found) > limit else None
    return IncidentList([told(one) for one in page], {"next": more, "row_count": len(page)})


@get(
    "/v1/incidents/{incident_id:str}",
    tags=["alerts"],
    summary="One incident, and who was told of it",
    responses=answers(404),
    opt={SECRET: True},
)
async def get_incident(
    incident_id: FromPath[str], caller: NamedDependency[Token], alerts: NamedDependency[Alerts]
) -> IncidentAnswer:
    """With every notice: when it was delivered, or why not yet."""
    found: tuple[Incident, list[Notice]] = await LOOKUPS.ask(
        alerts.store.incident, caller.project, incident_id
    )
    incident, notices = found
    return IncidentAnswer(told(incident), [_notice(one) for one in notices])


def alert_routes(store: AlertStore, courier: Courier, dashboard_url: str) -> Router:
    """All of them, with what they work with."""
    alerts = Alerts(store, courier, dashboard_url)
    return Router(
        path="/",
        route_handlers=[
            *(list_alerts, make_alert, preview_alert, get_alert, put_alert, delete_alert, test_alert),
            *(list_incidents, get_incident),
        ],
        dependencies={"alerts": Provide(lambda: alerts, sync_to_thread=False)},
        signature_types=[Alerts],
    )


async def _read(request: Request[Any, Any, Any], services: Services, alerts: Alerts) -> Rule:
    body = await read_json(request)
    return read_rule(body, has_mail=alerts.courier.has_mail, now_ms=services.now_ms())


async def _one(alerts: Alerts, alert: Alert) -> AlertAnswer:
    counts: dict[str, int] = await LOOKUPS.ask(alerts.store.open_counts, alert.project)
    return AlertAnswer(_entry(alert, counts.get(alert.id, 0)))


async def _deliver(alerts: Alerts, alert: Alert, channel: Channel, now_ms: int) -> Delivery:
    letter = letter_of("test", _made_up(alert, now_ms), now_ms, alerts.dashboard_url)
    fault = None
    try:
        await alerts.courier.deliver(channel, letter, new_id(), alert.signing_secret)
    except Undelivered as error:
        fault = str(error)
    return Delivery(kind=channel.kind, to=channel.to, is_delivered=fault is None, fault=fault)


def _made_up(alert: Alert, now_ms: int) -> Incident:
    """An incident as it might be: with the bound itself as the value."""
    rule = alert.rule
    bound = rule.above if rule.above is not None else rule.below
    reading = Reading(group=dict.fromkeys(rule.group_by, "test"), value=bound, attempts=rule.fewest_attempts)
    return open_incident(alert, reading, "test", now_ms)


def _now(rule: Rule, reading: Reading) -> GroupNow:
    return GroupNow(
        group=dict(reading.group),
        value=reading.value,
        reference=reading.reference if rule.against != "value" else None,
        compared=compared(rule, reading),
        attempts=reading.attempts,
        is_wrong=is_wrong(rule, reading),
    )


def _entry(alert: Alert, open_incidents: int) -> AlertEntry:
    return AlertEntry(
        id=alert.id,
        rule=alert.rule,
        open_incidents=open_incidents,
        checked_ms=alert.checked_ms,
        fault=alert.fault,
        signing_secret=alert.signing_secret,
        created_ms=alert.created_ms,
        changed_ms=alert.changed_ms,
    )


def _notice(notice: Notice) -> NoticeEntry:
    return NoticeEntry(
        event=notice.event,
        kind=notice.channel.kind,
        to=notice.channel.to,
        tries=notice.tries,
        delivered_ms=notice.delivered_ms,
        next_try_ms=notice.due_ms,
        fault=notice.fault,
    )


def _before(cursor: str) -> tuple[int, str]:
    opened_ms, _, incident_id = cursor.partition("-")
    if not (opened_ms.isascii() and opened_ms.isdigit()) or len(opened_ms) > 15 or not incident_id:
        raise BadRequest(
            f"cursor is {cursor[:60]!r}, which no page gave",
            parameter="cursor",
            got=cursor[:60],
            allowed="meta.next of the page before",
        )
    return int(opened_ms), incident_id
