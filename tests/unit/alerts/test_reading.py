"""An alert's metric, read from the real engine, is what `/v1/query` answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import support_engine
from firstframe.alerts import reading as module
from firstframe.alerts.incident import Reading
from firstframe.alerts.reading import looks_back, read
from firstframe.engine.client import Engine
from firstframe.view.record import Outcome
from support_alert import MINUTE_MS, make_rule
from support_question import DAY_MS, NOW_MS, ask, make_view, store, wait

FAILED = {"outcome": Outcome.START_FAILED, "started": False}


@pytest.fixture(scope="module")
def stored(engine_url: str) -> Iterator[Engine]:
    """Half an hour and the day before: `wide` fails often and is quiet now, `narrow` is new."""
    with support_engine.fresh(engine_url) as engine:
        views = []
        for cdn, ago_ms, good, bad in (
            ("wide", 5 * MINUTE_MS, 6, 2),
            ("narrow", 5 * MINUTE_MS, 3, 0),
            ("wide", 15 * MINUTE_MS, 10, 0),
            ("gone", 15 * MINUTE_MS, 4, 0),
            ("wide", DAY_MS + 5 * MINUTE_MS, 2, 2),
        ):
            for n in range(good + bad):
                fields = FAILED if n >= good else {}
                start_ms = NOW_MS - ago_ms
                views.append(make_view(f"{cdn}-{ago_ms}-{n}", start_ms, cdn=cdn, length_ms=30_000, **fields))
        views.append(make_view("stranger", NOW_MS - 5 * MINUTE_MS, project="other", cdn="wide"))
        store(engine, views)
        yield engine


def readings(engine: Engine, project: str = "default", **fields) -> dict[object, Reading]:
    """By the first dimension of the group."""
    rule = make_rule(**fields)
    found = wait(engine, lambda wrapped: read(wrapped, rule, project, NOW_MS))
    return {next(iter(one.group.values()), None): one for one in found}


def test_it_is_the_number_of_the_catalogue(stored: Engine) -> None:
    (one,) = readings(stored, metric="video_start_failure_percentage").values()
    start_ms = NOW_MS - 10 * MINUTE_MS
    answered = ask(
        stored, metrics=["video_start_failure_percentage", "attempts"], **{"from": start_ms, "to": NOW_MS}
    ).data
    assert one.value == answered[0]["video_start_failure_percentage"] == pytest.approx(2 / 11)
    assert one.attempts == answered[0]["attempts"] == 11


def test_each_group_is_read(stored: Engine) -> None:
    found = readings(stored, metric="video_start_failure_percentage", group_by=["cdn"])
    assert {name: (one.value, one.attempts) for name, one in found.items()} == {
        "wide": (0.25, 8),
        "narrow": (0, 3),
    }


def test_filters_hold(stored: Engine) -> None:
    (one,) = readings(stored, metric="attempts", filters=["cdn:eq:narrow"]).values()
    assert (one.value, one.attempts) == (3, 3)


@pytest.mark.parametrize(("against", "before"), [("previous", {"wide": 0.0}), ("day", {"wide": 0.5})])
def test_the_earlier_window_is_beside_it(stored: Engine, against, before) -> None:
    found = readings(
        stored, metric="video_start_failure_percentage", group_by=["cdn"], against=against, above=1
    )
    assert {name: one.reference for name, one in found.items()} == {"narrow": None, **before}


def test_a_group_that_fell_silent_is_read_as_nothing_where_views_are_counted(stored: Engine) -> None:
    found = readings(stored, metric="plays", group_by=["cdn"], below=5)
    assert {name: (one.value, one.attempts) for name, one in found.items()} == {
        "wide": (6, 8),
        "narrow": (3, 3),
        "gone": (0, 0),
    }
    assert found["gone"].reference_attempts == 4
    quality = readings(stored, metric="rebuffer_percentage", group_by=["cdn"], against="previous")
    assert "gone" not in quality


def test_a_group_that_is_only_not_among_the_first_is_known(
    stored: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`big` has overtaken `small`, which is not watched any more; it is not gone for that, nor was `big` nothing."""
    monkeypatch.setattr(module, "MOST_GROUPS", 1)
    counts = {("big", 5): 3, ("small", 5): 2, ("big", 15): 2, ("small", 15): 3}
    for (cdn, minutes), count in counts.items():
        start_ms = NOW_MS - minutes * MINUTE_MS
        names = [f"{cdn}-{minutes}-{n}" for n in range(count)]
        store(stored, [make_view(name, start_ms, project="crowd", cdn=cdn) for name in names])
    fields: dict[str, Any] = {"metric": "plays", "group_by": ["cdn"], "below": 1, "against": "previous"}
    ((name, one),) = readings(stored, project="crowd", **fields).items()
    assert (name, one.value, one.reference) == ("big", 3, 2)
    monkeypatch.setattr(module, "MOST_KNOWN", 1)
    ((name, one),) = readings(stored, project="crowd", **fields).items()
    assert (name, one.value, one.reference) == ("big", 3, None), "what is not known is not zero"


def test_without_views_a_count_is_zero_and_a_quotient_nothing(stored: Engine) -> None:
    nothing = ["cdn:eq:nowhere"]
    (count,) = readings(stored, metric="plays", filters=nothing, below=5).values()
    (ratio,) = readings(stored, filters=nothing).values()
    assert (count.value, ratio.value) == (0, None)


@pytest.mark.parametrize(
    ("fields", "back"),
    [
        ({}, False),
        ({"against": "week"}, True),
        ({"metric": "plays", "below": 5}, False),
        ({"metric": "plays", "below": 5, "group_by": ["cdn"]}, True),
        ({"metric": "plays", "above": 5, "group_by": ["cdn"]}, False),
        ({"below": 0.5, "group_by": ["cdn"]}, False),
    ],
)
def test_the_earlier_window_is_asked_for_only_where_it_tells_something(fields, back) -> None:
    assert looks_back(make_rule(**fields)) is back
