"""The journal in a Kafka topic, reading side: chunks with fixed bounds, out of one partition."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import msgspec
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from firstframe.errors import JournalError
from firstframe.journal.base import CHUNK_BEACONS, CHUNK_BYTES, Chunk, Lag
from firstframe.journal.decoded import Decoded
from firstframe.journal.kafka.client import (
    ASK_SECONDS,
    QUIET,
    Asker,
    check_partitions,
    made,
    reason,
    told_once,
)
from firstframe.journal.kafka.message import beacons_of, offset_of, payload_of
from firstframe.journal.kafka.note import Bounds, Note, read_note, write_note
from firstframe.journal.kafka.topic import Topic

log = structlog.get_logger()

FETCH_MS = 100
"""So long a broker waits for beacons before it answers that there are none."""
COME_SECONDS = 2.0
"""So long is waited for what is known to be there."""
AHEAD_KIB = 64 * 1024
"""Most that the client fetches before it is asked for."""
MOST_CHUNKS = 300
"""Most that are handed out and not committed: their lengths stand in the note."""
FULL_SECONDS = 0.1
KEEP_SECONDS = 3_600.0
"""So often a note is written at least: brokers forget one that was not, after a week unless they are told otherwise."""


class KafkaConsumer:
    """Reads one partition. Not thread-safe; where a second one begins on the same partition, the first must end."""

    def __init__(
        self,
        topic: Topic,
        partition: int,
        partitions: int | None = None,
        *,
        chunk_beacons: int = CHUNK_BEACONS,
    ) -> None:
        """Talks to no broker yet. Raises `ConfigError` for options that the client does not take.

        ``partitions``: how many the topic must have, looked at as soon as a broker answers; None: whatever it has.
        """
        self._topic = topic
        self._partition = partition
        self._partitions = partitions
        self._chunk_beacons = chunk_beacons
        self._worker = secrets.token_hex(4)
        self._client = made(
            Consumer,
            topic.client(
                {
                    "group.id": topic.group,
                    "enable.auto.commit": False,
                    "auto.offset.reset": "error",
                    "fetch.wait.max.ms": FETCH_MS,
                    "queued.max.messages.kbytes": AHEAD_KIB,
                    "error_cb": told_once(topic),
                    **QUIET,
                }
            ),
        )
        self._writer = Asker()
        self._has_begun = False
        self._start = 0
        """Where the first chunk begins that is not committed."""
        self._note = Note()
        self._written_at = 0.0
        """On the monotonic clock: when the note was written."""
        self._again: deque[Bounds] = deque()
        """Chunks that were handed out before this worker began."""
        self._ahead: deque[Message] = deque()
        """Fetched, and in no chunk."""
        self._oldest: dict[int, int] = {}
        """Of each chunk that is not committed: when the oldest of its beacons was received."""
        self._came_to_nothing = False
        """Whether the last step handed out no chunk."""

    def next(self, wait_seconds: float) -> Chunk | None:
        """See `firstframe.journal.base.Consumer.next`. Raises OSError where no broker answers; try again.

        Raises `JournalError` where another worker has taken the partition over, `ConfigError` where the topic is
        not as wanted.
        """
        self._came_to_nothing = True
        with _as_os_error():
            chunk = self._next(wait_seconds)
        self._came_to_nothing = chunk is None
        return chunk

    def _next(self, wait_seconds: float) -> Chunk | None:
        self._begin()
        if time.monotonic() - self._written_at >= KEEP_SECONDS:
            self._check_still_ours()
            self._write(self._note, self._start)
        if self._again:
            again = self._again[0]
            chunk = self._chunk(again, beacons_of(self._read_again(again)))
            self._again.popleft()
            return chunk
        if len(self._note.lengths) >= MOST_CHUNKS:
            time.sleep(min(wait_seconds, FULL_SECONDS))
            return None
        return self._cut() if self._fetch(wait_seconds) else None

    def commit(self, number: int) -> None:
        """See `firstframe.journal.base.Consumer.commit`. Raises OSError, `JournalError`."""
        done = [each for each in self._note.bounds(self._start) if each.number <= number]
        if not done:
            return
        oldest = {other: at for other, at in self._oldest.items() if other > number}
        note = msgspec.structs.replace(
            self._note, lengths=self._note.lengths[len(done) :], oldest_ms=min(oldest.values(), default=0)
        )
        with _as_os_error():
            self._check_still_ours()
            self._write(note, done[-1].end)
        self._oldest = oldest

    def lag(self) -> Lag:
        """See `firstframe.journal.base.Consumer.lag`.

        What the last step did not bring may have stood there before it, since a fetch takes its time: nobody may
        take that for the end of the journal.
        """
        try:
            with _as_os_error():
                self._begin()
                _, end = self._extent()
                has_more = self._position < end and self._fetch(COME_SECONDS)
        except OSError:
            oldest = min(self._oldest.values(), default=self._note.received_ms)
            return Lag(len(self._ahead), oldest, is_stuck=True)
        is_stuck = self._position < end and (self._came_to_nothing or not has_more)
        waiting = [*self._oldest.values()]
        if has_more or is_stuck:
            waiting.append(self._next_received_ms())
        return Lag(max(0, end - self._start), min(waiting, default=None), is_stuck)

    def close(self) -> None:
        """Let go of the partition; what is not committed comes again."""
        if not self._writer.is_waiting:  # or it would wait as long, and the process ends without it
            self._client.close()

    @property
    def _position(self) -> int:
        """Behind what is handed out."""
        return self._start + sum(self._note.lengths)

    # Taking over

    def _begin(self) -> None:
        """Take the partition over from whoever had it, where this was not done yet."""
        if self._has_begun:
            return
        if self._partitions is not None:
            check_partitions(self._client, self._topic, self._partitions, ASK_SECONDS)
        low, end = self._extent()
        if self._note.worker:  # it had begun before
            self._check_still_ours()
        start, note = self._committed()
        if start is None:
            start, note = low, msgspec.structs.replace(self._note, lengths=())
        elif start + sum(note.lengths) > end:
            log.error(
                "the topic ends before what was read of it: it was made anew, and is read from its beginning",
                journal=str(self._topic),
                partition=self._partition,
                read_to=start + sum(note.lengths),
                end=end,
            )
            start, note = low, msgspec.structs.replace(note, lengths=())
        elif not note.lengths and start < low:
            self._tell_gap(start, low)
            start = low
        self._write(msgspec.structs.replace(note, worker=self._worker), start)
        self._again = deque(note.bounds(start))
        self._oldest = {each.number: note.oldest_ms for each in self._again}
        if self._position < low:  # of the chunks before that each tells for itself
            self._tell_gap(self._position, low)
        self._read_from(max(low, self._position))
        self._has_begun = True

    def _tell_gap(self, start: int, end: int) -> None:
        log.error(
            "beacons left the topic before they were folded: its retention is shorter than the fold was away",
            journal=str(self._topic),
            partition=self._partition,
            beacons=end - start,
        )

    def _extent(self) -> tuple[int, int]:
        """The first offset that is there, and the one behind the last."""
        return self._client.get_watermark_offsets(self._at(0), timeout=ASK_SECONDS)

    # Noting

    def _committed(self) -> tuple[int | None, Note]:
        place = self._client.committed([self._at(0)], timeout=ASK_SECONDS)[0]
        if place.error is not None:
            raise KafkaException(place.error)
        if place.offset < 0:
            return None, Note()
        return place.offset, read_note(place.metadata)

    def _check_still_ours(self) -> None:
        """Raises `JournalError` where another worker has noted something since."""
        place, note = self._committed()
        is_forgotten = place is None  # with the topic, or because it was old
        if not is_forgotten and note.worker != self._worker:
            raise JournalError(
                f"partition {self._partition} of {self._topic} was taken over by another fold worker; "
                "one per partition is wanted"
            )

    def _write(self, note: Note, start: int) -> None:
        place = TopicPartition(self._topic.name, self._partition, start, metadata=write_note(note))
        written: list[TopicPartition] | None = self._writer.ask(
            partial(self._client.commit, offsets=[place], asynchronous=False), ASK_SECONDS
        )
        for each in written or ():
            if each.error is not None:
                raise KafkaException(each.error)
        self._note, self._start = note, start
        self._written_at = time.monotonic()

    # Reading

    def _fetch(self, wait_seconds: float) -> bool:
        """Whether there is something for a chunk, of which as much is taken as has come."""
        if not self._ahead:
            self._take(1, wait_seconds)
        if self._ahead and not self._has_whole_chunk():
            self._take(self._chunk_beacons - len(self._ahead), 0.0)
        return bool(self._ahead)

    def _has_whole_chunk(self) -> bool:
        """Whether more would only be held in memory, on top of what the client holds."""
        messages = self._next_messages()
        size = sum(len(payload_of(message)) for message in messages)
        return len(messages) >= self._chunk_beacons or size >= CHUNK_BYTES

    def _take(self, most: int, wait_seconds: float) -> int:
        """How many messages came."""
        came = self._client.consume(most, timeout=wait_seconds)
        self._ahead += [message for message in came if message.error() is None]
        errors = [error for message in came if (error := message.error()) is not None]
        if any(error.code() == KafkaError._AUTO_OFFSET_RESET for error in errors):  # noqa: SLF001 - its public name
            # What was to come next may be gone: the next step looks what is left, for the client reads no further.
            self._has_begun = False
        if errors:
            raise KafkaException(errors[0])
        return len(came)

    def _read_from(self, offset: int) -> None:
        self._client.assign([self._at(offset)])
        self._ahead.clear()

    def _cut(self) -> Chunk:
        """Note a chunk before it is handed out."""
        messages = self._next_messages()
        found = beacons_of(messages)
        number, length = self._note.number + 1, offset_of(messages[-1]) + 1 - self._position
        bounds = Bounds(number, self._position, self._position + length)
        received = [beacon.received_at_ms for beacon in found.beacons] or [self._note.received_ms]
        oldest_ms = min([*self._oldest.values(), *received])
        self._check_still_ours()
        self._write(
            Note(self._worker, number, received[-1], oldest_ms, (*self._note.lengths, length)), self._start
        )
        for _ in messages:
            self._ahead.popleft()
        self._oldest[number] = min(received)
        return self._chunk(bounds, found)

    def _next_messages(self) -> list[Message]:
        messages: list[Message] = []
        size = 0
        for message in self._ahead:
            messages.append(message)
            size += len(payload_of(message))
            if len(messages) >= self._chunk_beacons or size >= CHUNK_BYTES:
                break
        return messages

    def _read_again(self, bounds: Bounds) -> Sequence[Message]:
        """The messages of a chunk that was handed out before. Raises OSError where they do not come."""
        low, _ = self._extent()
        if bounds.start < low:
            self._tell_gap(bounds.start, min(low, bounds.end))
        start = max(low, bounds.start)
        if start < bounds.end and not (self._ahead and offset_of(self._ahead[0]) == start):
            self._read_from(start)
        while start < bounds.end and not (self._ahead and offset_of(self._ahead[-1]) >= bounds.end - 1):
            if not self._take(self._chunk_beacons, 0.0) and not self._take(1, COME_SECONDS):
                raise OSError(
                    f"what stands in {self._topic} from {start} to {bounds.end} does not come again"
                )
        messages: list[Message] = []
        while self._ahead and offset_of(self._ahead[0]) < bounds.end:
            messages.append(self._ahead.popleft())
        return messages

    def _at(self, offset: int) -> TopicPartition:
        return TopicPartition(self._topic.name, self._partition, offset)

    def _next_received_ms(self) -> int:
        """When the first beacon was received that is in no chunk; of one that does not come, no later than the last."""
        waiting = beacons_of([self._ahead[0]]).beacons if self._ahead else []
        return waiting[0].received_at_ms if waiting else self._note.received_ms

    def _chunk(self, bounds: Bounds, found: Decoded) -> Chunk:
        if found.strange:
            log.error(
                "messages that are no beacons are passed over",
                journal=str(self._topic),
                partition=self._partition,
                messages=found.strange,
            )
        return Chunk(
            self._partition,
            bounds.number,
            bounds.token(self._topic.name, self._partition),
            found.beacons,
            found.copies,
        )


@contextmanager
def _as_os_error() -> Iterator[None]:
    """What the brokers do not do passes: whoever asks tries again."""
    try:
        yield
    except KafkaException as error:
        raise OSError(f"Kafka: {reason(error)}") from error
