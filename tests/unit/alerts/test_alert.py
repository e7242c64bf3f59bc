"""Rules as people write them, and what is said of wrong ones."""

from __future__ import annotations

import pytest

from firstframe.alerts.alert import baseline_end_ms, question_of, read_rule
from firstframe.errors import BadRequest
from support_alert import MINUTE_MS, make_rule
from support_question import NOW_MS

RIGHT = {"name": "Rebuffering", "metric": "rebuffer_percentage", "above": 0.05}
HOOK = {"kind": "webhook", "to": "https://example.com/hook"}


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": None}, "name"),
        ({"note": "x" * 2_001}, "note"),
        ({"metric": "rebufer_percentage"}, "metric"),
        ({"metric": "plays.p95"}, "metric"),
        ({"metric": 5}, "metric"),
        ({"filters": ["cdn:equals:wide"]}, "filters"),
        ({"filters": ["cdnn:eq:wide"]}, "filters"),
        ({"filters": {"and": 3}}, "filters"),
        ({"filters": ["cdn:eq:" + "x" * 10_000]}, "filters"),
        ({"filters": [[]] * 4_000}, "filters"),
        ({"group_by": ["cdnn"]}, "group_by"),
        ({"group_by": ["cdn", "country", "browser"]}, "group_by"),
        ({"window_minutes": 0}, "window_minutes"),
        ({"window_minutes": 1_441}, "window_minutes"),
        ({"window_minutes": 1.5}, "window_minutes"),
        ({"above": None}, "above"),
        ({"above": "much"}, "above"),
        ({"below": 0.06}, "below"),
        ({"against": "month"}, "against"),
        ({"min_attempts": -1}, "min_attempts"),
        ({"severity": "bad"}, "severity"),
        ({"notify": [HOOK] * 11}, "notify"),
        ({"notify": [{"kind": "webhook"}]}, "notify[0]"),
        ({"notify": [{**HOOK, "to": "ftp://example.com"}]}, "notify"),
        ({"notify": [{**HOOK, "to": "https://"}]}, "notify"),
        ({"notify": [{**HOOK, "to": "https://[::1"}]}, "notify"),
        ({"notify": [{**HOOK, "to": "https://example.com:99999/"}]}, "notify"),
        ({"notify": [{**HOOK, "to": "https://example.com/a b"}]}, "notify"),
        ({"notify": [{**HOOK, "to": "https://example.com/\r\nx: y"}]}, "notify"),
        ({"notify": [{**HOOK, "to": "https://user:secret@example.com/"}]}, "notify"),
        ({"notify": [{**HOOK, "to": "https://example.com/" + "x" * 2_000}]}, "notify"),
        ({"notify": [{"kind": "email", "to": "nobody"}]}, "notify"),
        ({"notify": [{"kind": "email", "to": "a@b.example\nBcc: c@d.example"}]}, "notify"),
        ({"notify": [{"kind": "email", "to": "a@b.example, c@d.example"}]}, "notify"),
        ({"notify": [{"kind": "pager", "to": "x"}]}, "notify[0].kind"),
        ({"threshold": 1}, "the rule"),
    ],
)
def test_a_wrong_rule_is_refused_by_the_name_of_its_field(change, parameter) -> None:
    with pytest.raises(BadRequest) as caught:
        read_rule({**RIGHT, **change}, has_mail=True, now_ms=NOW_MS)
    assert caught.value.detail["parameter"] == parameter, caught.value.message
    assert caught.value.detail["allowed"]


def test_numbers_that_are_none_are_no_bounds() -> None:
    with pytest.raises(BadRequest, match="finite"):
        make_rule(above=float("nan"))


def test_mail_needs_a_mail_server() -> None:
    with pytest.raises(BadRequest, match="smtp"):
        read_rule(
            {**RIGHT, "notify": [{"kind": "email", "to": "a@b.example"}]}, has_mail=False, now_ms=NOW_MS
        )


def test_something_that_is_no_object_is_refused() -> None:
    for body in (None, [], "x", 5):
        with pytest.raises(BadRequest, match="the rule"):
            read_rule(body, has_mail=True, now_ms=NOW_MS)


@pytest.mark.parametrize(
    ("fields", "attempts"),
    [
        ({}, 20),
        ({"metric": "video_startup_time.p95", "above": 2000}, 20),
        ({"metric": "plays", "below": 1}, 0),
        ({"metric": "unique_viewers", "below": 1}, 0),
        ({"metric": "watch_time", "below": 1}, 0),
        ({"metric": "watch_time.median", "below": 1}, 20),
        ({"metric": "plays", "below": 1, "min_attempts": 7}, 7),
    ],
)
def test_counts_and_sums_need_no_views_and_everything_else_some(fields, attempts) -> None:
    assert make_rule(**fields).fewest_attempts == attempts


def test_the_question_is_of_the_window() -> None:
    asked = question_of(make_rule(window_minutes=15, filters=["cdn:eq:wide"]), NOW_MS)
    assert (asked.from_, asked.to) == (NOW_MS - 15 * MINUTE_MS, NOW_MS)
    assert asked.metrics == ["rebuffer_percentage", "attempts"]
    assert asked.filters == ["cdn:eq:wide"]


@pytest.mark.parametrize(("against", "minutes"), [("previous", 15), ("day", 1_440), ("week", 10_080)])
def test_the_earlier_window_ends_when_its_name_says(against, minutes) -> None:
    rule = make_rule(against=against, window_minutes=15)
    assert baseline_end_ms(rule, NOW_MS) == NOW_MS - minutes * MINUTE_MS
