"""What becomes of a beacon is told once, to everybody, at once."""

import asyncio

import pytest

from firstframe.errors import Unavailable
from firstframe.journal.kept import Kept

REFUSED = Unavailable("the disk is full", code="journal_full", retry_after_seconds=5)


@pytest.mark.parametrize("error", [None, REFUSED])
def test_everybody_is_told_before_and_after(error):
    """In the order in which they asked; who asks later is told then."""
    kept, told = Kept(), []
    kept.then(lambda found: told.append((1, found)))
    kept.then(lambda found: told.append((2, found)))
    assert told == []
    kept.settle(error)
    assert told == [(1, error), (2, error)]
    kept.then(lambda found: told.append((3, found)))
    assert told[2:] == [(3, error)]


def test_one_that_fails_keeps_nothing_from_the_others():
    """Nor from those whose beacons share the sync."""
    kept, told = Kept(), []
    kept.then(lambda _: 1 / 0)
    kept.then(told.append)
    kept.settle()
    assert told == [None]


@pytest.mark.parametrize("is_early", [True, False])
@pytest.mark.parametrize("error", [None, REFUSED])
def test_it_can_be_awaited(error, is_early):
    """Before it is settled and after."""

    async def wait() -> None:
        kept = Kept()
        if is_early:
            kept.settle(error)
        else:
            asyncio.get_running_loop().call_later(0.01, kept.settle, error)
        await kept

    if error is None:
        asyncio.run(wait())
    else:
        with pytest.raises(Unavailable, match="the disk is full"):
            asyncio.run(wait())
