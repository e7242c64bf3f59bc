"""What of the journal is not folded, seen from outside: by the notes of each partition, without being its reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from firstframe.errors import JournalError
from firstframe.journal.division import Partition, all_partitions, others, segments_of
from firstframe.journal.note import committed_to
from firstframe.journal.reader import FIRST_BYTES, SegmentReader, first_received
from firstframe.journal.segment import Segment, partition_folder


def unfolded(journal: Path, partitions: int) -> list[Partition]:
    """The partitions of other divisions that hold what is not folded, or that a collector may still write to.

    Nothing is left only when two looks find nothing: a collector that ends while one goes on may have written to a
    partition that was looked at before. Raises OSError, `JournalError`.
    """
    return _unfolded(journal, partitions) or _unfolded(journal, partitions)


def split_by_folded(journal: Path, partition: Partition) -> tuple[list[Segment], list[Segment]]:
    """The segments of which a partition has folded all that is its own, and the others. Raises OSError, `JournalError`."""
    noted = _noted(journal, partition)
    folded: list[Segment] = []
    rest: list[Segment] = []
    for segment in segments_of(journal, partition):
        (folded if _is_folded(segment, partition, noted) else rest).append(segment)
    return folded, rest


class Neighbours:
    """Other partitions that share segments with one, by what their readers have noted."""

    def __init__(self, journal: Path, partitions: Sequence[Partition]) -> None:
        self._journal = journal
        self._partitions = partitions
        self._noted: dict[Partition, Mapping[str, int]] = {}
        self._known: dict[tuple[Partition, str], tuple[int, bool]] = {}
        """Whether nothing is left of a segment behind the place that a partition has noted: found out once for each."""

    def refresh(self) -> None:
        """Look at their notes anew, when next asked."""
        self._noted.clear()

    def have_folded(self, segment: Segment) -> bool:
        """Whether all of them have, as far as can be read."""
        try:
            return all(self._has_folded(each, segment) for each in self._partitions)
        except (JournalError, OSError):
            return False  # its reader says so

    def _has_folded(self, partition: Partition, segment: Segment) -> bool:
        if partition not in self._noted:
            self._noted[partition] = _noted(self._journal, partition)
        noted = self._noted[partition]
        key, start = (partition, segment.name), noted.get(segment.name, 0)
        known = self._known.get(key)
        if known is None or known[0] != start:
            known = self._known[key] = (start, _is_folded(segment, partition, noted))
        return known[1]

    def forget(self, name: str) -> None:
        """The segment is gone."""
        for partition in self._partitions:
            self._known.pop((partition, name), None)


def oldest_unread_ms(journal: Path) -> int | None:
    """When the oldest beacon that is not folded was received, in any partition. Raises OSError, `JournalError`."""
    return min(_oldest_unread(journal), default=None)


def _noted(journal: Path, partition: Partition) -> Mapping[str, int]:
    return committed_to(partition_folder(journal, partition.number, partition.of))


def _unfolded(journal: Path, partitions: int) -> list[Partition]:
    return [each for each in others(journal, partitions) if split_by_folded(journal, each)[1]]


def _is_folded(segment: Segment, partition: Partition, noted: Mapping[str, int]) -> bool:
    """Whether nobody writes to it any more and no whole record of the partition stands behind what is committed.

    What a writer that died left half written is no record: it was never acknowledged.
    """
    reader = SegmentReader(segment, partition.number)
    start = noted.get(segment.name, 0)
    try:
        if not reader.is_final():
            return False
        size = reader.size()
        return size <= start or not reader.scan(start, size, 1, window=FIRST_BYTES).frames
    except FileNotFoundError:
        return True  # its reader has removed it, which it does with nothing else
    finally:
        reader.close()


def _oldest_unread(journal: Path) -> Iterator[int]:
    """For each segment that a partition has not wholly folded, when its first such beacon was received."""
    for partition in all_partitions(journal):
        noted = _noted(journal, partition)
        for segment in segments_of(journal, partition):
            reader = SegmentReader(segment, partition.number)
            try:
                size, start = reader.size(), noted.get(segment.name, 0)
                first = first_received(reader, start, size)[0] if size > start else None
            except FileNotFoundError:
                continue  # folded and removed meanwhile
            finally:
                reader.close()
            if first is not None:
                yield first
