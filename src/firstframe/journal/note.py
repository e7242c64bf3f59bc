"""What a consumer has noted down: the bounds of each chunk before it is handed out, and what is committed.

``chunks.log`` is a run of lines, each ``checksum json``: appended and synced, rewritten at each start and when it has grown.
``committed`` is one small file, replaced whole. Both together make a chunk the same after any crash, and its
number unique even when its segment is long gone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from zlib import crc32

import msgspec
import structlog

from firstframe.disk import write_atomically
from firstframe.errors import JournalError

log = structlog.get_logger()

LOG_NAME = "chunks.log"
COMMIT_NAME = "committed"
REWRITE_BYTES = 4 * 2**20


class Bounds(msgspec.Struct, frozen=True, array_like=True):
    """The bytes of a segment that make one chunk."""

    number: int
    segment: str
    start: int
    end: int
    count: int

    def token(self, partition: int) -> str:
        return f"{partition}-{self.number}-{self.segment.removesuffix('.seg')}-{self.start}-{self.end}"


class Notebook:
    """The notes of one partition."""

    def __init__(self, folder: Path) -> None:
        """Read the notes; a line that a crash cut short was never acted on.

        Raises `JournalError`, and OSError where they can be kept neither anew nor as they are.
        """
        self._folder = folder
        self._is_torn = False
        """Whether part of a line may stand at the end of the log, which could not be taken back."""
        self._rewrite_at = REWRITE_BYTES
        self.committed = _read_commit(folder / COMMIT_NAME)
        self.number = self.committed
        """The newest number given out."""
        self.bounds: dict[int, Bounds] = {}
        """The chunks given out and not committed."""
        self.read: dict[str, int] = {}
        """How far each segment is cut into chunks."""
        self.committed_to: dict[str, int] = {}
        noted = list(_read_log(folder / LOG_NAME))
        sound = list(_unbroken(self.committed, noted))
        for bounds in sound:
            self._learn(bounds)
        try:
            self._rewrite()
        except OSError:
            # On a full disk the folding goes on, if only to let go of what is folded; but never behind a damaged note.
            if len(sound) < len(noted):
                raise
            self._keep()
            self._is_torn = True

    def add(self, bounds: Bounds) -> None:
        """Note a chunk; on return it is on disk. Raises OSError, and then it is not noted."""
        self._append(bounds)

    def finish(self, segment: str, end: int) -> None:
        """Note that nothing is left of a segment up to ``end``; every chunk of it must be committed. Raises OSError.

        It is a chunk of nothing that was committed with the last one, so whoever reads the notes takes it for done.
        """
        self._append(Bounds(self.committed, segment, end, end, 0))

    def _append(self, bounds: Bounds) -> None:
        was_torn = self._is_torn
        line = b"\n" * was_torn + _line(bounds)
        try:
            self._is_torn = True
            _write_all(self._descriptor, line)
            os.fdatasync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            self._is_torn = was_torn
            raise
        self._is_torn = False
        self._size += len(line)
        self._learn(bounds)

    def commit(self, number: int) -> None:
        """Note that chunks up to this one are done. Raises OSError."""
        number = min(number, self.number)
        if number <= self.committed:
            return
        write_atomically(self._folder / COMMIT_NAME, _seal(b"%d" % number), 0o640, durable=True)
        self.committed = number
        for each in [each for each in self.bounds if each <= number]:
            self._settle(self.bounds.pop(each))
        if self._size > self._rewrite_at:
            self._shorten()

    def forget(self, segment: str) -> None:
        """The segment is gone."""
        self.read.pop(segment, None)
        self.committed_to.pop(segment, None)

    def close(self) -> None:
        os.close(self._descriptor)

    def _learn(self, bounds: Bounds) -> None:
        self.number = max(self.number, bounds.number)
        self.read[bounds.segment] = max(self.read.get(bounds.segment, 0), bounds.end)
        if bounds.number > self.committed:
            self.bounds[bounds.number] = bounds
        else:
            self._settle(bounds)

    def _settle(self, bounds: Bounds) -> None:
        self.committed_to[bounds.segment] = max(self.committed_to.get(bounds.segment, 0), bounds.end)

    def _shorten(self) -> None:
        """Rewrite the log; on a disk that has no room for that the old one goes on."""
        old = self._descriptor
        try:
            self._rewrite()
            self._rewrite_at = REWRITE_BYTES
        except OSError:
            self._keep()
        finally:
            os.close(old)

    def _rewrite(self) -> None:
        """One line for how far each segment is committed, one for each chunk that is not."""
        done = (Bounds(self.committed, name, 0, end, 0) for name, end in sorted(self.committed_to.items()))
        content = b"".join(_line(each) for each in (*done, *(self.bounds[n] for n in sorted(self.bounds))))
        write_atomically(self._folder / LOG_NAME, content, 0o640, durable=True)
        self._open()

    def _keep(self) -> None:
        """Go on in the old file or the new one: whichever has the name now."""
        self._open()
        self._rewrite_at = self._size + REWRITE_BYTES

    def _open(self) -> None:
        self._descriptor = os.open(self._folder / LOG_NAME, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self._size = os.fstat(self._descriptor).st_size


def committed_to(folder: Path) -> dict[str, int]:
    """How far each segment of a partition is committed, by notes that somebody else may be writing.

    Raises `JournalError` when they are damaged.
    """
    noted = list(_read_log(folder / LOG_NAME))
    # Second, or what was committed meanwhile would look damaged.
    committed = _read_commit(folder / COMMIT_NAME)
    found: dict[str, int] = {}
    for bounds in _unbroken(committed, noted):
        if bounds.number <= committed:
            found[bounds.segment] = max(found.get(bounds.segment, 0), bounds.end)
    return found


def _line(bounds: Bounds) -> bytes:
    return _seal(msgspec.json.encode(bounds))


def _seal(content: bytes) -> bytes:
    return b"%08x %s\n" % (crc32(content), content)


def _unseal(line: bytes) -> bytes | None:
    checksum, _, content = line.partition(b" ")
    return content if checksum == b"%08x" % crc32(content) else None


def _lines(path: Path) -> Iterable[bytes]:
    try:
        return path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return ()


def _read_log(path: Path) -> Iterator[Bounds]:
    for line in _lines(path):
        content = _unseal(line)
        if content is not None:
            yield msgspec.json.decode(content, type=Bounds)


def _unbroken(committed: int, noted: Iterable[Bounds]) -> Iterator[Bounds]:
    """The notes up to a damaged one: what stands behind it is cut into chunks anew, or its bytes would be skipped."""
    wanted = committed + 1
    for bounds in noted:
        if bounds.number > committed:
            if bounds.number != wanted:
                log.error("a chunk's note is damaged, it and those behind it are cut anew", chunk=wanted)
                return
            wanted += 1
        yield bounds


def _read_commit(path: Path) -> int:
    try:
        content = _unseal(path.read_bytes().removesuffix(b"\n"))
    except FileNotFoundError:
        return 0
    if content is None:
        raise JournalError(
            f"{path} is damaged; it should hold a checksum and the number of the last committed chunk"
        )
    return int(content)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
