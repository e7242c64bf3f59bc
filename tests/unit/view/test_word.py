"""Words of closed lists: each is its name, and each has a meaning."""

import msgspec
import pytest

from firstframe.dialects.base import Reason
from firstframe.view.event import Kind
from firstframe.view.record import Approx, EndReason, Outcome, State


@pytest.mark.parametrize("words", [State, Outcome, EndReason, Approx, Kind, Reason])
def test_every_word_says_what_it_means(words) -> None:
    """Docs and dashboard show it."""
    assert [word for word in words if not word.meaning] == []


def test_a_word_is_its_name() -> None:
    """In text, in JSON, and back."""
    assert f"{State.PLAYING}" == State.PLAYING.value == "playing"
    assert msgspec.json.encode(State.PLAYING) == b'"playing"'
    assert msgspec.json.decode(b'"playing"', type=State) is State("playing") is State.PLAYING
