"""The outcome: which of several truths about a view is its one word."""

from __future__ import annotations

from itertools import product

import pytest

from firstframe.view.outcome import outcome_of
from firstframe.view.record import Outcome


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ("", Outcome.NOT_ATTEMPTED),
        ("attempted", Outcome.EXITED_BEFORE_START),
        ("attempted dropped", Outcome.EXITED_BEFORE_START),
        ("attempted failed", Outcome.START_FAILED),
        ("attempted blocked", Outcome.START_BLOCKED),
        ("attempted started", Outcome.EXITED),
        ("attempted started dropped", Outcome.DROPPED),
        ("attempted started completed dropped", Outcome.COMPLETED),
        ("attempted started failed completed", Outcome.PLAYBACK_FAILED),
        ("attempted started blocked dropped", Outcome.PLAYBACK_BLOCKED),
        ("attempted started failed blocked", Outcome.PLAYBACK_FAILED),
    ],
)
def test_outcome(facts, outcome):
    """The first that fits: failed, blocked, never started, completed, dropped, exited."""
    names = ("attempted", "started", "failed", "blocked", "completed", "dropped")
    assert outcome_of(**{name: name in facts.split() for name in names}) == outcome


def test_only_a_play_never_wanted_is_no_attempt():
    """Not attempted comes out for no attempt and nothing else."""
    for started, failed, blocked, completed, dropped in product((False, True), repeat=5):
        found = outcome_of(
            attempted=True,
            started=started,
            failed=failed,
            blocked=blocked,
            completed=completed,
            dropped=dropped,
        )
        assert found != Outcome.NOT_ATTEMPTED
