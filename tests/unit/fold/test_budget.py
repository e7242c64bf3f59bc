"""The time that a fold takes for writing."""

from __future__ import annotations

import pytest

from firstframe.fold.budget import Budget


def test_costly_views_are_written_fewer_at_a_time() -> None:
    """What views cost is learnt from those that were written, and never are none written."""
    budget = Budget(view_seconds=0.001)
    cheap = budget.views(0, behind=False)
    for _ in range(50):
        budget.spent(10, 1.0)
    assert budget.view_seconds == pytest.approx(0.1, rel=0.01)
    assert 1 <= budget.views(0, behind=False) < cheap / 50
    budget.spent(1, 1_000.0)
    assert budget.views(0, behind=True) == 1


def test_what_waits_to_be_read_goes_before_what_is_to_be_written() -> None:
    """Behind, writing gets a share of the time that reading took, but never none and never more than usual."""
    budget = Budget(view_seconds=0.001)
    assert budget.views(0.2, behind=True) == 100
    assert budget.views(0.0, behind=True) == 50
    assert budget.views(60.0, behind=True) == budget.views(60.0, behind=False) == 400


def test_writing_nothing_teaches_nothing() -> None:
    """A cycle without a view to write leaves the guess as it was."""
    budget = Budget()
    before = budget.view_seconds
    budget.spent(0, 5.0)
    assert budget.view_seconds == before
