"""What the Kafka client is asked at a start, and what it says of its brokers meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from firstframe.errors import ConfigError
from firstframe.journal.kafka.topic import Topic

log = structlog.get_logger()

ASK_SECONDS = 5.0
SILENT_SECONDS = 60.0
Client = TypeVar("Client")
Answer = TypeVar("Answer")

QUIET = {"log_level": 0}
"""The client's own lines are for its authors: what they say of brokers is told by `told_once`."""


def told_once(topic: Topic) -> Callable[[KafkaError], None]:
    """What is to be called with each trouble of a client: says each kind, but not again and again while it lasts."""
    silent_until: dict[str, float] = {}

    def tell(error: KafkaError) -> None:
        now = time.monotonic()
        if now >= silent_until.get(error.name(), now):
            log.warning("trouble with the Kafka brokers", journal=str(topic), error=error.str())
            silent_until[error.name()] = now + SILENT_SECONDS

    return tell


def check_topic(topic: Topic, partitions: int) -> bool:
    """That the topic is there and has as many partitions as wanted. Raises `ConfigError`.

    False where no broker answers now: nothing is wrong with the settings, and that passes.
    """
    # An option that would keep the collector from its promise is refused here, once, and not by each collector.
    promise = {"acks": "all", "enable.idempotence": True}
    admin = made(AdminClient, topic.client({**promise, "error_cb": lambda error: None, **QUIET}))
    try:
        check_partitions(admin, topic, partitions, ASK_SECONDS)
    except KafkaException as error:
        log.warning("no Kafka broker answers yet", journal=str(topic), error=reason(error))
        return False
    return True


def check_partitions(
    client: AdminClient | Producer | Consumer, topic: Topic, partitions: int, seconds: float
) -> None:
    """The same, by a client that is there. Raises `ConfigError`, and KafkaException where no broker answers now."""
    found = client.list_topics(timeout=seconds).topics.get(topic.name)
    if found is None:
        raise ConfigError(
            f"{topic} does not exist; make it, for instance with `kafka-topics.sh --create --topic {topic.name} "
            f"--partitions {partitions} --replication-factor 3 --config min.insync.replicas=2`"
        )
    if found.error is not None:
        raise KafkaException(found.error)
    if len(found.partitions) != partitions:
        raise ConfigError(
            f"{topic} has {len(found.partitions)} partitions, but journal_partitions is {partitions}: "
            "give both the same number"
        )


class Asker:
    """Asks what the client would wait for as long as its brokers are away, deaf to signals; one after the other."""

    def __init__(self) -> None:
        self._asking: Thread | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether something that was asked is still on its way."""
        return self._asking is not None and self._asking.is_alive()

    def ask(self, question: Callable[[], Answer], seconds: float) -> Answer:
        """What the client says. Raises OSError where it says nothing in time; what was asked may be done later."""
        until = time.monotonic() + seconds
        if self._asking is not None:
            self._asking.join(seconds)
        said: Future[Answer] = Future()
        if not self.is_waiting:
            self._asking = Thread(target=_answer, args=(question, said), name="kafka", daemon=True)
            self._asking.start()
        try:
            return said.result(max(0.0, until - time.monotonic()))
        except TimeoutError:
            raise OSError(f"Kafka: no broker has answered for {seconds:g} seconds") from None


def _answer(question: Callable[[], Answer], said: Future[Answer]) -> None:
    try:
        said.set_result(question())
    except BaseException as error:  # noqa: BLE001 - it is raised where it was asked
        said.set_exception(error)


def made(kind: Callable[[dict[str, Any]], Client], settings: dict[str, Any]) -> Client:
    """A client. Raises `ConfigError` for settings that it does not take."""
    try:
        return kind(settings)
    except KafkaException as error:
        raise ConfigError(f"journal: the Kafka client says: {reason(error)}") from error


def reason(error: KafkaException) -> str:
    """What went wrong, in the client's words."""
    first = error.args[0] if error.args else error
    return first.str() if isinstance(first, KafkaError) else str(first)
