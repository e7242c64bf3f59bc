"""A Kafka broker for tests: the one that librdkafka carries, in a process of its own, spoken to over TCP.

It keeps its log in memory, five megabytes of each partition; topics have four.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Producer

PARTITIONS = 4
_BROKER = """
import sys
from confluent_kafka import Producer
broker = Producer({"test.mock.num.brokers": 1, "log_level": 0})
print(*(f"{each.host}:{each.port}" for each in broker.list_topics(timeout=30).brokers.values()), flush=True)
sys.stdin.read()
"""


class Broker:
    """One that runs."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.address = address

    def topic(self, name: str) -> str:
        """A topic, made where it is not there; as the setting ``journal`` names it."""
        client = Producer({"bootstrap.servers": self.address, "log_level": 0})
        assert len(client.list_topics(name, timeout=10).topics[name].partitions) == PARTITIONS
        return f"kafka://{self.address}/{name}"

    def stand_still(self) -> None:
        """Answer nobody; on return it does so already."""
        os.kill(self.process.pid, signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def go_on(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)


@contextmanager
def broker() -> Iterator[Broker]:
    """Ends with the test, or with whoever runs it: it reads from us until there is nobody."""
    process = subprocess.Popen(
        [sys.executable, "-c", _BROKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Broker(process, process.stdout.readline().strip())
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
