"""Disks of their own for tests, small enough to be filled."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, mib: int) -> Iterator[Path]:
    """A file system of so much, for as long as the block runs; the test is skipped where none can be mounted."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(file: Path) -> None:
    """Write until there is no room left."""
    block = b"\0" * 2**20
    try:
        with file.open("wb", buffering=0) as out:
            while out.write(block):
                pass
    except OSError:
        return


def reserve_file(file: Path, mib: int) -> None:
    """A file that takes so much of the disk."""
    with file.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, mib * 2**20)
