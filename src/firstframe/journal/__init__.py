"""2 · What was accepted: durable before it is answered, read in fixed chunks, kept for a while."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import structlog

from firstframe.errors import ConfigError
from firstframe.journal.consumer import FilesConsumer
from firstframe.journal.division import others
from firstframe.journal.files import FilesAppender
from firstframe.journal.segment import Segment
from firstframe.journal.unread import split_by_folded
from firstframe.settings import Settings

log = structlog.get_logger()

__all__ = ["FilesAppender", "FilesConsumer", "journal_folder", "open_appender", "open_consumer"]


def journal_folder(settings: Settings) -> Path:
    """Where the journal's files are. Raises `ConfigError` for a URL that is not of files."""
    url = urlsplit(settings.journal)
    if not settings.journal:
        return Path(settings.data) / "journal"
    if url.scheme in ("", "file") and not url.netloc:
        return Path(url.path)
    raise ConfigError(f"journal is {settings.journal!r}, but a folder or file:///folder is wanted")


def open_appender(settings: Settings, writer: str) -> FilesAppender:
    """The journal for one writer; ``writer`` names it in the segments' names. Raises `ConfigError`."""
    return FilesAppender(
        journal_folder(settings),
        writer,
        partitions=settings.journal_partitions,
        commit_ms=settings.journal_commit_ms,
        limit_bytes=settings.journal_limit_bytes,
    )


def open_consumer(settings: Settings, partition: int) -> FilesConsumer:
    """The reading side of one partition. Raises `ConfigError`, `JournalError`.

    The first partition also keeps what is left of other divisions of the journal.
    """
    journal, partitions = journal_folder(settings), settings.journal_partitions
    return FilesConsumer(
        journal,
        partition,
        partitions,
        inherited=[] if partition else _inherited(journal, partitions),
        retention_hours=settings.journal_retention_hours,
        limit_bytes=settings.journal_limit_bytes,
    )


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
