"""The time that a fold takes for writing."""

from __future__ import annotations

import pytest

from firstframe.fold.budget import Budget


def test_costly_views_are_written_fewer_at_a_time() -> None:
    """What views cost is learnt from those that were folded; a batch is never smaller than is worth a statement."""
    budget = Budget(most_seconds=0.8)
    assert budget.views(0, behind=False) == 800
    for _ in range(50):
        budget.spent(100, 0.2)
    assert budget.view_seconds == pytest.approx(0.002, rel=0.01)
    assert budget.views(0, behind=False) == pytest.approx(400, rel=0.01)
    budget.spent(1, 1_000.0)
    assert budget.views(0, behind=False) == budget.least_views


def test_what_waits_to_be_read_goes_before_what_is_to_be_written() -> None:
    """Behind, writing gets a share of the time that reading took, never more than usual."""
    budget = Budget(most_seconds=0.8, behind_share=0.5)
    assert budget.views(1.0, behind=True) == 500
    budget.spent(500, 0.5)
    assert budget.views(60.0, behind=True) == budget.views(60.0, behind=False) == 800


def test_little_time_is_saved_until_it_makes_a_batch() -> None:
    """Behind, a view is not written for each handful of beacons: time adds up until a batch is worth its statement."""
    budget = Budget(behind_share=0.5, behind_views=200)
    found = [budget.views(0.1, behind=True) for _ in range(4)]
    assert found == [0, 0, 0, 200]
    budget.spent(200, 0.2)
    assert budget.views(0.1, behind=True) == 0
    budget.views(0.0, behind=False)
    assert budget.views(0.3, behind=True) == 0, "what was saved before it had caught up counts no more"


def test_views_that_cost_much_are_written_too() -> None:
    """However long a batch takes, in the end enough is saved for it."""
    budget = Budget(recent_seconds=10, behind_share=0.5, least_views=200)
    rounds = [budget.views(1.0, behind=True) for _ in range(40)]
    assert rounds.count(budget.least_views) == 1


def test_waiting_beacons_make_no_batch_longer() -> None:
    """Behind, as few views are folded in one go as else where each costs much."""
    budget = Budget(most_seconds=0.6, recent_seconds=0.5)
    assert [budget.views(1.0, behind=True) for _ in range(4)] == [0, 0, 120, 120]


def test_a_few_long_views_say_little_about_many() -> None:
    """What is learnt from a batch counts by its size."""
    budget = Budget()
    budget.spent(1_000, 1.0)
    budget.spent(2, 0.02)
    assert budget.view_seconds == pytest.approx(0.001, rel=0.05)


def test_writing_nothing_teaches_nothing() -> None:
    """A cycle without a view to write leaves the guess as it was."""
    budget = Budget()
    before = budget.view_seconds
    budget.spent(0, 5.0)
    assert budget.view_seconds == before
