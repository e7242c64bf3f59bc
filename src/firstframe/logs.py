"""Logs to standard error: readable on a terminal, JSON lines for machines, and never a reason to stop.

What strangers sent stands in some lines. It can neither begin a line of its own nor steer a terminal.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
from typing import TextIO

import structlog

from firstframe.errors import ConfigError


class Patient:
    """A stream whose reader may be gone and whose disk may be full: then a line is lost, nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def open_standard_streams() -> None:
    """Lead each standard stream that was closed (``2>&-``) to nowhere.

    Else the next files that are opened get their numbers, and what a library says is written into those.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
            os.set_inheritable(opened, True)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Characters that move the cursor, colour, turn the direction of writing, or are not seen at all."""


def calm(text: str) -> str:
    """Text on one line, in which what cannot be seen is spelled out."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def calm_lines(text: str) -> str:
    """A text of several lines, each set in, so that none of them can be taken for an entry."""
    return "\n".join(f"    {calm(line)}" for line in text.split("\n"))


def _calm_entry(_: object, __: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name, value in entry.items():
        if isinstance(value, str):
            entry[name] = calm_lines(value) if name == "exception" else calm(value)
    return entry


class _CalmFormatter(logging.Formatter):
    """The same for what libraries log."""

    def format(self, record: logging.LogRecord) -> str:
        first, *more = super().format(record).split("\n")
        return "\n".join([calm(first), *(calm_lines(line) for line in more)])


def configure(level: str, *, as_json: bool) -> None:
    """Set up logging for this process. Raises `ConfigError` for a level that is none."""
    wanted = logging.getLevelNamesMapping().get(level.upper())
    if wanted is None:
        raise ConfigError(f"log_level is {level!r}, but debug, info, warning or error is wanted")
    # The client of the engine logs each refused connection, at length and for each retry; we say it in a line.
    for noisy in ("clickhouse_connect", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    stream = Patient(sys.stderr)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_CalmFormatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    renderers: list[structlog.typing.Processor] = [structlog.processors.JSONRenderer()]
    if not as_json:
        renderers = [_calm_entry, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(wanted),
        logger_factory=structlog.PrintLoggerFactory(stream),  # type: ignore[arg-type]
    )
