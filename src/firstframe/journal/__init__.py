"""2 · What was accepted: durable before it is answered, read in fixed chunks, kept for a while."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from firstframe.errors import ConfigError
from firstframe.journal.consumer import FilesConsumer
from firstframe.journal.division import others, segments_of
from firstframe.journal.files import FilesAppender
from firstframe.settings import Settings

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
    left = [] if partition else others(journal, partitions)
    return FilesConsumer(
        journal,
        partition,
        partitions,
        inherited=[segment for each in left for segment in segments_of(journal, each)],
        retention_hours=settings.journal_retention_hours,
        limit_bytes=settings.journal_limit_bytes,
    )
