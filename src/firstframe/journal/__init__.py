"""2 · What was accepted: durable before it is answered, read in fixed chunks, kept for a while.

A folder of files, or a Kafka topic; the setting ``journal`` says which.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from firstframe.beacon import Beacon
from firstframe.errors import ConfigError
from firstframe.journal.base import Appender, Consumer
from firstframe.journal.consumer import FilesConsumer
from firstframe.journal.division import others
from firstframe.journal.files import FilesAppender
from firstframe.journal.kafka.topic import EXAMPLE, Topic, is_kafka, read_topic
from firstframe.journal.replay import replay
from firstframe.journal.segment import Segment
from firstframe.journal.unread import split_by_folded
from firstframe.settings import Settings

log = structlog.get_logger()

__all__ = [
    "FilesAppender",
    "FilesConsumer",
    "check_journal",
    "is_kafka",
    "journal_folder",
    "open_appender",
    "open_consumer",
    "retained_beacons",
]


def journal_folder(settings: Settings) -> Path:
    """Where the journal's files are. Raises `ConfigError` for a URL that is not of files."""
    url = urlsplit(settings.journal)
    if not settings.journal:
        return Path(settings.data) / "journal"
    if url.scheme in ("", "file") and not url.netloc:
        return Path(url.path)
    # Of a URL no more than that it is one: a password may stand in it.
    shown = f"{url.scheme}://…" if url.scheme else settings.journal
    raise ConfigError(f"journal is {shown!r}, but a folder, file:///folder or {EXAMPLE} is wanted")


def check_journal(settings: Settings) -> bool:
    """That the setting names a journal that can be used; False where its brokers do not answer now. Raises `ConfigError`."""
    if not is_kafka(settings.journal):
        journal_folder(settings)
        return True
    topic = _topic(settings)
    from firstframe.journal.kafka.client import check_topic

    return check_topic(topic, settings.journal_partitions)


def open_appender(settings: Settings, writer: str) -> Appender:
    """The journal for one writer; ``writer`` names it in the segments' names. Raises `ConfigError`."""
    if is_kafka(settings.journal):
        is_checked = check_journal(settings)
        from firstframe.journal.kafka.appender import KafkaAppender

        return KafkaAppender(
            _topic(settings),
            settings.journal_partitions,
            commit_ms=settings.journal_commit_ms,
            is_checked=is_checked,
        )
    return FilesAppender(
        journal_folder(settings),
        writer,
        partitions=settings.journal_partitions,
        commit_ms=settings.journal_commit_ms,
        limit_bytes=settings.journal_limit_bytes,
    )


def open_consumer(settings: Settings, partition: int) -> Consumer:
    """The reading side of one partition. Raises `ConfigError`, `JournalError`.

    The first partition also keeps what is left of other divisions of the journal's files.
    """
    if is_kafka(settings.journal):
        topic = _topic(settings)
        from firstframe.journal.kafka.consumer import KafkaConsumer

        return KafkaConsumer(topic, partition, settings.journal_partitions)
    journal, partitions = journal_folder(settings), settings.journal_partitions
    return FilesConsumer(
        journal,
        partition,
        partitions,
        inherited=[] if partition else _inherited(journal, partitions),
        retention_hours=settings.journal_retention_hours,
        limit_bytes=settings.journal_limit_bytes,
    )


def retained_beacons(settings: Settings, from_ms: int, to_ms: int) -> Iterator[Beacon]:
    """Every beacon that the journal still has of ``[from_ms, to_ms)``, once. Raises `ConfigError`, `JournalError`."""
    if is_kafka(settings.journal):
        check_journal(settings)
        from firstframe.journal.kafka.replay import replay as replay_topic

        return replay_topic(_topic(settings), settings.journal_partitions, from_ms, to_ms)
    return replay(journal_folder(settings), from_ms, to_ms)


def _topic(settings: Settings) -> Topic:
    """Raises `ConfigError` where the URL is not right, or there is no Kafka client."""
    topic = read_topic(settings.journal)
    if find_spec("confluent_kafka") is None:
        raise ConfigError(
            f"journal is {topic}, for which the Kafka client is wanted: pip install 'firstframe[kafka]'"
        )
    return topic


def _inherited(journal: Path, partitions: int) -> list[Segment]:
    """What is wholly folded of other divisions; of the rest it is said that it stays."""
    folded: set[Segment] = set()
    unread: set[Segment] = set()
    for partition in others(journal, partitions):
        done, rest = split_by_folded(journal, partition)
        folded.update(done)
        unread.update(rest)
        if rest:
            log.error(
                "what a collector wrote with another number of partitions is kept and folded at the next start only",
                journal_partitions=partition.of,
                partition=partition.number,
                segments=[segment.name for segment in rest],
            )
    return sorted(folded - unread)
