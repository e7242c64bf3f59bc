"""One segment: a file that one writer appends to, whose name says everything a reader must know.

``<made, ms>-<writer>-<marker>.seg``. The writer holds an exclusive lock on the file for as long as it may
still write; the kernel lets go of it when the process dies, however it dies. So a segment without a lock is
final.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from firstframe.disk import sync_folder
from firstframe.journal.frame import MARKER_BYTES, whole_bytes

_FOLDER = re.compile(r"(p\d{4})?of(\d{4})")
_NAME = re.compile(r"(\d{13})-([A-Za-z0-9_.]+)-([0-9a-f]{16})\.seg")
_UNBORN = ".new"
_APPENDING = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_DSYNC
"""With a write that ends when the disk has it: one call, where a second one to sync would wait for the interpreter again."""
UNBORN_SECONDS = 60.0


class Segment(msgspec.Struct, frozen=True, order=True):
    """The name of a segment, read."""

    made_ms: int
    writer: str
    marker: bytes
    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_shared(self) -> bool:
        """Whether records of all partitions stand in it; before ADR 0018 each partition had segments of its own."""
        match = _FOLDER.fullmatch(self.path.parent.name)
        return match is not None and match[1] is None


def segment_of(path: Path) -> Segment | None:
    """A segment by its path; None for any other file."""
    match = _NAME.fullmatch(path.name)
    return Segment(int(match[1]), match[2], bytes.fromhex(match[3]), path) if match else None


def list_segments(folder: Path) -> list[Segment]:
    """The segments in a folder, oldest first."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - asked fifty times a second
    except FileNotFoundError:
        return []
    return sorted(filter(None, (segment_of(folder / name) for name in names)))


def remove_unborn(folder: Path) -> None:
    """Remove what a writer left that was killed before its segment had its name: nothing was ever written there.

    One that is still at it is not hurt but by a pause of a minute, and then makes another.
    """
    for path in folder.glob(f"*{_UNBORN}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > UNBORN_SECONDS:
                path.unlink()


def size_of(segment: Segment) -> int:
    """Its size in bytes; 0 when its consumer has removed it meanwhile."""
    try:
        return segment.path.stat().st_size
    except FileNotFoundError:
        return 0


def list_all_segments(journal: Path) -> Iterator[Segment]:
    """The segments of every division."""
    for folder, _ in _folders(journal):
        yield from list_segments(folder)


def division_folder(journal: Path, partitions: int) -> Path:
    """Where the segments stand that were written for so many partitions: which one a view belongs to depends on it."""
    return journal / f"of{partitions:04d}"


def partition_folder(journal: Path, partition: int, partitions: int) -> Path:
    """Where the reader of one partition notes what it has read. Before ADR 0018 its segments stood here, too."""
    return journal / f"p{partition:04d}of{partitions:04d}"


def divisions(journal: Path) -> list[int]:
    """Each number of partitions that there are folders for."""
    return sorted({partitions for _, partitions in _folders(journal)})


def _folders(journal: Path) -> Iterator[tuple[Path, int]]:
    """Those of divisions and of partitions, each with the number of partitions that it is for."""
    for path in sorted(journal.glob("*of*")):
        if match := _FOLDER.fullmatch(path.name):
            yield path, int(match[2])


def is_final(descriptor: int) -> bool:
    """Whether nobody can write this open segment any more."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return True


class SegmentWriter:
    """The segment that a writer appends to. Not thread-safe: the appender's one thread owns it."""

    def __init__(self, folder: Path, writer: str, now_ms: int) -> None:
        """Make the segment. Raises OSError."""
        marker = secrets.token_bytes(MARKER_BYTES)
        path = folder / f"{now_ms:013d}-{re.sub(r'[^A-Za-z0-9_.]', '_', writer)}-{marker.hex()}.seg"
        fresh = path.with_suffix(_UNBORN)
        # Locked before it has its name, or a reader could take it for the segment of a dead writer.
        self._descriptor = os.open(fresh, _APPENDING, 0o640)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            fresh.rename(path)
            sync_folder(folder)
        except OSError:
            os.close(self._descriptor)
            for left in (fresh, path):
                with suppress(OSError):
                    left.unlink(missing_ok=True)
            raise
        self.path = path
        self.marker = marker
        self.made_ms = now_ms
        self.size = 0
        self.is_sound = True
        """False once nobody knows what the disk has of it: never write behind that."""

    def append(self, frames: list[bytes]) -> None:
        """Write whole frames and wait until they are on the disk.

        Raises OSError when any is not; then no part of a frame is left behind and the next append can go on, if it
        `is_sound`. Whole frames stay, though not acknowledged: a consumer may have read them already.
        """
        data = memoryview(b"".join(frames))
        written = 0
        self.is_sound = False
        try:
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
        except OSError:
            # Where the file has grown all the same, it was the sync that failed.
            if os.fstat(self._descriptor).st_size == self.size + written:
                self._cut(self.size + whole_bytes(frames, written))
            raise
        self.size += written
        self.is_sound = True

    def _cut(self, size: int) -> None:
        os.ftruncate(self._descriptor, size)
        os.lseek(self._descriptor, size, os.SEEK_SET)
        self.size = size
        self.is_sound = True

    def close(self) -> None:
        """Let go: the segment is final. Nothing may be unsynced, so there is nothing to fail."""
        os.close(self._descriptor)
