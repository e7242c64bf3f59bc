"""The newest refusals with a sample of each, so that an operator sees why nothing arrives.

Kept in memory and, at most each second, in one small file per edge process, which the API reads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from firstframe.dialects.base import Reason
from firstframe.errors import (
    BadRequest,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    Refusal,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)

KEPT = 100
KEPT_STRAYS = 20
KEPT_PER_MINUTE = 60
SAMPLE_BYTES = 2_000

REASONS: dict[type[Refusal], str] = {
    BadRequest: Reason.UNREADABLE,
    Unauthenticated: Reason.UNKNOWN_KEY,
    Forbidden: Reason.FORBIDDEN_ORIGIN,
    NotFound: "no_route",
    MethodNotAllowed: "no_route",
    TooLarge: Reason.TOO_LARGE,
    UnsupportedMedia: Reason.UNSUPPORTED_MEDIA,
    TooMany: Reason.RATE_LIMITED,
    Unavailable: Reason.OVERLOADED,
}


class Refused(msgspec.Struct, frozen=True):
    """One refusal, for people."""

    at_ms: int
    dialect: str | None
    project: str | None
    status: int
    reason: str
    code: str
    message: str
    detail: dict[str, Any]
    method: str
    path: str
    origin: str | None
    user_agent: str | None
    sample: str


def reason_of(refusal: Refusal) -> str:
    """The counter that a refusal goes to."""
    if refusal.code == Reason.TOO_MANY_EVENTS:
        return Reason.TOO_MANY_EVENTS
    return REASONS.get(type(refusal), Reason.UNREADABLE)


class Refusals:
    """A bounded ring; of a flood only some are kept, all are counted elsewhere."""

    def __init__(self) -> None:
        self._ring: deque[Refused] = deque(maxlen=KEPT)
        self._strays: deque[Refused] = deque(maxlen=KEPT_STRAYS)
        self._minute = 0
        self._in_minute = 0
        self._is_saved = True

    def add(self, refused: Refused) -> None:
        minute = refused.at_ms // 60_000
        if minute != self._minute:
            self._minute, self._in_minute = minute, 0
        if refused.dialect is None:  # scanners knock at every door; they must not push out what players sent
            self._strays.append(refused)
            self._is_saved = False
            return
        self._in_minute += 1
        if self._in_minute <= KEPT_PER_MINUTE:
            self._ring.append(refused)
            self._is_saved = False

    def newest(self) -> Sequence[Refused]:
        """Newest first."""
        return sorted((*self._ring, *self._strays), key=lambda each: each.at_ms, reverse=True)

    def unsaved(self) -> bytes | None:
        """The ring as the file holds it, unless the file holds it already."""
        if self._is_saved:
            return None
        self._is_saved = True
        return msgspec.json.encode(self.newest())


def refusal_file(folder: Path, name: str) -> Path:
    """Where one edge process keeps its ring."""
    return folder / f"refusals-{name}.json"


def read_refusals(folder: Path) -> list[Refused]:
    """The newest refusals of every edge process on this folder, newest first."""
    found: list[Refused] = []
    for path in folder.glob("refusals-*.json"):
        try:
            found.extend(msgspec.json.decode(path.read_bytes(), type=list[Refused]))
        except (OSError, msgspec.DecodeError):
            continue  # gone or of another version
    return sorted(found, key=lambda each: each.at_ms, reverse=True)
