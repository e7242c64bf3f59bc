"""Alerts, their incidents and the notices that are to go out, in the database of the accounts.

An incident and the notices of its beginning or end are written in one transaction: whatever dies in between, nobody is
told of what did not happen, and nothing that happened goes untold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, case, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from firstframe.accounts.database import as_struct, open_database
from firstframe.accounts.secret import new_id
from firstframe.alerts.alert import Alert, Rule
from firstframe.alerts.incident import Incident, key_of
from firstframe.alerts.judge import Change, Closed, Opened, Went, close, open_incident
from firstframe.alerts.notice import Event, Notice
from firstframe.alerts.signature import new_signing_secret
from firstframe.alerts.table import ALERTS, INCIDENTS, METADATA, NOTICES
from firstframe.clock import epoch_ms
from firstframe.errors import BadRequest, NotFound

MOST_ALERTS = 200
"""Of one project: each is a question, or two, every half minute."""

MOST_WAIT_MS = 3_600_000
"""No notice waits for longer between two tries: where one seems to, the clock was set back."""

_ASKED = ("metric", "filters", "group_by", "window_minutes", "above", "below", "against", "min_attempts")
"""What of a rule decides which incidents there are."""


_TO, _KIND = (NOTICES.c.channel[name].as_string() for name in ("to", "kind"))
_RECEIVER = case((_KIND == "email", "email"), else_=_TO)
"""`Channel.receiver` of a notice."""
_BEGINNING = NOTICES.alias()
_IS_AHEAD = exists().where(
    NOTICES.c.event == "closed",
    _BEGINNING.c.incident_id == NOTICES.c.incident_id,
    _BEGINNING.c.event == "opened",
    _BEGINNING.c.due_ms.is_not(None),
    _BEGINNING.c.channel["to"].as_string() == _TO,
)
"""Whether a notice tells the end of an incident to who has yet to be told of its beginning."""


class AlertStore:
    """Thread-safe; every method asks the database, and raises `sqlalchemy.exc.SQLAlchemyError` when it is away."""

    def __init__(self, url: str, *, now_ms: Callable[[], int] = epoch_ms) -> None:
        """Connect and make the tables. Raises `ConfigError` when the URL or the database is wrong."""
        self._now_ms = now_ms
        self._engine = open_database(url, METADATA)

    def close(self) -> None:
        self._engine.dispose()

    # Alerts

    def create(self, project: str, rule: Rule) -> Alert:
        """Raises `BadRequest` where the project has as many as it may have."""
        with self._engine.begin() as connection:
            mine = select(func.count()).select_from(ALERTS).where(ALERTS.c.project == project)
            if (connection.execute(mine).scalar() or 0) >= MOST_ALERTS:
                raise BadRequest(
                    f"this project has {MOST_ALERTS} alerts, and may have no more",
                    code="too_many_alerts",
                    allowed=MOST_ALERTS,
                )
            now_ms = self._now_ms()
            alert = Alert(
                id=new_id(),
                project=project,
                rule=rule,
                signing_secret=new_signing_secret(),
                created_ms=now_ms,
                changed_ms=now_ms,
            )
            connection.execute(insert(ALERTS).values(**_plain(alert)))
        return alert

    def alerts(self, project: str | None = None) -> list[Alert]:
        """The oldest first; of all projects where none is named."""
        wanted = select(ALERTS).order_by(ALERTS.c.created_ms, ALERTS.c.id)
        return [as_struct(Alert, row) for row in self._rows(_of(wanted, project))]

    def alert(self, project: str, alert_id: str) -> Alert:
        """Raises `NotFound`."""
        for row in self._rows(_of(select(ALERTS).where(ALERTS.c.id == alert_id), project)):
            return as_struct(Alert, row)
        raise _no_alert(alert_id)

    def replace(self, project: str, alert_id: str, rule: Rule) -> Alert:
        """Another rule in the place of the old one. Incidents that it may see otherwise are closed.

        Raises `NotFound`.
        """
        old, now_ms = self.alert(project, alert_id), self._now_ms()
        # Later than before in any case: by this a look that began under the old rule is known to be of no use.
        changed_ms = max(now_ms, old.changed_ms + 1)
        new = msgspec.structs.replace(old, rule=rule, changed_ms=changed_ms, fault=None)
        with self._engine.begin() as connection:
            changed = {"rule": msgspec.to_builtins(rule), "changed_ms": changed_ms, "fault": None}
            written = update(ALERTS).where(ALERTS.c.id == alert_id).values(**changed)
            if not connection.execute(written).rowcount:
                raise _no_alert(alert_id)  # deleted since it was read
            for incident in self._open_of(connection, alert_id):
                told = msgspec.structs.replace(incident, rule=rule)
                if rule.is_paused:
                    self._end(connection, old, close(told, "paused", now_ms))
                elif _asks_the_same(incident.rule, rule):
                    self._write(connection, told)
                else:
                    self._end(connection, old, close(incident, "changed", now_ms))
        return new

    def remove(self, project: str, alert_id: str) -> None:
        """Its incidents are closed, and stay. Raises `NotFound`."""
        alert, now_ms = self.alert(project, alert_id), self._now_ms()
        with self._engine.begin() as connection:
            # The alert first, as in `record`: a watch could else open an incident that nobody would ever close.
            connection.execute(delete(ALERTS).where(ALERTS.c.id == alert_id))
            for incident in self._open_of(connection, alert_id):
                self._end(connection, alert, close(incident, "deleted", now_ms))

    # Incidents

    def open_incidents(self, alert_id: str) -> list[Incident]:
        with self._engine.connect() as connection:
            return self._open_of(connection, alert_id)

    def incidents(
        self,
        project: str,
        *,
        alert_id: str | None = None,
        is_open: bool | None = None,
        before: tuple[int, str] | None = None,
        limit: int = 100,
    ) -> list[Incident]:
        """The latest first. ``before`` is the beginning and the id of the last one that was seen."""
        wanted = _of(select(INCIDENTS), project, INCIDENTS)
        if alert_id is not None:
            wanted = wanted.where(INCIDENTS.c.alert_id == alert_id)
        if is_open is not None:
            wanted = wanted.where(INCIDENTS.c.closed_ms.is_(None) == is_open)
        if before is not None:
            opened_ms, incident_id = before
            at = INCIDENTS.c.opened_ms
            wanted = wanted.where((at < opened_ms) | ((at == opened_ms) & (INCIDENTS.c.id < incident_id)))
        wanted = wanted.order_by(INCIDENTS.c.opened_ms.desc(), INCIDENTS.c.id.desc()).limit(limit)
        return [_incident(row) for row in self._rows(wanted)]

    def incident(self, project: str, incident_id: str) -> tuple[Incident, list[Notice]]:
        """One, and who was told of it. Raises `NotFound`."""
        for row in self._rows(
            _of(select(INCIDENTS).where(INCIDENTS.c.id == incident_id), project, INCIDENTS)
        ):
            sent = select(NOTICES).where(NOTICES.c.incident_id == incident_id)
            sent = sent.order_by(NOTICES.c.created_ms, NOTICES.c.event.desc())  # opened, then closed
            return _incident(row), [as_struct(Notice, one) for one in self._rows(sent)]
        raise NotFound(
            f"there is no incident {incident_id[:64]!r}", parameter="incident_id", got=incident_id[:64]
        )

    def open_counts(self, project: str) -> dict[str, int]:
        """How many incidents of each alert are open."""
        counted = select(INCIDENTS.c.alert_id, func.count()).where(INCIDENTS.c.closed_ms.is_(None))
        rows = self._rows(_of(counted, project, INCIDENTS).group_by(INCIDENTS.c.alert_id))
        return {row[0]: row[1] for row in map(tuple, rows)}

    def record(
        self, alert: Alert, changes: Sequence[Change], at_ms: int, *, fault: str | None = None
    ) -> None:
        """What became of an alert's incidents, and why it could not be looked at, where it could not.

        Nothing of it where the alert was changed or deleted meanwhile.
        """
        told = {"checked_ms": at_ms, "fault": None} if fault is None else {"fault": fault[:500]}
        with self._engine.begin() as connection:
            # The alert first: who changes or deletes it waits until this is written, or was before it.
            seen = update(ALERTS).where(ALERTS.c.id == alert.id, ALERTS.c.changed_ms == alert.changed_ms)
            if not connection.execute(seen.values(**told)).rowcount:
                return
            for change in changes:
                match change:
                    case Opened(reading):
                        self._begin(connection, alert, open_incident(alert, reading, new_id(), at_ms))
                    case Went(incident):
                        self._write(connection, incident)
                    case Closed(incident):
                        self._end(connection, alert, incident)

    def forget(self, before_ms: int) -> int:
        """Remove incidents that were closed before then, with their notices; how many."""
        old = select(INCIDENTS.c.id).where(INCIDENTS.c.closed_ms < before_ms)
        with self._engine.begin() as connection:
            connection.execute(delete(NOTICES).where(NOTICES.c.incident_id.in_(old)))
            return connection.execute(delete(INCIDENTS).where(INCIDENTS.c.closed_ms < before_ms)).rowcount

    # Notices

    def due(self, limit: int, *, besides: Collection[str] = ()) -> list[tuple[Notice, Incident]]:
        """What is to be sent now, the longest due first, except to these receivers."""
        now_ms = self._now_ms()
        is_due = (NOTICES.c.due_ms <= now_ms) | (NOTICES.c.due_ms > now_ms + MOST_WAIT_MS)
        wanted = (
            select(NOTICES, INCIDENTS.c.body)
            .join(INCIDENTS, INCIDENTS.c.id == NOTICES.c.incident_id)
            .where(is_due, ~_IS_AHEAD, _RECEIVER.not_in(besides))
            .order_by(NOTICES.c.due_ms)
            .limit(limit)
        )
        return [(as_struct(Notice, row), msgspec.convert(row.body, Incident)) for row in self._rows(wanted)]

    def claim(self, notice: Notice, until_ms: int) -> bool:
        """Whether this process may send it: nobody else will before then."""
        mine = update(NOTICES).where(NOTICES.c.id == notice.id, NOTICES.c.due_ms == notice.due_ms)
        with self._engine.begin() as connection:
            return bool(connection.execute(mine.values(due_ms=until_ms, tries=notice.tries + 1)).rowcount)

    def settle(self, notice: Notice, *, fault: str | None, due_ms: int | None) -> None:
        """How a try ended: delivered, where there is no fault; else when the next one is, if there is one."""
        told = {"due_ms": due_ms, "fault": fault, "delivered_ms": None if fault else self._now_ms()}
        with self._engine.begin() as connection:
            connection.execute(update(NOTICES).where(NOTICES.c.id == notice.id).values(**told))

    # What they share

    def _begin(self, connection: Connection, alert: Alert, incident: Incident) -> None:
        try:
            with connection.begin_nested():
                connection.execute(insert(INCIDENTS).values(**_row(incident)))
        except IntegrityError:
            return  # another process watches too, and was first
        self._tell(connection, alert, incident, "opened")

    def _end(self, connection: Connection, alert: Alert, closed: Incident) -> None:
        if self._write(connection, closed):
            self._tell(connection, alert, closed, "closed")

    def _write(self, connection: Connection, incident: Incident) -> bool:
        """Whether it was still open."""
        still_open = INCIDENTS.c.closed_ms.is_(None)
        written = update(INCIDENTS).where(INCIDENTS.c.id == incident.id, still_open).values(**_row(incident))
        return bool(connection.execute(written).rowcount)

    def _tell(self, connection: Connection, alert: Alert, incident: Incident, event: Event) -> None:
        now_ms = self._now_ms()
        for channel in incident.rule.notify:
            notice = Notice(
                id=new_id() + new_id(),
                incident_id=incident.id,
                event=event,
                channel=channel,
                signing_secret=alert.signing_secret,
                # Not up to when the numbers told: they may be a day behind, and patience with a receiver begins now.
                created_ms=now_ms,
                due_ms=now_ms,
            )
            connection.execute(insert(NOTICES).values(**_plain(notice)))

    def _open_of(self, connection: Connection, alert_id: str) -> list[Incident]:
        wanted = select(INCIDENTS).where(INCIDENTS.c.alert_id == alert_id, INCIDENTS.c.closed_ms.is_(None))
        return [_incident(row) for row in connection.execute(wanted).all()]

    def _rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        with self._engine.connect() as connection:
            return connection.execute(statement).all()


def _of(statement: Select[Any], project: str | None, table: Any = ALERTS) -> Select[Any]:
    return statement if project is None else statement.where(table.c.project == project)


def _no_alert(alert_id: str) -> NotFound:
    return NotFound(f"there is no alert {alert_id[:64]!r}", parameter="alert_id", got=alert_id[:64])


def _asks_the_same(old: Rule, new: Rule) -> bool:
    return all(getattr(old, name) == getattr(new, name) for name in _ASKED)


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain


def _row(incident: Incident) -> dict[str, Any]:
    key = sha256(key_of(incident.group).encode()).hexdigest()
    return {
        "id": incident.id,
        "project": incident.project,
        "alert_id": incident.alert_id,
        "open_key": f"{incident.alert_id}:{key}" if incident.is_open else None,
        "opened_ms": incident.opened_ms,
        "closed_ms": incident.closed_ms,
        "body": msgspec.to_builtins(incident),
    }


def _incident(row: Row[Any]) -> Incident:
    return msgspec.convert(row.body, Incident)
