"""The frame of one record in a segment, and how to find the frames again in bytes that may be damaged.

A frame is ``marker (8) · length (4) · checksum (4) · payload``, little endian. The marker is random per
segment (it is part of the segment's name), so that no body can hold a frame of its own; it is what a reader
looks for after damage. The top bit of the length marks a *copy*: the same beacon stands first in another partition.
"""

from __future__ import annotations

import struct
from zlib import crc32

import msgspec

HEADER_BYTES = 16
MARKER_BYTES = 8
COPY_BIT = 0x8000_0000
_NUMBERS = struct.Struct("<II")


class Found(msgspec.Struct, frozen=True, gc=False):
    """One whole frame: where it starts and ends, and its payload."""

    start: int
    end: int
    payload: bytes
    is_copy: bool


class Scan(msgspec.Struct, frozen=True):
    """What a run of bytes holds."""

    frames: list[Found]
    end: int
    """Everything before this is settled; at it stands an unfinished frame, or nothing."""
    damaged: int
    """Runs of bytes between whole frames that are no frame."""


def frame(marker: bytes, payload: bytes, *, is_copy: bool = False) -> bytes:
    """The bytes of one record."""
    length = len(payload) | COPY_BIT if is_copy else len(payload)
    return b"".join((marker, _NUMBERS.pack(length, crc32(payload, length)), payload))


def read_frame(marker: bytes, data: bytes, at: int) -> Found | None:
    """The whole and sound frame at this place, if there is one."""
    body = at + HEADER_BYTES
    if body > len(data) or not data.startswith(marker, at):
        return None
    length, checksum = _NUMBERS.unpack_from(data, at + MARKER_BYTES)
    end = body + (length & ~COPY_BIT)
    if end > len(data):
        return None
    payload = data[body:end]
    if crc32(payload, length) != checksum:
        return None
    return Found(at, end, payload, bool(length & COPY_BIT))


def scan(marker: bytes, data: bytes, *, limit: int | None = None) -> Scan:
    """Every sound frame in these bytes, in order; damage between two of them is skipped and counted.

    Bytes after the last sound frame stay unsettled: they may be a frame that is still being written.
    """
    frames: list[Found] = []
    at = damaged = 0
    while limit is None or len(frames) < limit:
        found = read_frame(marker, data, at)
        if found is None:
            found = _resync(marker, data, at + 1)
            if found is None:
                break
            damaged += 1
        frames.append(found)
        at = found.end
    return Scan(frames, at, damaged)


def unbroken(found: Scan) -> Scan:
    """The same without what stands behind the first damage."""
    if not found.damaged:
        return found
    frames: list[Found] = []
    for each in found.frames:
        if each.start != (frames[-1].end if frames else 0):
            break
        frames.append(each)
    return Scan(frames, frames[-1].end if frames else 0, 0)


def _resync(marker: bytes, data: bytes, start: int) -> Found | None:
    at = data.find(marker, start)
    while at >= 0:
        found = read_frame(marker, data, at)
        if found is not None:
            return found
        at = data.find(marker, at + 1)
    return None


def whole_bytes(frames: list[bytes], written: int) -> int:
    """How many of the bytes written so far are whole frames."""
    total = 0
    for each in frames:
        if total + len(each) > written:
            break
        total += len(each)
    return total


def count_frames(marker: bytes, data: bytes) -> tuple[int, int]:
    """How many frames stand here, by their headers alone, and where the last whole one ends."""
    at = count = 0
    while data.startswith(marker, at) and at + HEADER_BYTES <= len(data):
        end = at + HEADER_BYTES + (_NUMBERS.unpack_from(data, at + MARKER_BYTES)[0] & ~COPY_BIT)
        if end > len(data):
            break
        at, count = end, count + 1
    return count, at
