"""What of the journal is not folded, seen from outside: by the notes of each partition, without being its reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from firstframe.journal.division import Partition, others, segments_of
from firstframe.journal.note import committed_to
from firstframe.journal.reader import SegmentReader
from firstframe.journal.segment import Segment, list_segments, partition_folder, partition_folders
from firstframe.journal.tally import Tally


def unfolded(journal: Path, partitions: int) -> list[Partition]:
    """The partitions of other divisions that hold what is not folded, or that a collector may still write to.

    Nothing is left only when two looks find nothing: a collector that ends while one goes on may have written to a
    partition that was looked at before. Raises OSError, `JournalError`.
    """
    return _unfolded(journal, partitions) or _unfolded(journal, partitions)


def split_by_folded(journal: Path, partition: Partition) -> tuple[list[Segment], list[Segment]]:
    """The segments of a partition that are wholly folded, and the others. Raises OSError, `JournalError`."""
    noted = committed_to(partition_folder(journal, partition.number, partition.of))
    folded: list[Segment] = []
    rest: list[Segment] = []
    for segment in segments_of(journal, partition):
        (folded if _is_folded(segment, noted) else rest).append(segment)
    return folded, rest


def oldest_unread_ms(journal: Path) -> int | None:
    """When the oldest beacon that is not folded was received, in any partition. Raises OSError, `JournalError`."""
    return min(_oldest_unread(journal), default=None)


def _unfolded(journal: Path, partitions: int) -> list[Partition]:
    return [each for each in others(journal, partitions) if split_by_folded(journal, each)[1]]


def _is_folded(segment: Segment, noted: Mapping[str, int]) -> bool:
    """Whether nobody writes to it any more and no whole record stands behind what is committed.

    What a writer that died left half written is no record: it was never acknowledged.
    """
    reader = SegmentReader(segment)
    start = noted.get(segment.name, 0)
    try:
        if not reader.is_final():
            return False
        size = reader.size()
        return size <= start or not reader.scan(start, size, 1).frames
    except FileNotFoundError:
        return True  # its reader has removed it, which it does with nothing else
    finally:
        reader.close()


def _oldest_unread(journal: Path) -> Iterator[int]:
    """For each segment that is not wholly folded, when its first such beacon was received."""
    tally = Tally()
    for *_, folder in partition_folders(journal):
        noted = committed_to(folder)
        for segment in list_segments(folder):
            reader = SegmentReader(segment)
            try:
                size, start = reader.size(), noted.get(segment.name, 0)
                if size > start:
                    yield from tally.received_ms(reader, start, size)
            except FileNotFoundError:
                continue  # folded and removed meanwhile
            finally:
                reader.close()
