"""Bits that flip in the journal's own files and tails that are torn off: nothing is skipped without a word."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstframe.errors import JournalError
from firstframe.journal import FilesConsumer
from support_attack import HOW_HARD, IS_FULL, seen
from support_journal import drain, numbers, views_of, write

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1_200)]

BEACONS = 60
PARTITIONS = 2
COMMITTED = 4
"""Chunks, of three beacons each."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it


@pytest.fixture
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two writers' segments for two partitions; of their chunks four are committed, more handed out, some beacons not read."""
    root = MEMORY if MEMORY.is_dir() else tmp_path_factory.mktemp("journal")
    folder = root / f"firstframe-{random.randbytes(6).hex()}"
    views = views_of(PARTITIONS)
    for writer, some in (("edge-0", range(BEACONS // 2)), ("edge-1", range(BEACONS // 2, BEACONS))):
        write(
            folder,
            some,
            keys=lambda n: [views[n % PARTITIONS]],
            writer=writer,
            partitions=PARTITIONS,
            segment_bytes=900,
        )
    for partition in range(PARTITIONS):
        consumer = FilesConsumer(folder, partition, PARTITIONS, chunk_beacons=3)
        for _ in range(6):
            assert consumer.next(0) is not None
        consumer.commit(COMMITTED // PARTITIONS)
        consumer.close()
    yield folder
    shutil.rmtree(folder)


def reread(journal: Path) -> tuple[list[int], list[FilesConsumer]]:
    """Everything that comes to readers that start now."""
    came, consumers = [], []
    for partition in range(PARTITIONS):
        consumer = FilesConsumer(journal, partition, PARTITIONS, chunk_beacons=3)
        consumers.append(consumer)
        try:
            came += numbers(drain(consumer))
        finally:
            consumer.close()
    return came, consumers


def forget(journal: Path) -> None:
    """The readers begin anew."""
    for folder in journal.glob("p*of*"):
        for note in ("chunks.log", "committed"):
            (folder / note).unlink(missing_ok=True)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def committed(journal: Path, scratch: Path) -> set[int]:
    """The beacons that need not come again."""
    shutil.copytree(journal, scratch)
    try:
        return set(range(BEACONS)) - set(reread(scratch)[0])
    finally:
        shutil.rmtree(scratch)


def test_flipped_bits_in_the_notes_skip_nothing(journal: Path, tmp_path: Path) -> None:
    """Whatever bit of the reader's notes flips: all that is not committed comes, each once, or the reader says no."""
    done = committed(journal, tmp_path / "scratch")
    assert len(done) == COMMITTED * 3
    chance, outcomes = random.Random(5), Counter[str]()
    for name in ("chunks.log", "committed"):
        file = journal / "p0000of0002" / name
        kept = {each: each.read_bytes() for each in journal.glob("p*of*/*")}
        size = len(kept[file]) * 8
        bits = chance.sample(range(size), min(size, HOW_HARD.flips))
        for bit in bits:
            file.write_bytes(flipped(kept[file], bit))
            try:
                came, _ = reread(journal)
            except JournalError:
                outcomes[f"{name}_refused"] += 1
            else:
                assert set(range(BEACONS)) - done <= set(came), f"bit {bit} of {name}"
                assert len(came) == len(set(came))
                outcomes[f"{name}_survived"] += 1
            for each, content in kept.items():
                each.write_bytes(content)
    seen("flipped bits in the notes", **{name.replace(".", "_"): count for name, count in outcomes.items()})


def test_a_flipped_bit_in_a_segment_costs_that_beacon_alone(journal: Path) -> None:
    """Whatever bit of a segment flips: every beacon but the one it stands in comes, unchanged and once."""
    forget(journal)
    segment = min((journal / "of0002").glob("*.seg"))
    kept, chance = segment.read_bytes(), random.Random(6)
    bits = chance.sample(range(len(kept) * 8), min(len(kept) * 8, HOW_HARD.flips))
    for bit in bits:
        segment.write_bytes(flipped(kept, bit))
        came, _ = reread(journal)
        assert len(set(range(BEACONS)) - set(came)) <= 1
        assert set(came) <= set(range(BEACONS))
        assert len(came) == len(set(came))
        forget(journal)
    segment.write_bytes(kept)
    seen("flipped bits in a segment", flips=len(bits), other_beacons_lost=0)


def test_torn_tails_cost_only_what_is_torn(journal: Path) -> None:
    """However much of a segment's end is missing: every beacon before the tear comes, and every other segment's."""
    forget(journal)
    segment = min((journal / "of0002").glob("*.seg"))
    kept = segment.read_bytes()
    before = len(kept)
    lost_before = 0
    cuts = range(len(kept), -1, -1 if IS_FULL else -9)
    for cut in cuts:
        segment.write_bytes(kept[:cut])
        came, consumers = reread(journal)
        lost = len(set(range(BEACONS)) - set(came))
        assert lost_before <= lost <= lost_before + 1
        assert all(consumer.damage.runs == 0 for consumer in consumers)
        lost_before = lost
        forget(journal)
    seen("torn tails", cuts=len(cuts), bytes_of_the_segment=before)
