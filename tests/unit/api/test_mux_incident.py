"""Incidents in Mux's shape."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import support_engine
from firstframe.alerts.judge import Closed, Opened, close
from firstframe.alerts.store import AlertStore
from firstframe.engine.client import Engine
from support_alert import MINUTE_MS, make_rule, reading
from support_mux_api import requests
from support_question import NOW_MS

pytestmark = pytest.mark.engine
HOOK = {"kind": "webhook", "to": "https://a.example/"}


@pytest.fixture(scope="module")
def engine(engine_url: str) -> Iterator[Engine]:
    with support_engine.fresh(engine_url) as made:
        yield made


@pytest.fixture
def alerts(tmp_path: Path) -> Iterator[AlertStore]:
    """Three groups of one alert, of which one recovered and one fell silent, and one of another; one of another project."""
    clock = [NOW_MS]
    store = AlertStore(f"sqlite:///{tmp_path / 'accounts.db'}", now_ms=lambda: clock[0])
    rule = make_rule(name="Stalls", group_by=["cdn"], severity="critical", note="Call them", notify=[HOOK])
    alert = store.create("default", rule)
    for number, cdn in enumerate(("wide", "narrow", None)):
        opened = Opened(reading(0.1 * (number + 1), 60 * (number + 1), group={"cdn": cdn}))
        store.record(alert, [opened], NOW_MS + number * 1_000)
    by_cdn = {one.group["cdn"]: one for one in store.open_incidents(alert.id)}
    over = [
        close(by_cdn["wide"], "recovered", NOW_MS + MINUTE_MS),
        close(by_cdn["narrow"], "no_data", NOW_MS),
    ]
    clock[0] += MINUTE_MS
    store.record(alert, [Closed(one) for one in over], clock[0])
    clock[0] = NOW_MS
    fewer = store.create("default", make_rule(name="Fewer", metric="plays", below=-0.5, against="day"))
    fell = reading(20, 25, reference=80, reference_attempts=90)
    store.record(fewer, [Opened(fell)], NOW_MS + 9_000)
    theirs = store.create("other", make_rule(name="Theirs"))
    store.record(theirs, [Opened(reading(0.5))], NOW_MS)
    yield store
    store.close()


def told(engine: Engine, alerts: AlertStore, path: str, **params: Any) -> Any:
    (answer,) = requests(engine, [(path, list(params.items()))], alerts=alerts)
    return answer.status_code, answer.json()


def listed(engine: Engine, alerts: AlertStore, path: str = "/incidents", **params: Any) -> list[str]:
    status, body = told(engine, alerts, path, **params)
    assert status == 200, body
    return [one["description"] for one in body["data"]]


def test_they_are_listed_the_latest_first(engine: Engine, alerts: AlertStore) -> None:
    every = ["Fewer", "Stalls: CDN unknown", "Stalls: CDN narrow", "Stalls: CDN wide"]
    assert listed(engine, alerts) == every
    assert listed(engine, alerts, order_direction="asc") == every[::-1]
    assert listed(engine, alerts, order_by="views") == [*every[1:], "Fewer"]
    assert listed(engine, alerts, order_by="value")[-1] == "Fewer"
    assert told(engine, alerts, "/incidents")[1]["total_row_count"] == 4


def test_pages_come_to_an_end(engine: Engine, alerts: AlertStore) -> None:
    pages = [listed(engine, alerts, limit=3, page=page) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [3, 1, 0]


def test_they_are_chosen_by_status_and_severity(engine: Engine, alerts: AlertStore) -> None:
    assert listed(engine, alerts, status="open") == ["Fewer", "Stalls: CDN unknown"]
    assert listed(engine, alerts, status="closed") == ["Stalls: CDN wide"]
    assert listed(engine, alerts, status="expired") == ["Stalls: CDN narrow"]
    assert listed(engine, alerts, severity="warning") == ["Fewer"]
    assert len(listed(engine, alerts, severity="alert")) == 3
    for wrong in ({"status": "gone"}, {"severity": "critical"}, {"order_by": "age"}, {"filters[]": "x:y"}):
        assert told(engine, alerts, "/incidents", **wrong)[0] == 400


def test_one_tells_all_there_is(engine: Engine, alerts: AlertStore) -> None:
    wide = next(one for one in alerts.incidents("default") if one.group == {"cdn": "wide"})
    status, body = told(engine, alerts, f"/incidents/{wide.id}")
    assert status == 200
    assert body["data"] == {
        "id": wide.id,
        "status": "closed",
        "severity": "alert",
        "description": "Stalls: CDN wide",
        "impact": "Rebuffer percentage above 5 % over 10 minutes",
        "error_description": "Call them",
        "incident_key": f'{wide.alert_id} {{"cdn":"wide"}}',
        "breakdowns": [{"id": "cdn", "name": "cdn", "value": "wide"}],
        "measurement": "rebuffer_percentage",
        "threshold": 0.05,
        "measured_value": 0.1,
        "measured_value_on_close": 0.1,
        "affected_views": 60,
        "affected_views_per_hour": 360,
        "affected_views_per_hour_on_open": None,
        "sample_size": 60,
        "sample_size_unit": "views",
        "started_at": "2026-01-31T00:00:00Z",
        "resolved_at": "2026-01-31T00:01:00Z",
        "notification_rules": [],
        "notifications": [
            {"id": 1, "queued_at": "2026-01-31T00:00:00Z", "attempted_at": None},
            {"id": 2, "queued_at": "2026-01-31T00:01:00Z", "attempted_at": None},
        ],
    }


def test_a_change_is_told_as_one(engine: Engine, alerts: AlertStore) -> None:
    fewer = next(one for one in alerts.incidents("default") if one.rule.name == "Fewer")
    found = told(engine, alerts, f"/incidents/{fewer.id}")[1]["data"]
    assert (found["measured_value"], found["threshold"], found["breakdowns"]) == (-0.75, -0.5, [])
    assert (found["status"], found["measured_value_on_close"], found["resolved_at"]) == ("open", None, None)


def test_related_ones_are_of_the_same_alert(engine: Engine, alerts: AlertStore) -> None:
    wide = next(one for one in alerts.incidents("default") if one.group == {"cdn": "wide"})
    path = f"/incidents/{wide.id}/related"
    assert listed(engine, alerts, path) == ["Stalls: CDN unknown", "Stalls: CDN narrow"]


def test_those_of_others_are_not_there(engine: Engine, alerts: AlertStore) -> None:
    (theirs,) = alerts.incidents("other")
    for path in (f"/incidents/{theirs.id}", f"/incidents/{theirs.id}/related", "/incidents/none"):
        status, body = told(engine, alerts, path)
        assert (status, body["error"]["type"]) == (404, "not_found")
