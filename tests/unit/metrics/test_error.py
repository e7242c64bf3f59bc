"""Errors in groups, each with filters that find its views and no others."""

import pytest

from firstframe.metrics.error import errors, normalised
from firstframe.metrics.filter import EVERYTHING
from support_question import NEW_YEAR_MS, NOW_MS, PROJECT, make_view, store, value, wait

pytestmark = pytest.mark.engine

MESSAGES = (
    *("segment 12 missing", "segment 1234567890123456 missing", "segment deadbeefdeadbeef missing"),
    *(
        "segment https://cdn.example/12.ts missing",
        "segment seg12 missing",
        "segment seg1234567890123456 missing",
    ),
    *(
        "late by 0.3 s",
        "late by 0.30000000000000004 s",
        "late by 7 s",
        "late by 1.2.3 s",
        "late by 10.0.0.1 s",
    ),
    *("key 6f9619ff-8b86-d011-b42d-00cf4fc964ff", "key 12", "key abc", "key 1-2", "key 1.5-2", "key e5"),
    *("12", "1.5", "1.2.3", "1.2.3.4.5", "1..5", ".5", "5.", "1234567890123456ms", "1234567890123456.5"),
    *("(4.5 s) at [7]", "(https://a.example/b) at [7]", "line 1\nline 2", "", "1 % of 2 $ ^ 3"),
)


def test_filters_of_a_group_find_its_views_alone(engine) -> None:
    """Messages that look alike are of one group or of two, and its filters tell them apart as the groups do."""
    store(
        engine,
        [make_view(f"v{n}", error_count=1, error_message=one) for n, one in enumerate(MESSAGES)],
    )
    times = {"start_ms": NEW_YEAR_MS, "end_ms": NOW_MS}
    found = wait(
        engine,
        lambda wrapped: errors(wrapped, PROJECT, found=EVERYTHING, limit=100, bots=False, **times),
    )
    assert sum(group.views for group in found.groups) == len(MESSAGES)
    counted = {group.message: group.views for group in found.groups}
    assert {
        group.message: value(engine, "impressions", filters=group.filters) for group in found.groups
    } == counted


def test_a_message_is_normalised_here_as_in_the_engine(engine) -> None:
    """Who has one view and who has all of them call its error the same."""
    store(
        engine,
        [make_view(f"v{n}", error_count=1, error_message=one) for n, one in enumerate(MESSAGES)],
    )
    times = {"start_ms": NEW_YEAR_MS, "end_ms": NOW_MS}
    found = wait(
        engine,
        lambda wrapped: errors(wrapped, PROJECT, found=EVERYTHING, limit=100, bots=False, **times),
    )
    assert {normalised(one) for one in MESSAGES} == {group.message for group in found.groups}
