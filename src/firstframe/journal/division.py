"""Into how many partitions the journal is divided, and that all is folded of one division before the next is read.

Which partition a view goes to depends on how many there are. So each division has a folder of its own, and a file
names the one whose partitions may be read: the worker of the first partition writes it once nothing is left to be folded
of any other. Until then the others wait, for no view may be held by two workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from firstframe.journal.segment import Segment, division_folder, divisions, list_segments, partition_folder

NAME = "partitions"


class Partition(msgspec.Struct, frozen=True):
    """One of so many."""

    number: int
    of: int


def all_partitions(journal: Path) -> Iterator[Partition]:
    """Each partition of each division that has a folder."""
    for of in divisions(journal):
        for number in range(of):
            yield Partition(number, of)


def others(journal: Path, partitions: int) -> list[Partition]:
    """The partitions of other divisions that still have segments."""
    return [each for each in all_partitions(journal) if each.of != partitions and segments_of(journal, each)]


def segments_of(journal: Path, partition: Partition) -> list[Segment]:
    """Where a partition's records stand, with those of the others or alone, oldest first."""
    shared = list_segments(division_folder(journal, partition.of))
    return sorted([*shared, *list_segments(partition_folder(journal, partition.number, partition.of))])


def readable(journal: Path) -> int | None:
    """The division that may be read; None when that is still to be seen to."""
    try:
        return int((journal / NAME).read_text())
    except (OSError, ValueError):
        return None


def make_readable(journal: Path, partitions: int) -> None:
    """Nothing is left to be folded of any other division; where that is said already nothing is written. Raises OSError."""
    if readable(journal) == partitions:
        return
    fresh = journal / f".{NAME}"
    fresh.write_text(f"{partitions}\n")
    fresh.replace(journal / NAME)


def begin_writing(journal: Path, partitions: int) -> None:
    """Before the first beacon of a division: from now on no other one may be read without a look. Raises OSError."""
    if readable(journal) != partitions:
        (journal / NAME).unlink(missing_ok=True)
