"""What a worker notes of a partition: with the place that its group has committed, so that both are one write."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import structlog

log = structlog.get_logger()


class Bounds(msgspec.Struct, frozen=True):
    """The offsets that make one chunk, as they were when it was first handed out."""

    number: int
    start: int
    end: int
    """Behind its last message."""

    def token(self, topic: str, partition: int) -> str:
        return f"{topic}-{partition}-{self.number}-{self.start}-{self.end}"


class Note(msgspec.Struct, frozen=True, array_like=True):
    """The metadata of a committed offset, as JSON: brokers take 4,096 bytes."""

    worker: str = ""
    """Who wrote it: another name than one's own means that another worker has taken the partition over."""
    number: int = 0
    """The newest chunk handed out."""
    received_ms: int = 0
    """When the last beacon of that was received."""
    oldest_ms: int = 0
    """When the oldest was received of those that are not committed."""
    lengths: tuple[int, ...] = ()
    """Offsets of each chunk that is handed out and not committed, oldest first; the first begins where the group is."""

    def bounds(self, start: int) -> Iterator[Bounds]:
        """The chunks that are handed out and not committed, of which the first begins at ``start``."""
        number = self.number - len(self.lengths)
        for length in self.lengths:
            number += 1
            yield Bounds(number, start, start + length)
            start += length


def read_note(text: str | None) -> Note:
    """What a worker noted; an empty note where the place was set by other means, such as Kafka's own tools."""
    try:
        return msgspec.json.decode(text or "[]", type=Note)
    except msgspec.DecodeError:
        log.warning("a committed offset has a note that is not firstframe's", note=(text or "")[:200])
        return Note()


def write_note(note: Note) -> str:
    """As `read_note` reads it."""
    return msgspec.json.encode(note).decode()
