"""What the Kafka client is asked at a start, and what it says of its brokers meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from firstframe.errors import ConfigError
from firstframe.journal.kafka.topic import Topic

log = structlog.get_logger()

ASK_SECONDS = 5.0
Client = TypeVar("Client")

QUIET = {"log_level": 0}
"""The client's own lines are for its authors: what they say of brokers is told by `told_once`."""


def told_once(topic: Topic) -> Callable[[KafkaError], None]:
    """What is to be called with each trouble of a client: says it, but not again and again while it lasts."""
    last = ""

    def tell(error: KafkaError) -> None:
        nonlocal last
        if error.name() != last:
            last = error.name()
            log.warning("trouble with the Kafka brokers", journal=str(topic), error=error.str())

    return tell


def check_topic(topic: Topic, partitions: int) -> bool:
    """That the topic is there and has as many partitions as wanted. Raises `ConfigError`.

    False where no broker answers now: nothing is wrong with the settings, and that passes.
    """
    admin = made(AdminClient, topic.client({"error_cb": lambda error: None, **QUIET}))
    try:
        found = admin.list_topics(timeout=ASK_SECONDS).topics.get(topic.name)
    except KafkaException as error:
        log.warning("no Kafka broker answers yet", journal=str(topic), error=reason(error))
        return False
    if found is None:
        raise ConfigError(
            f"{topic} does not exist; make it, for instance with `kafka-topics.sh --create --topic {topic.name} "
            f"--partitions {partitions} --replication-factor 3 --config min.insync.replicas=2`"
        )
    if len(found.partitions) != partitions:
        raise ConfigError(
            f"{topic} has {len(found.partitions)} partitions, but journal_partitions is {partitions}: "
            "give both the same number"
        )
    return True


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
