"""A file that one process holds at a time, and in it who that is."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

from firstframe.errors import ConfigError


def hold(path: Path, taken: Callable[[str], str]) -> IO[str]:
    """The file, ours until it is closed or this process ends.

    Raises `ConfigError` when it cannot be opened or another process holds it; ``taken`` says so in words, with that process's id.
    """
    try:
        held = path.open("a+")
    except OSError as error:
        raise ConfigError(f"{path} cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        with held:
            held.seek(0)
            raise ConfigError(taken(held.read().strip() or "?")) from error
    held.truncate(0)
    held.write(str(os.getpid()))
    held.flush()
    return held
