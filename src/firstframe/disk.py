"""Files that are replaced whole, and what has to be done so that they outlive a power cut."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(file: Path, content: bytes, mode: int = 0o644, *, durable: bool = False) -> None:
    """Replace a file so that a reader sees the old or the new one, whole.

    ``durable`` waits until the disk has it: for what cannot be made again. Raises `OSError`.
    """
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            if durable:
                out.flush()
                os.fsync(out.fileno())
        fresh.replace(file)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(file.parent)


def write_anyhow(file: Path, content: bytes, mode: int = 0o644) -> None:
    """Replace a file; on a full disk within the one that is there, of which a reader may see a part. Raises `OSError`."""
    try:
        write_atomically(file, content, mode)
    except OSError:
        with file.open("r+b") as out:
            out.write(content)
            out.truncate()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
