"""Whether the journal may grow: its own limit, and a reserve of the disk for the readers' notes."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from firstframe.journal.segment import list_all_segments, size_of

RESERVE_BYTES = 256 * 2**20
RESERVE_SHARE = 8
"""The reserve is 256 MiB, or an eighth of a small disk: twice what the engine wants left before it takes rows, so
that what was accepted last can still be folded, and the fold can note what it has done."""


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


def shortage_bytes(journal: Path) -> int:
    """What is missing for half as much again as the reserve; not above 0 when nothing is. Raises OSError."""
    free, reserve = _disk(journal)
    return reserve * 3 // 2 - free


def segment_bytes(journal: Path, most: int) -> int:
    """How large a segment may get: on a small disk smaller, or the one being written is all there is."""
    disk = os.statvfs(journal)
    return min(most, max(disk.f_blocks * disk.f_frsize // 64, 2**20))


def used_bytes(journal: Path) -> int:
    """The size of all segments of all divisions."""
    return sum(map(size_of, list_all_segments(journal)))


def measure(journal: Path, limit_bytes: int) -> Room:
    """Look at the disk. Raises OSError."""
    free, reserve = _disk(journal)
    return Room(used_bytes(journal), limit_bytes, free, reserve)


def _disk(journal: Path) -> tuple[int, int]:
    """Bytes free and bytes to keep free."""
    disk = os.statvfs(journal)
    reserve = min(RESERVE_BYTES, disk.f_blocks * disk.f_frsize // RESERVE_SHARE)
    return disk.f_bavail * disk.f_frsize, reserve
