"""What is asked of a message of the topic."""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import Message

from firstframe.journal.decoded import Decoded, decoded

COPY = "copy"
"""The header of a beacon that stands first in another partition."""


def offset_of(message: Message) -> int:
    """Its place in the partition."""
    offset = message.offset()
    assert offset is not None, "it was fetched"  # noqa: S101 - for the type
    return offset


def payload_of(message: Message) -> bytes:
    """A beacon as the appender wrote it; empty for what is none."""
    return message.value() or b""


def beacons_of(messages: Iterable[Message]) -> Decoded:
    """What some messages hold."""
    return decoded((payload_of(each), _is_copy(each)) for each in messages)


def _is_copy(message: Message) -> bool:
    return COPY in dict(message.headers() or ())
