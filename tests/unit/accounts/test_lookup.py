"""Questions to the accounts from an event loop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import OperationalError

from firstframe.accounts.lookup import Lookups
from firstframe.errors import NotFound, Unavailable


def test_no_more_are_asked_at_once_than_may() -> None:
    """While the database hangs the line has an end, and when it answers again everybody gets an answer."""
    over = threading.Event()

    async def ask() -> list[object]:
        lookups = Lookups("test", threads=1, most=2)
        try:
            asking = [asyncio.ensure_future(lookups.ask(over.wait, 20)) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(Unavailable) as refused:
                await lookups.ask(int)
            assert refused.value.code == "overloaded"
        finally:
            over.set()
        return [*await asyncio.gather(*asking), await lookups.ask(int, "7")]

    assert asyncio.run(ask()) == [True, True, 7]


def test_a_database_that_is_away_is_no_fault_of_who_asks() -> None:
    """It is told in one way; other refusals stay what they are, and none takes a place in the line for ever."""

    def away() -> None:
        raise OperationalError("select", {}, Exception("away"))

    def unknown() -> None:
        raise NotFound("nothing there")

    async def ask() -> int:
        lookups = Lookups("test", threads=1, most=1)
        for question, error in ((away, Unavailable), (unknown, NotFound)):
            with pytest.raises(error):
                await lookups.ask(question)
        return await lookups.ask(int, "7")

    assert asyncio.run(ask()) == 7


def test_they_have_threads_of_their_own() -> None:
    """Whatever hangs in the threads that all share."""
    over = threading.Event()

    async def ask() -> int:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        loop.run_in_executor(None, over.wait, 20)
        try:
            return await asyncio.wait_for(Lookups("test", threads=1, most=1).ask(int, "7"), 10)
        finally:
            over.set()

    assert asyncio.run(ask()) == 7
