"""What becomes of incidents when an alert is read again."""

from __future__ import annotations

import pytest

from firstframe.alerts.judge import MOST_OPEN, SILENT_MS, Closed, Opened, Went, compared, is_wrong, judge
from support_alert import MINUTE_MS, incident, make_alert, make_rule, reading

T0 = 1_800_000_000_000
TEN = 10 * MINUTE_MS


@pytest.mark.parametrize(
    ("rule", "value", "attempts", "wrong"),
    [
        ({"above": 0.05}, 0.06, 100, True),
        ({"above": 0.05}, 0.05, 100, False),
        ({"above": 0.05}, 0.06, 19, None),
        ({"above": 0.05, "min_attempts": 5}, 0.06, 19, True),
        ({"above": 0.05, "min_attempts": 0}, 0.06, 0, True),
        ({"above": 0.05}, None, 100, None),
        ({"below": 0.05}, 0.04, 100, True),
        ({"below": 0.01, "above": 0.05}, 0.03, 100, False),
        ({"below": 0.01, "above": 0.05}, 0.001, 100, True),
        ({"below": 0.01, "above": 0.05}, 0.1, 100, True),
        ({"metric": "plays", "below": 10}, 0, 0, True),
        ({"metric": "plays", "below": 10, "min_attempts": 1}, 0, 0, None),
    ],
)
def test_a_reading_is_wrong_right_or_nothing_can_be_said(rule, value, attempts, wrong) -> None:
    assert is_wrong(make_rule(**rule), reading(value, attempts)) is wrong


@pytest.mark.parametrize(
    ("value", "reference", "change", "wrong"),
    [
        (0.15, 0.1, 0.5, False),
        (0.16, 0.1, 0.6, True),
        (0.04, 0.1, -0.6, True),
        (0.1, 0.0, None, None),
        (0.1, None, None, None),
        (None, 0.1, None, None),
    ],
)
def test_a_change_is_measured_against_the_earlier_window(value, reference, change, wrong) -> None:
    rule = make_rule(above=0.5, below=-0.5, against="day")
    read = reading(value, reference=reference, reference_attempts=100)
    assert compared(rule, read) == (None if change is None else pytest.approx(change))
    assert is_wrong(rule, read) is wrong


def test_a_change_since_a_few_views_is_no_change() -> None:
    """One view of the night before has a ratio too, and everything is far from it."""
    rule = make_rule(above=0.5, against="day")
    assert is_wrong(rule, reading(0.3, reference=0.1, reference_attempts=20)) is True
    assert is_wrong(rule, reading(0.3, reference=0.1, reference_attempts=19)) is None
    counted = make_rule(metric="plays", above=0.5, against="day")
    assert is_wrong(counted, reading(30, reference=1, reference_attempts=1)) is True


def test_a_fall_to_nothing_is_told_by_the_views_there_were_before() -> None:
    rule = make_rule(metric="plays", below=-0.5, against="previous", min_attempts=50)
    assert is_wrong(rule, reading(0, 0, reference=80, reference_attempts=90)) is True
    assert is_wrong(rule, reading(0, 0, reference=8, reference_attempts=9)) is None


def test_a_wrong_reading_opens_one_incident_and_not_another() -> None:
    alert = make_alert()
    assert judge(alert, [reading(0.06)], [], T0) == [Opened(reading(0.06))]
    assert judge(alert, [reading(0.05)], [], T0) == []
    (change,) = judge(alert, [reading(0.2)], [incident(alert, 0.06, T0)], T0 + MINUTE_MS)
    assert isinstance(change, Went)
    assert (change.incident.value, change.incident.worst, change.incident.opened_with) == (0.2, 0.2, 0.06)
    assert change.incident.breached_ms == T0 + MINUTE_MS


def test_the_worst_stays_when_it_gets_better() -> None:
    alert = make_alert(below=0.2)
    (change,) = judge(alert, [reading(0.1)], [incident(alert, 0.05, T0)], T0 + MINUTE_MS)
    assert change.incident.worst == 0.05
    (change,) = judge(alert, [reading(0.3)], [incident(alert, 0.05, T0)], T0 + MINUTE_MS)
    assert (change.incident.worst, change.incident.value) == (0.05, 0.3)


def test_an_incident_is_closed_when_all_was_right_for_a_whole_window() -> None:
    alert = make_alert()
    (change,) = judge(alert, [reading(0.01)], [incident(alert, 0.06, T0)], T0 + TEN - 1)
    assert isinstance(change, Went)
    assert change.incident.breached_ms == T0
    (change,) = judge(alert, [reading(0.01)], [change.incident], T0 + TEN)
    assert isinstance(change, Closed)
    assert (change.incident.reason, change.incident.closed_ms) == ("recovered", T0 + TEN)


def test_an_incident_that_becomes_wrong_again_goes_on() -> None:
    alert = make_alert()
    (change,) = judge(alert, [reading(0.01)], [incident(alert, 0.06, T0)], T0 + TEN - 1)
    (change,) = judge(alert, [reading(0.07)], [change.incident], T0 + TEN)
    (change,) = judge(alert, [reading(0.01)], [change.incident], T0 + 2 * TEN - 1)
    assert isinstance(change, Went)


def test_an_incident_of_a_clock_that_was_ahead_is_closed_by_the_one_that_is_right() -> None:
    alert = make_alert()
    ahead = incident(alert, 0.06, T0 + 24 * 60 * MINUTE_MS)
    (change,) = judge(alert, [reading(0.01)], [ahead], T0)
    assert isinstance(change, Went)
    (change,) = judge(alert, [reading(0.01)], [change.incident], T0 + TEN)
    assert isinstance(change, Closed)
    assert change.incident.reason == "recovered"
    (change,) = judge(alert, [], [ahead], T0)
    (change,) = judge(alert, [], [change.incident], T0 + SILENT_MS)
    assert isinstance(change, Closed)


@pytest.mark.parametrize("heard", [[], [reading(None)], [reading(0.5, 3)]])
def test_silence_neither_opens_nor_closes_until_it_is_long(heard) -> None:
    alert = make_alert()
    assert judge(alert, heard, [], T0) == []
    now = incident(alert, 0.06, T0)
    assert judge(alert, heard, [now], T0 + SILENT_MS - 1) == [Went(now)]
    (change,) = judge(alert, heard, [now], T0 + SILENT_MS)
    assert isinstance(change, Closed)
    assert change.incident.reason == "no_data"


def test_each_group_has_an_incident_of_its_own() -> None:
    alert = make_alert(group_by=["cdn"])
    wide, narrow = {"cdn": "wide"}, {"cdn": "narrow"}
    now = [reading(0.2, group=wide), reading(0.3, group=narrow), reading(0.1, group={"cdn": None})]
    changes = judge(alert, now, [incident(alert, 0.2, T0, group=wide)], T0 + 1)
    assert [type(one) for one in changes] == [Went, Opened, Opened]
    assert changes[1].reading.group == narrow


def test_when_everything_is_wrong_the_largest_groups_are_told() -> None:
    alert = make_alert(group_by=["video_id"])
    now = [reading(0.2, 100 + n, group={"video_id": str(n)}) for n in range(MOST_OPEN + 10)]
    changes = judge(alert, now, [], T0)
    assert len(changes) == MOST_OPEN
    assert changes[0].reading.attempts == 100 + MOST_OPEN + 9
    held = [incident(alert, 0.2, T0, group=one.group) for one in now[:MOST_OPEN]]
    assert not [one for one in judge(alert, now, held, T0) if isinstance(one, Opened)]


def test_what_is_not_known_is_not_zero() -> None:
    alert = make_alert(metric="plays", below=10, group_by=["cdn"])
    gone = incident(alert, 1, T0, group={"cdn": "wide"})
    (change,) = judge(alert, [], [gone], T0 + MINUTE_MS)
    assert change == Went(gone)
