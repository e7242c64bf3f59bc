"""A process that is told to stop does so, whenever it is told."""

import signal

import pytest

from firstframe.stop import Stop


class Server:
    should_exit = False


@pytest.fixture(autouse=True)
def handlers():
    """Those of the test runner stay its own."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_not_there_yet_ends_as_soon_as_it_is(number) -> None:
    stop, server = Stop(), Server()
    signal.raise_signal(number)
    assert stop.is_asked
    stop.end(server)
    assert server.should_exit


def test_a_server_that_is_there_ends() -> None:
    stop, server = Stop(), Server()
    stop.end(server)
    assert not server.should_exit
    signal.raise_signal(signal.SIGTERM)
    assert server.should_exit
