"""Every beacon that the journal still has of a time range, to be folded again with better rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import structlog

from firstframe.beacon import Beacon
from firstframe.journal.reader import SegmentReader, beacons_between
from firstframe.journal.segment import Segment, list_all_segments, size_of

log = structlog.get_logger()


def replay(
    journal: Path, from_ms: int, to_ms: int, *, dialect: str | None = None, project: str | None = None
) -> Iterator[Beacon]:
    """Each retained beacon received in ``[from_ms, to_ms)``, once, segment by segment.

    What is appended to the journal after the first step is not read, so a caller may append what it is given.
    """
    extent = [(segment, size_of(segment)) for segment in list_all_segments(journal)]
    for segment, size in extent:
        for beacon in _beacons(segment, size, from_ms, to_ms):
            if dialect in (None, beacon.dialect) and project in (None, beacon.project):
                yield beacon


def _beacons(segment: Segment, size: int, from_ms: int, to_ms: int) -> Iterator[Beacon]:
    reader = SegmentReader(segment)
    try:
        yield from beacons_between(reader, size, from_ms, to_ms)
    except FileNotFoundError:
        return  # its time was over
    except OSError as error:
        log.warning("journal segment cannot be read to its end", segment=str(segment.path), error=str(error))
    finally:
        reader.close()
