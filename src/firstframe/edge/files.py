"""How many files, connections among them, a collector process may have open."""

from __future__ import annotations

import contextlib
import resource

MOST_FILES = 65_536
"""More connections than this cost more memory than is there."""
SPARE_FILES = 128
"""Kept for what is not a connection: without a file for its segment the journal could take nothing."""


def allow_files() -> None:
    """Use what the system grants this process.

    The usual soft limit of 1,024 stands for programs that call select(2), which knows no more; a process that does not
    may raise it to the hard one (systemd, "File Descriptor Limits"). With 1,024, so many idle connections would shut
    out everybody else.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):  # not allowed here: then it stays as it was
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def most_connections() -> int:
    """How many connections there may be at once."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_FILES if soft == resource.RLIM_INFINITY else max(SPARE_FILES, soft - SPARE_FILES)
