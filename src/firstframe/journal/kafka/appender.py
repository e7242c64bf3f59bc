"""The journal in a Kafka topic, writing side: a beacon is acknowledged when all replicas in sync have it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from threading import Thread

import msgspec
import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from firstframe.beacon import Beacon
from firstframe.errors import ConfigError, Refusal, TooLarge, Unavailable
from firstframe.journal.base import partitions_of
from firstframe.journal.kafka.client import QUIET, check_partitions, made, reason, told_once
from firstframe.journal.kafka.message import COPY
from firstframe.journal.kafka.topic import Topic
from firstframe.journal.kept import Kept
from firstframe.journal.room import Room

log = structlog.get_logger()

RETRY_SECONDS = 5
PATIENCE_MS = 10_000
"""So long a beacon waits for the brokers; then its sender is told to come again."""
PENDING_KIB = 64 * 1024
PENDING_BEACONS = 100_000
"""Most that may wait for the brokers; beyond it the edge says 503 instead of filling the memory."""
RECORD_BYTES = 32 * 2**20
"""More than any beacon has: how large one may be is the topic's to say, after compression."""
POLL_SECONDS = 0.5
LOOK_SECONDS = 1.0
CLOSE_SECONDS = 15.0


class KafkaAppender:
    """Appends to a topic. For one event loop; the client has threads of its own, and one here hears of them."""

    def __init__(self, topic: Topic, partitions: int, *, commit_ms: float, is_checked: bool) -> None:
        """Raises `ConfigError` for options that the client does not take.

        ``is_checked``: whether the topic was found as wanted. While it was not, nothing is sent: a beacon may go to
        a partition that nobody reads, and brokers may make a topic of their own for it.
        """
        self._topic = topic
        self._partitions = partitions
        self._encode = msgspec.msgpack.Encoder().encode
        self._loop: asyncio.AbstractEventLoop | None = None
        self._delivered: deque[_Delivery] = deque()
        self._is_checked = is_checked
        self._lack = None if is_checked else "no Kafka broker has answered yet"
        self._is_closed = False
        self._is_over = False
        self._make_producer = partial(
            made,
            Producer,
            topic.client(
                {
                    "acks": "all",
                    "enable.idempotence": True,
                    "linger.ms": commit_ms,
                    "compression.type": "lz4",
                    "message.timeout.ms": PATIENCE_MS,
                    "message.max.bytes": RECORD_BYTES,
                    "queue.buffering.max.kbytes": PENDING_KIB,
                    "queue.buffering.max.messages": PENDING_BEACONS,
                    "error_cb": told_once(topic),
                    **QUIET,
                }
            ),
        )
        self._producer = self._make_producer()
        self._thread = Thread(target=self._listen, name="kafka", daemon=True)
        self._thread.start()

    def append(self, beacon: Beacon, view_keys: Sequence[str]) -> Kept:
        """See `firstframe.journal.base.Appender.append`; settled with `TooLarge` for what the topic does not take."""
        if self._is_closed:
            raise Unavailable("the collector is stopping", code="stopping", retry_after_seconds=1)
        if not self._is_checked:
            kept = Kept()
            kept.settle(_unavailable(self._lack or ""))
            return kept
        self._loop = asyncio.get_running_loop()
        payload = self._encode(beacon)
        wanted = partitions_of(view_keys, self._partitions)
        delivery = _Delivery(len(wanted), self._delivered)
        for place, partition in enumerate(wanted):
            try:
                self._producer.produce(
                    self._topic.name,
                    payload,
                    partition=partition,
                    headers=[(COPY, b"")] if place else None,
                    on_delivery=delivery.told,
                )
            except BufferError:
                raise Unavailable(
                    "the Kafka brokers are too slow for what comes in",
                    code="overloaded",
                    retry_after_seconds=RETRY_SECONDS,
                ) from None
            except KafkaException as error:
                raise _refusal_of(error.args[0]) from None
        return delivery.kept

    @property
    def lack(self) -> str | None:
        """See `firstframe.journal.base.Appender.lack`."""
        return self._lack

    @property
    def room(self) -> Room | None:
        """None: the brokers have their own."""
        return None

    async def look(self) -> None:
        """See `firstframe.journal.base.Appender.look`."""
        if not self._is_closed:
            self._lack = await asyncio.to_thread(self._find_lack)

    async def close(self) -> None:
        """See `firstframe.journal.base.Appender.close`."""
        self._is_closed = True
        await asyncio.to_thread(self._finish)
        self._pass_on()

    # In threads

    def _find_lack(self) -> str | None:
        """Whether the topic is there, and as wanted; while no broker says so, nothing changes."""
        try:
            check_partitions(self._producer, self._topic, self._partitions, LOOK_SECONDS)
        except KafkaException:
            return self._lack
        except ConfigError as error:
            if str(error) != self._lack:
                log.warning("the journal's topic cannot be used", error=str(error))
            return str(error)
        self._is_checked = True
        return None

    def _finish(self) -> None:
        with suppress(KafkaException):  # it failed for good at the last moment
            self._producer.flush(CLOSE_SECONDS)
        self._is_over = True
        self._thread.join()

    def _listen(self) -> None:
        """The client says what became of beacons to whoever polls it."""
        while not self._is_over:
            try:
                self._producer.poll(POLL_SECONDS)
            except KafkaException as error:
                self._begin_anew(error)
            if self._delivered and self._loop is not None:
                with suppress(RuntimeError):  # it has ended: nobody waits any more
                    self._loop.call_soon_threadsafe(self._pass_on)

    def _begin_anew(self, error: KafkaException) -> None:
        """A client that failed for good takes nothing more, whatever its brokers do; what it had on its way is told of."""
        log.error("the Kafka client failed and is made anew", journal=str(self._topic), error=reason(error))
        failed, self._producer = self._producer, self._make_producer()
        with suppress(KafkaException):
            failed.flush(LOOK_SECONDS)

    # In the loop

    def _pass_on(self) -> None:
        while self._delivered:
            delivery = self._delivered.popleft()
            self._lack = delivery.refusal.message if isinstance(delivery.refusal, Unavailable) else None
            delivery.kept.settle(delivery.refusal)


class _Delivery:
    """A beacon on its way to its partitions."""

    __slots__ = ("_delivered", "_left", "kept", "refusal")

    def __init__(self, partitions: int, delivered: deque[_Delivery]) -> None:
        self.kept = Kept()
        self.refusal: Refusal | None = None
        self._left = partitions
        self._delivered = delivered

    def told(self, error: KafkaError | None, message: Message) -> None:
        """In the thread that listens: one partition has it, or will not."""
        if error is not None:
            self.refusal = _refusal_of(error)
        self._left -= 1
        if self._left == 0:
            self._delivered.append(self)


def _refusal_of(error: KafkaError) -> Refusal:
    if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
        return TooLarge("the journal's topic takes no message so large (its `max.message.bytes`)")
    log.debug("a beacon was not kept", error=error.str())
    return _unavailable(error.str())


def _unavailable(lack: str) -> Unavailable:
    return Unavailable(
        f"the journal cannot be written: {lack}", code="journal_failed", retry_after_seconds=RETRY_SECONDS
    )
