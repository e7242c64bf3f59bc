"""The frame of one record in a segment, and how to find the frames again in bytes that may be damaged.

A frame is ``marker (8) · kind (4) · checksum (4) · payload``, little endian. The marker is random per segment (it is
part of the segment's name), so that no body can hold a frame of its own; it is what a reader looks for after damage.
The kind holds the payload's length in its lower 25 bits, above it the partition in six, and in the top bit whether the
record is a *copy*: the same beacon stands first in another partition.
"""

from __future__ import annotations

import struct
from zlib import crc32

import msgspec

HEADER_BYTES = 16
MARKER_BYTES = 8
_LENGTH_BITS = 25
_LENGTH = 2**_LENGTH_BITS - 1
_PARTITION = 2**6 - 1
_COPY = 2**31
_NUMBERS = struct.Struct("<II")


class Found(msgspec.Struct, frozen=True, gc=False):
    """One whole frame."""

    payload: bytes
    is_copy: bool


class Scan(msgspec.Struct, frozen=True):
    """What a run of bytes holds."""

    frames: list[Found]
    end: int
    """Everything before this is settled; at it stands an unfinished frame, or damage, or nothing."""
    damaged: int = 0
    """Runs of bytes between whole frames that are no frame, and were passed."""
    is_stopped: bool = False
    """Whether damage ended it."""


def frame(marker: bytes, payload: bytes, *, partition: int = 0, is_copy: bool = False) -> bytes:
    """The bytes of one record. A payload has less than 32 MiB, a partition's number is below 64."""
    kind = len(payload) | partition << _LENGTH_BITS
    if is_copy:
        kind |= _COPY
    return b"".join((marker, _NUMBERS.pack(kind, crc32(payload, kind)), payload))


def scan(
    marker: bytes, data: bytes, *, limit: int | None = None, only: int | None = None, stops: bool = False
) -> Scan:
    """Every sound frame in these bytes, in order; damage between two of them is skipped and counted, or ``stops`` it.

    With ``only``, those of one partition; the others are passed over. Bytes after the last sound frame stay unsettled:
    they may be a frame that is still being written.
    """
    view = memoryview(data)
    frames: list[Found] = []
    at = damaged = 0
    while limit is None or len(frames) < limit:
        start = at
        kind = _sound(marker, view, data, start)
        if kind is None:
            start = _resync(marker, view, data, at + 1)
            if start < 0:
                break
            if stops:
                return Scan(frames, at, is_stopped=True)
            damaged += 1
            kind = _kind(data, start)
        at = start + HEADER_BYTES + (kind & _LENGTH)
        if only is None or _partition(kind) == only:
            frames.append(Found(data[start + HEADER_BYTES : at], bool(kind & _COPY)))
    return Scan(frames, at, damaged)


def count_frames(marker: bytes, data: bytes, *, only: int | None = None) -> tuple[int, int]:
    """How many frames begin here (of one partition), by their headers alone, and where the last whole one ends.

    Damage is passed to the next marker.
    """
    at = end = count = 0
    while 0 <= at <= len(data) - HEADER_BYTES:
        kind = _kind(data, at)
        after = at + HEADER_BYTES + (kind & _LENGTH)
        if after > len(data) or not data.startswith(marker, at):
            at = data.find(marker, at + 1)
            continue
        at = end = after
        count += only is None or _partition(kind) == only
    return count, end


def _kind(data: bytes, at: int) -> int:
    kind: int = _NUMBERS.unpack_from(data, at + MARKER_BYTES)[0]
    return kind


def _partition(kind: int) -> int:
    return kind >> _LENGTH_BITS & _PARTITION


def _sound(marker: bytes, view: memoryview, data: bytes, at: int) -> int | None:
    """The kind of the whole and sound frame at this place, if there is one."""
    body = at + HEADER_BYTES
    if body > len(data) or not data.startswith(marker, at):
        return None
    kind, checksum = _NUMBERS.unpack_from(data, at + MARKER_BYTES)
    end = body + (kind & _LENGTH)
    return kind if end <= len(data) and crc32(view[body:end], kind) == checksum else None


def _resync(marker: bytes, view: memoryview, data: bytes, at: int) -> int:
    """Where the next whole and sound frame begins; below 0 where there is none."""
    at = data.find(marker, at)
    while at >= 0 and _sound(marker, view, data, at) is None:
        at = data.find(marker, at + 1)
    return at


def whole_bytes(frames: list[bytes], written: int) -> int:
    """How many of the bytes written so far are whole frames."""
    total = 0
    for each in frames:
        if total + len(each) > written:
            break
        total += len(each)
    return total
