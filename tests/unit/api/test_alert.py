"""Alerts and incidents over the API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import fields

import support_dashboard
from firstframe.alerts.alert import Rule
from firstframe.alerts.judge import Closed, Opened, close
from firstframe.alerts.store import AlertStore
from support_alert import reading
from support_question import MINUTE_MS, NOW_MS, make_view, store
from support_receiver import receiving

pytestmark = pytest.mark.engine

RULE = {"name": "Rebuffering", "metric": "rebuffer_percentage", "above": 0.05, "group_by": ["cdn"]}


@pytest.fixture(scope="module")
def board(module_engine, tmp_path_factory) -> Iterator[Any]:
    """Views of two CDNs that just ended: one stalls, the other is too small to say."""
    for cdn, count in (("wide", 25), ("narrow", 5)):
        fields = {"watch_time_ms": 20_000.0, "rebuffer_duration_ms": 5_000.0, "length_ms": 20_000, "cdn": cdn}
        store(module_engine, [make_view(f"{cdn}-{n}", NOW_MS - MINUTE_MS, **fields) for n in range(count)])
    folder = tmp_path_factory.mktemp("alert")
    (folder / "site").mkdir()
    with support_dashboard.running(module_engine, folder, folder / "site") as running:
        yield running


@pytest.fixture
def alert(board) -> dict[str, Any]:
    """A new alert."""
    made = board.ask("/v1/alerts", method="POST", json=RULE)
    assert made.status_code == 201
    return made.json()["data"]


def test_an_alert_is_made_read_changed_and_deleted(board, alert) -> None:
    """What is read can be changed and sent back."""
    assert alert["rule"] == {
        **RULE,
        "note": "",
        "filters": [],
        "window_minutes": 10,
        "below": None,
        "against": "value",
        "min_attempts": None,
        "severity": "warning",
        "notify": [],
        "is_paused": False,
    }
    assert (alert["open_incidents"], alert["checked_ms"], alert["fault"]) == (0, None, None)
    assert alert["signing_secret"].startswith("whsec_")
    path = f"/v1/alerts/{alert['id']}"
    assert board.data(path) == alert
    changed = board.data(path, method="PUT", json={**alert["rule"], "above": 0.2, "severity": "critical"})
    assert (changed["rule"]["above"], changed["rule"]["severity"]) == (0.2, "critical")
    assert changed["signing_secret"] == alert["signing_secret"]
    assert alert["id"] in {one["id"] for one in board.data("/v1/alerts")}
    assert board.ask(path, method="DELETE").status_code == 204
    assert board.ask(path).status_code == board.ask(path, method="DELETE").status_code == 404


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        *(({**RULE, "metric": "nothing"}, "metric"), ({}, "the rule"), ([], "the rule"), (None, "the body")),
        ({**RULE, "filters": [{"dimension": "sample_rate", "op": "gt", "value": 10**400}]}, "filters"),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("POST", "/preview"), ("PUT", "/x")])
def test_a_wrong_rule_is_refused_everywhere(board, body, parameter, method, path) -> None:
    answer = board.ask(f"/v1/alerts{path}", method=method, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["detail"]["parameter"] == parameter


def test_the_body_of_a_rule_is_documented(board) -> None:
    paths = board.ask("/schema/openapi.json").json()["paths"]
    bodies = [
        paths[path][verb]["requestBody"]["content"]["application/json"]["schema"]
        for path, verb in (
            ("/v1/alerts", "post"),
            ("/v1/alerts/preview", "post"),
            ("/v1/alerts/{alert_id}", "put"),
        )
    ]
    assert all(set(body["properties"]) == {one.encode_name for one in fields(Rule)} for body in bodies)
    assert bodies[0]["properties"]["notify"]["items"]["required"] == ["kind", "to"]
    assert "$ref" not in str(bodies)


def test_a_rule_can_be_tried(board) -> None:
    """What it would say now; the wrong groups first."""
    answer = board.ask("/v1/alerts/preview", method="POST", json=RULE).json()
    assert [(one["group"]["cdn"], one["is_wrong"]) for one in answer["data"]] == [
        ("wide", True),
        ("narrow", None),
    ]
    assert answer["data"][0]["value"] == answer["data"][0]["compared"] == 0.25
    assert answer["meta"] == {"as_of_ms": NOW_MS, "wrong": 1, "unit": "ratio"}
    assert board.data("/v1/incidents") == []


def test_a_test_says_what_became_of_it(board) -> None:
    with receiving() as receiver:
        channels = [
            {"kind": "webhook", "to": receiver.url()},
            {"kind": "chat", "to": "http://127.0.0.1:1/"},
        ]
        rule = {**RULE, "notify": channels}
        made = board.data("/v1/alerts", method="POST", json=rule)
        told = board.data(f"/v1/alerts/{made['id']}/test", method="POST")
    assert [(one["kind"], one["is_delivered"]) for one in told] == [("webhook", True), ("chat", False)]
    assert told[1]["fault"]
    assert receiver.posted[0].json["type"] == "incident.test"
    assert receiver.posted[0].json["data"]["group"] == {"cdn": "test"}
    assert board.data("/v1/incidents") == []
    board.ask(f"/v1/alerts/{made['id']}", method="DELETE")


def test_a_test_takes_no_longer_than_its_slowest_receiver(board) -> None:
    """One after the other, ten that do not answer would take longer than a proxy waits."""
    with receiving() as receiver:
        receiver.wait_seconds = 0.3
        channels = [{"kind": "webhook", "to": receiver.url(f"/{n}")} for n in range(5)]
        made = board.data("/v1/alerts", method="POST", json={**RULE, "notify": channels})
        began = time.monotonic()
        told = board.data(f"/v1/alerts/{made['id']}/test", method="POST")
        assert time.monotonic() - began < 1
    assert [one["to"] for one in told] == [one["to"] for one in channels]
    board.ask(f"/v1/alerts/{made['id']}", method="DELETE")


def test_mail_is_offered_where_there_is_a_server(board) -> None:
    assert board.ask("/v1/alerts").json()["meta"] == {"has_mail": False}
    rule = {**RULE, "notify": [{"kind": "email", "to": "a@example.com"}]}
    assert "smtp" in board.ask("/v1/alerts", method="POST", json=rule).json()["error"]["message"]


def incidents(alerts: AlertStore, alert_id: str, count: int) -> None:
    """So many incidents of an alert, the first of them over."""
    alert = alerts.alert("default", alert_id)
    wrong = [Opened(reading(0.5, group={"cdn": f"cdn-{n}"})) for n in range(count)]
    for number, change in enumerate(wrong):
        alerts.record(alert, [change], NOW_MS + number)
    first = alerts.open_incidents(alert_id)[0]
    alerts.record(alert, [Closed(close(first, "recovered", NOW_MS + MINUTE_MS))], NOW_MS)


def test_incidents_are_listed_in_pages(board, alert) -> None:
    incidents(board.alerts, alert["id"], 5)
    path = f"/v1/incidents?alert={alert['id']}&limit=2"
    found, cursor = [], ""
    while cursor is not None:
        page = board.ask(f"{path}&cursor={cursor}" if cursor else path).json()
        found += page["data"]
        cursor = page["meta"]["next"]
    assert [one["group"]["cdn"] for one in found] == [f"cdn-{n}" for n in (4, 3, 2, 1, 0)]
    assert [one["status"] for one in found] == ["open"] * 4 + ["closed"]
    assert len(board.data(f"/v1/incidents?alert={alert['id']}&status=open")) == 4
    (over,) = board.data(f"/v1/incidents?alert={alert['id']}&status=closed")
    assert (over["reason"], over["closed_at"]) == ("recovered", "2026-01-31T00:01:00Z")
    assert board.data(f"/v1/alerts/{alert['id']}")["open_incidents"] == 4
    board.ask(f"/v1/alerts/{alert['id']}", method="DELETE")
    assert {one["status"] for one in board.data(f"/v1/incidents?alert={alert['id']}")} == {"closed"}


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=-", "cursor=1", "limit=0", "limit=501", "status=odd", "of=x"]
)
def test_a_wrong_page_is_refused(board, query) -> None:
    assert board.ask(f"/v1/incidents?{query}").status_code == 400


def test_an_incident_says_who_was_told(board) -> None:
    rule = {**RULE, "notify": [{"kind": "webhook", "to": "https://a.example/"}]}
    made = board.data("/v1/alerts", method="POST", json=rule)
    board.alerts.record(board.alerts.alert("default", made["id"]), [Opened(reading(0.5))], NOW_MS)
    (listed,) = board.data(f"/v1/incidents?alert={made['id']}")
    answer = board.ask(f"/v1/incidents/{listed['id']}").json()
    assert answer["data"] == listed
    assert answer["notices"] == [
        {
            "event": "opened",
            "kind": "webhook",
            "to": "https://a.example/",
            "tries": 0,
            "delivered_ms": None,
            "next_try_ms": NOW_MS,
            "fault": None,
        }
    ]
    assert "signing_secret" not in str(answer)
    assert board.ask("/v1/incidents/none").status_code == 404
    board.ask(f"/v1/alerts/{made['id']}", method="DELETE")
