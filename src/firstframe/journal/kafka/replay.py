"""Every beacon that the topic still has of a time range, to be folded again with better rules."""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from firstframe.beacon import Beacon
from firstframe.errors import JournalError
from firstframe.journal.kafka.client import ASK_SECONDS, QUIET, made, reason, told_once
from firstframe.journal.kafka.message import beacons_of, offset_of
from firstframe.journal.kafka.topic import Topic

log = structlog.get_logger()

PORTION = 1_000
COME_SECONDS = 10.0


def replay(topic: Topic, partitions: int, from_ms: int, to_ms: int) -> Iterator[Beacon]:
    """Each beacon of the topic received in ``[from_ms, to_ms)``, once, partition by partition.

    What is appended after the first step is not read. Raises `ConfigError`, and `JournalError` where the brokers
    do not give what they have.
    """
    client = made(
        Consumer,
        topic.client(
            {
                "group.id": topic.group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "error_cb": told_once(topic),
                **QUIET,
            }
        ),
    )
    try:
        places = [TopicPartition(topic.name, number) for number in range(partitions)]
        extent = [client.get_watermark_offsets(place, timeout=ASK_SECONDS) for place in places]
        for place, (low, end) in zip(places, extent, strict=True):
            client.assign([TopicPartition(topic.name, place.partition, low)])
            for messages in _portions(client, low, end):
                yield from beacons_of(messages).received(from_ms, to_ms)
    except KafkaException as error:
        raise JournalError(f"{topic} cannot be read: {reason(error)}") from error
    finally:
        client.close()


def _portions(client: Consumer, at: int, end: int) -> Iterator[list[Message]]:
    """What stands from one offset to another, some at a time. Raises KafkaException, `JournalError`."""
    while at < end:
        messages = client.consume(PORTION, timeout=0.0) or client.consume(1, timeout=COME_SECONDS)
        for message in messages:
            error = message.error()
            if error is not None:
                raise KafkaException(error)
        if not messages:
            raise JournalError(f"the brokers do not give what stands from {at} to {end}")
        yield [message for message in messages if offset_of(message) < end]
        at = offset_of(messages[-1]) + 1
