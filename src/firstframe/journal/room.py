"""Whether the journal may grow: its own limit, and a reserve of the disk for the readers' notes."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from firstframe.journal.segment import list_segments, partition_folders, size_of

RESERVE_BYTES = 256 * 2**20
RESERVE_SHARE = 50
"""The reserve is 256 MiB, or a fiftieth of a small disk: the fold must be able to note what it has done."""


class Room(msgspec.Struct, frozen=True):
    """What the journal takes and what is left for it."""

    used_bytes: int
    limit_bytes: int
    free_bytes: int
    reserve_bytes: int

    @property
    def lack(self) -> str | None:
        """Why nothing more can be taken, in words; None when it can."""
        if self.used_bytes >= self.limit_bytes:
            return f"the journal holds {self.used_bytes} bytes, its limit is {self.limit_bytes}"
        if self.free_bytes <= self.reserve_bytes:
            return f"the disk has {self.free_bytes} bytes left, {self.reserve_bytes} are kept in reserve"
        return None


def used_bytes(journal: Path) -> int:
    """The size of all segments of all partitions."""
    return sum(
        size_of(segment) for _, folder in partition_folders(journal) for segment in list_segments(folder)
    )


def measure(journal: Path, limit_bytes: int) -> Room:
    """Look at the disk. Raises OSError."""
    disk = os.statvfs(journal)
    reserve = min(RESERVE_BYTES, disk.f_blocks * disk.f_frsize // RESERVE_SHARE)
    return Room(used_bytes(journal), limit_bytes, disk.f_bavail * disk.f_frsize, reserve)
