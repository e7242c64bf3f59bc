"""Logs to standard error: readable on a terminal, JSON lines for machines, and never a reason to stop."""

from __future__ import annotations

import contextlib
import logging
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


def configure(level: str, *, as_json: bool) -> None:
    """Set up logging for this process. Raises `ConfigError` for a level that is none."""
    wanted = logging.getLevelNamesMapping().get(level.upper())
    if wanted is None:
        raise ConfigError(f"log_level is {level!r}, but debug, info, warning or error is wanted")
    # The client of the engine logs each refused connection, at length and for each retry; we say it in a line.
    for noisy in ("clickhouse_connect", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    stream = Patient(sys.stderr)
    logging.basicConfig(stream=stream, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if not as_json:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(wanted),
        logger_factory=structlog.PrintLoggerFactory(stream),  # type: ignore[arg-type]
    )
