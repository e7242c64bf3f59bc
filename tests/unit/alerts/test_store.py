"""Alerts, incidents and notices in a real database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from firstframe.accounts.store import Accounts
from firstframe.alerts import store as module
from firstframe.alerts.alert import Alert
from firstframe.alerts.judge import Closed, Opened, Went, close
from firstframe.alerts.store import AlertStore
from firstframe.errors import BadRequest, ConfigError, NotFound
from support_alert import MINUTE_MS, make_rule, reading

T0 = 1_800_000_000_000
HOOKS = [{"kind": "webhook", "to": "https://a.example/"}, {"kind": "chat", "to": "https://b.example/"}]


class Clock:
    now_ms = T0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'accounts.db'}"


@pytest.fixture
def store(url: str, clock: Clock) -> Iterator[AlertStore]:
    made = AlertStore(url, now_ms=lambda: clock.now_ms)
    yield made
    made.close()


def opened(store: AlertStore, value: float = 0.1, *, at_ms: int = T0, project: str = "default", **fields):
    """An alert with an open incident."""
    alert = store.create(project, make_rule(notify=HOOKS, **fields))
    store.record(alert, [Opened(reading(value))], at_ms)
    (incident,) = store.open_incidents(alert.id)
    return alert, incident


def test_what_is_made_is_found_again(store: AlertStore) -> None:
    rule = make_rule(
        filters={"or": ["cdn:eq:wide", {"not": "country:eq:DE"}]}, group_by=["cdn"], notify=HOOKS
    )
    alert = store.create("default", rule)
    assert store.alert("default", alert.id) == alert
    assert store.alerts("default") == store.alerts() == [alert]
    assert alert.rule == rule


def test_it_shares_a_database_with_the_accounts(store: AlertStore, url: str) -> None:
    accounts = Accounts(url)
    accounts.create_project("shop")
    opened(store, project="shop")
    assert [one.project for one in store.alerts()] == ["shop"]
    assert [one.name for one in accounts.projects()] == ["default", "shop"]
    accounts.close()


def test_a_project_sees_nothing_of_another(store: AlertStore) -> None:
    alert, incident = opened(store)
    for forbidden in (
        lambda: store.alert("other", alert.id),
        lambda: store.replace("other", alert.id, make_rule()),
        lambda: store.remove("other", alert.id),
        lambda: store.incident("other", incident.id),
    ):
        with pytest.raises(NotFound):
            forbidden()
    assert store.alerts("other") == store.incidents("other") == []
    assert store.open_counts("other") == {}
    assert store.alert("default", alert.id)
    assert store.incidents("default") == [incident]


def test_a_project_has_an_end_of_alerts(store: AlertStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ALERTS", 2)
    store.create("default", make_rule())
    store.create("default", make_rule())
    with pytest.raises(BadRequest, match="2 alerts"):
        store.create("default", make_rule())
    store.create("other", make_rule())


def test_an_incident_and_its_notices_are_there_together(store: AlertStore) -> None:
    alert, incident = opened(store)
    (first, told), (second, _) = store.due(10)
    assert told == incident
    assert {first.channel.kind, second.channel.kind} == {"webhook", "chat"}
    assert {first.event, second.event} == {"opened"}
    assert first.signing_secret == alert.signing_secret
    assert first.id != second.id
    assert store.alert("default", alert.id).checked_ms == T0


def test_a_group_is_opened_once_by_however_many(store: AlertStore, url: str) -> None:
    alert, incident = opened(store)
    other = AlertStore(url, now_ms=lambda: T0)
    other.record(alert, [Opened(reading(0.2)), Opened(reading(0.2, group={"cdn": "wide"}))], T0)
    assert {one.opened_with for one in other.open_incidents(alert.id)} == {0.1, 0.2}
    assert len(store.due(100)) == 4
    over = Closed(close(incident, "recovered", T0 + 1))
    store.record(alert, [over], T0 + 1)
    other.record(alert, [over], T0 + 2)
    told = [one.event for one in store.incident("default", incident.id)[1]]
    assert sorted(told) == ["closed"] * 2 + ["opened"] * 2
    other.record(alert, [Opened(reading(0.3))], T0 + 3)
    assert len(store.open_incidents(alert.id)) == 2
    other.close()


def test_an_incident_that_goes_on_is_told_to_nobody(store: AlertStore) -> None:
    alert, incident = opened(store)
    worse = msgspec.structs.replace(incident, value=0.9, worst=0.9)
    store.record(alert, [Went(worse)], T0 + 1)
    assert store.open_incidents(alert.id) == [worse]
    assert len(store.due(100)) == 2


def test_nothing_is_recorded_by_a_rule_that_was_changed_meanwhile(store: AlertStore) -> None:
    alert = store.create("default", make_rule(notify=HOOKS))
    store.replace("default", alert.id, make_rule(above=0.5))
    store.record(alert, [Opened(reading(0.1))], T0)
    assert store.incidents("default") == []
    store.remove("default", alert.id)
    store.record(alert, [Opened(reading(0.1))], T0)
    assert store.incidents("default") == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"above": 0.2}, "changed"),
        ({"group_by": ["cdn"]}, "changed"),
        ({"filters": ["cdn:eq:wide"]}, "changed"),
        ({"is_paused": True}, "paused"),
        ({"name": "Other"}, None),
        ({"note": "see the wiki"}, None),
        ({"severity": "critical"}, None),
    ],
)
def test_a_change_closes_what_would_be_seen_otherwise(store: AlertStore, change, reason) -> None:
    alert, incident = opened(store)
    rule = make_rule(**{"notify": HOOKS, **change})
    store.replace("default", alert.id, rule)
    now, notices = store.incident("default", incident.id)
    assert now.reason == reason
    assert now.is_open is (reason is None)
    assert [one.event for one in notices] == ["opened"] * 2 + ["closed"] * (2 if reason else 0)
    if reason is None:
        assert now.rule == rule


def test_what_is_deleted_leaves_its_incidents(store: AlertStore) -> None:
    alert, incident = opened(store)
    store.remove("default", alert.id)
    assert store.alerts() == []
    now, notices = store.incident("default", incident.id)
    assert now.reason == "deleted"
    assert [one.signing_secret for one in notices] == [alert.signing_secret] * 4
    assert len(store.due(10)) == 2


def test_what_is_opened_while_its_alert_is_deleted_is_closed_with_it(
    store: AlertStore, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looks at an alert that is gone, so its incident would be open for ever."""
    alert = store.create("default", make_rule(notify=HOOKS))
    watching = AlertStore(url, now_ms=lambda: T0)
    look, find = (
        threading.Thread(target=watching.record, args=(alert, [Opened(reading(0.1))], T0)),
        store._open_of,
    )

    def found_before_the_look_is_written(connection, alert_id: str):
        found = find(connection, alert_id)
        look.start()
        look.join(0.5)
        return found

    monkeypatch.setattr(store, "_open_of", found_before_the_look_is_written)
    store.remove("default", alert.id)
    look.join()
    assert store.incidents("default", is_open=True) == []
    watching.close()


def meanwhile(store: AlertStore, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Something is done right after the store has read an alert that it is to change."""
    read = store.alert

    def read_before(*which: str) -> Alert:
        found = read(*which)
        act()
        return found

    monkeypatch.setattr(store, "alert", read_before)


def test_what_is_deleted_meanwhile_cannot_be_changed(
    store: AlertStore, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert, other = store.create("default", make_rule()), AlertStore(url)
    meanwhile(store, monkeypatch, lambda: other.remove("default", alert.id))
    with pytest.raises(NotFound):
        store.replace("default", alert.id, make_rule(name="Other"))
    other.close()


def test_of_two_changes_at_once_the_last_decides_what_stays_open(
    store: AlertStore, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was opened by a rule that stood for a moment is held against the one that follows it."""
    alert, other = store.create("default", make_rule(above=0.05)), AlertStore(url, now_ms=lambda: T0)

    def change_and_look() -> None:
        other.record(other.replace("default", alert.id, make_rule(below=0.5)), [Opened(reading(0.01))], T0)

    meanwhile(store, monkeypatch, change_and_look)
    store.replace("default", alert.id, make_rule(above=0.05))
    assert [one.reason for one in store.incidents("default")] == ["changed"]
    other.close()


def test_incidents_come_in_pages_the_latest_first(store: AlertStore) -> None:
    alert, _ = opened(store)
    other, _ = opened(store, at_ms=T0 + MINUTE_MS, name="Other")
    groups = [Opened(reading(0.2, group={"cdn": str(n)})) for n in range(5)]
    store.record(alert, groups, T0)
    found, before = [], None
    while page := store.incidents("default", before=before, limit=2):
        found += page
        before = (page[-1].opened_ms, page[-1].id)
    assert len({one.id for one in found}) == len(found) == 7
    assert found[0].alert_id == other.id
    assert len(store.incidents("default", alert_id=alert.id)) == 6
    assert store.open_counts("default") == {alert.id: 6, other.id: 1}
    store.remove("default", other.id)
    assert len(store.incidents("default", is_open=True)) == 6
    assert len(store.incidents("default", is_open=False)) == 1


def test_one_of_many_sends_a_notice(store: AlertStore, url: str, clock: Clock) -> None:
    opened(store)
    other = AlertStore(url, now_ms=lambda: clock.now_ms)
    (notice, _), _ = store.due(10)
    assert [store.claim(notice, T0 + 1_000), other.claim(notice, T0 + 1_000)] == [True, False]
    assert notice.id not in {one.id for one, _ in other.due(10)}
    clock.now_ms += 1_000
    again = next(one for one, _ in other.due(10) if one.id == notice.id)
    assert again.tries == 1
    other.close()


def test_nobody_is_told_of_an_end_before_the_beginning(store: AlertStore, clock: Clock) -> None:
    """Who was away would else be told, half an hour after the end, that it begins."""
    alert, incident = opened(store)
    hook, chat = (one for one, _ in store.due(10))
    store.claim(hook, T0 + 1_000)
    store.settle(hook, fault=None, due_ms=None)
    store.claim(chat, T0 + 1_000)
    store.settle(chat, fault="answered with 503", due_ms=T0 + 30 * MINUTE_MS)
    store.record(alert, [Closed(close(incident, "recovered", T0 + MINUTE_MS))], T0 + MINUTE_MS)
    clock.now_ms += MINUTE_MS
    assert [(one.event, one.channel) for one, _ in store.due(10)] == [("closed", hook.channel)]
    store.settle(chat, fault="answered with 503", due_ms=None)
    assert {one.channel for one, _ in store.due(10)} == {hook.channel, chat.channel}, (
        "or when that is given up"
    )


def test_a_notice_is_delivered_tried_again_or_given_up(store: AlertStore) -> None:
    _, incident = opened(store)
    (first, _), (second, _) = store.due(10)
    for one in (first, second):
        store.claim(one, T0 + 1_000)
    store.settle(first, fault=None, due_ms=None)
    store.settle(second, fault="answered with 500", due_ms=T0 + 5_000)
    found = {one.id: one for one in store.incident("default", incident.id)[1]}
    assert (found[first.id].delivered_ms, found[first.id].due_ms) == (T0, None)
    assert (found[second.id].fault, found[second.id].due_ms) == ("answered with 500", T0 + 5_000)
    store.settle(second, fault="answered with 500", due_ms=None)
    assert store.due(10) == []


def test_a_clock_that_is_set_back_holds_no_notice_back(store: AlertStore, clock: Clock) -> None:
    opened(store)
    (notice, _), _ = store.due(10)
    store.claim(notice, T0 + 45_000)
    assert len(store.due(10)) == 1
    clock.now_ms -= 24 * 60 * MINUTE_MS
    assert len(store.due(10)) == 2


def test_old_incidents_are_forgotten_with_their_notices(store: AlertStore) -> None:
    alert, incident = opened(store)
    still_open = opened(store)[1]
    store.record(alert, [Closed(close(incident, "recovered", T0 + 1))], T0 + 1)
    assert store.forget(T0) == 0
    assert store.forget(T0 + 2) == 1
    assert store.incidents("default") == [still_open]
    assert {one.incident_id for one, _ in store.due(100)} == {still_open.id}


def test_many_may_make_the_tables_at_once(tmp_path: Path) -> None:
    """At the first start the API and the watch do."""
    with ThreadPoolExecutor(8) as pool:
        for number in range(4):
            url = f"sqlite:///{tmp_path / f'{number}.db'}"
            for made in pool.map(AlertStore, [url] * 8):
                made.close()


def test_a_database_that_is_none_is_told() -> None:
    with pytest.raises(ConfigError, match="accounts cannot be opened"):
        AlertStore("sqlite:////nowhere/at/all.db")
