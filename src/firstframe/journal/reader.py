"""One open segment on the reading side: what stands in it from a place on, and whether more may come."""

from __future__ import annotations

import os
from collections.abc import Iterator

from firstframe.beacon import Beacon
from firstframe.journal.decoded import Decoded, decoded
from firstframe.journal.frame import Found, Scan, count_frames, scan
from firstframe.journal.segment import Segment, is_final

WINDOW_BYTES = 4 * 2**20
"""Bytes looked at in one go, and of payload taken; doubled as long as not one whole frame is among them."""
FIRST_BYTES = 2**16
"""The same for the first beacon alone."""


class SegmentReader:
    """Reads one segment while its writer may still be at it. Every method raises OSError when it is gone."""

    def __init__(self, segment: Segment, partition: int | None = None) -> None:
        """Only the records of that partition are read, where it shares the segment with others."""
        self.segment = segment
        self._only = partition if segment.is_shared else None
        self._opened: int | None = None
        self._is_final = False

    def is_final(self) -> bool:
        """Whether its writer is gone. Ask this before `size`, not after."""
        self._is_final = self._is_final or is_final(self._descriptor)
        return self._is_final

    def size(self) -> int:
        """Its size in bytes; a segment that is not open is not opened for it."""
        if self._opened is None:
            return self.segment.path.stat().st_size
        return os.fstat(self._opened).st_size

    def sync(self) -> None:
        """Make what can be seen of it durable. Raises OSError."""
        os.fdatasync(self._descriptor)

    def scan(
        self,
        start: int,
        size: int,
        limit: int | None,
        *,
        window: int = WINDOW_BYTES,
        stops: bool = False,
        whole: bool = False,
    ) -> Scan:
        """The next frames from here, no more than ``limit`` and about a window's worth of payload, or the ``whole``.

        ``end`` counts from ``start``, behind which the segment may end: then there is nothing. For ``stops`` see
        `firstframe.journal.frame.scan`. Raises OSError for a place that cannot be read, once all before it is settled.
        """
        frames: list[Found] = []
        passed = damaged = gathered = 0
        size, step = max(size, start), window
        while True:
            end = min(size, start + passed + step)
            left = None if limit is None else limit - len(frames)
            data, failed = self._read(start + passed, end)
            found = scan(self.segment.marker, data, limit=left, only=self._only, stops=stops)
            frames += found.frames
            passed += found.end
            damaged += found.damaged
            gathered += sum([len(each.payload) for each in found.frames])
            if failed is not None and (whole or not frames):
                raise failed
            is_enough = len(frames) == limit or (gathered >= window and not whole)
            if is_enough or end == size or failed is not None or found.is_stopped:
                return Scan(frames, passed, damaged, found.is_stopped)
            if not found.end:
                step *= 2  # one that is larger

    def count(self, start: int, end: int) -> tuple[int, int]:
        """How many frames stand between, by their headers alone, and how far behind ``start`` the last whole one ends."""
        data, failed = self._read(start, end)
        if failed is not None:
            raise failed
        return count_frames(self.segment.marker, data, only=self._only)

    def close(self) -> None:
        """Give the file back; it is opened again when it is asked for."""
        if self._opened is not None:
            os.close(self._opened)
            self._opened = None

    def _read(self, start: int, end: int) -> tuple[bytes, OSError | None]:
        """What stands there, and why it ends too early where the disk fails: a read that is short says nothing."""
        parts: list[bytes] = []
        failed: OSError | None = None
        while start < end:
            try:
                data = os.pread(self._descriptor, end - start, start)
            except OSError as error:
                failed = error
                break
            if not data:
                break  # the end of the file
            parts.append(data)
            start += len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts), failed

    @property
    def _descriptor(self) -> int:
        if self._opened is None:
            self._opened = os.open(self.segment.path, os.O_RDONLY | os.O_CLOEXEC)
        return self._opened


def beacons_of(found: Scan) -> Decoded:
    """What some frames hold."""
    return decoded((each.payload, each.is_copy) for each in found.frames)


def first_received(reader: SegmentReader, start: int, size: int) -> tuple[int | None, int]:
    """When the first beacon from ``start`` on was received, in epoch milliseconds, and up to where was looked.

    None where there is none; of one that this version cannot read it is no earlier than its segment.
    """
    found = reader.scan(start, size, 1, window=FIRST_BYTES)
    beacons = beacons_of(found).beacons
    if found.frames and not beacons:
        return reader.segment.made_ms, start + found.end
    return beacons[0].received_at_ms if beacons else None, start + found.end


def beacons_between(reader: SegmentReader, size: int, from_ms: int, to_ms: int) -> Iterator[Beacon]:
    """The beacons in a segment's first ``size`` bytes that were received in a time range; no copies."""
    at = 0
    while at < size:
        found = reader.scan(at, size, None)
        if not found.frames:
            return
        yield from beacons_of(found).received(from_ms, to_ms)
        at += found.end
