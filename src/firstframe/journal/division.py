"""Into how many partitions the journal is divided, and that all is folded of one division before the next is read.

Which partition a view goes to depends on how many there are. So each division has folders of its own, and a file
names the one whose partitions may be read: the worker of the first partition writes it once nothing is left to be folded
of any other. Until then the others wait, for no view may be held by two workers.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from firstframe.journal.segment import Segment, list_segments, partition_folder, partition_folders

NAME = "partitions"


class Partition(msgspec.Struct, frozen=True):
    """One of so many."""

    number: int
    of: int


def others(journal: Path, partitions: int) -> list[Partition]:
    """The partitions of other divisions that still have segments."""
    return [
        Partition(number, of)
        for number, of, folder in partition_folders(journal)
        if of != partitions and list_segments(folder)
    ]


def segments_of(journal: Path, partition: Partition) -> list[Segment]:
    """What stands in a partition, oldest first."""
    return list_segments(partition_folder(journal, partition.number, partition.of))


def readable(journal: Path) -> int | None:
    """The division that may be read; None when that is still to be seen to."""
    try:
        return int((journal / NAME).read_text())
    except (OSError, ValueError):
        return None


def make_readable(journal: Path, partitions: int) -> None:
    """Nothing is left to be folded of any other division. Raises OSError."""
    fresh = journal / f".{NAME}"
    fresh.write_text(f"{partitions}\n")
    fresh.replace(journal / NAME)


def begin_writing(journal: Path, partitions: int) -> None:
    """Before the first beacon of a division: from now on no other one may be read without a look. Raises OSError."""
    if readable(journal) != partitions:
        (journal / NAME).unlink(missing_ok=True)
