"""Stretches of time at the far end of what a float can tell apart."""

import pytest

from firstframe.dialects.livepeer.interval import is_in, length, tail

NOW_MS = 1_795_300_000_000.0


@pytest.mark.parametrize("amount", [0.0, 1e-320, 1e-5, 0.1 + 0.2 - 0.3])
def test_less_than_a_float_can_tell_takes_nothing_and_ends(amount):
    """A remainder too small to move an instant is left out: it would be taken for ever."""
    stretches = [(NOW_MS - 9_000, NOW_MS - 5_000), (NOW_MS - 4_000, NOW_MS)]
    taken, left = tail(stretches, amount)
    assert length(taken) == 0
    assert left == stretches


def test_a_tail_is_taken_over_several_stretches():
    """What one stretch cannot give, the one before it gives."""
    taken, left = tail([(0.0, 10.0), (20.0, 25.0)], 8.0)
    assert taken == [(7.0, 10.0), (20.0, 25.0)]
    assert left == [(0.0, 7.0)]


@pytest.mark.parametrize(
    ("at", "found"), [(0, False), (1, True), (4, True), (5, False), (7, True), (9, False)]
)
def test_an_instant_in_stretches(at, found):
    """Starts belong to a stretch, ends do not."""
    assert is_in(at, [(1.0, 5.0), (7.0, 9.0)]) is found
