"""Which bitrate plays, from lists that tell picture and sound apart, or do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from firstframe.dialects.base import number

PICTURE, SOUND, BOTH = "v", "a", "av"
_KBPS = 1_000


class Bitrate:
    """What was said last of each part of what plays; in bits per second."""

    def __init__(self) -> None:
        self._parts: dict[str, float] = {}
        self._is_shown = False
        """`pb`, what the viewer sees, was told: `br`, which is loaded ahead, then counts no more."""
        self.upshifts: int | None = None
        self.downshifts: int | None = None

    @property
    def total_bps(self) -> float | None:
        """Of picture and sound."""
        if BOTH in self._parts:
            return self._parts[BOTH]
        return sum(self._parts.values()) or None

    def take(self, said: Mapping[str, Any]) -> bool:
        """Hear what a report says; whether anything changed."""
        self._is_shown = self._is_shown or "pb" in said
        before = dict(self._parts)
        alone = SOUND if said.get("ot") == SOUND else PICTURE if said.get("ot") == PICTURE else BOTH
        told = dict(_told(said.get("pb" if self._is_shown else "br"), alone))
        if told and (BOTH in told) != (BOTH in self._parts):
            told = self._in_known_parts(told)
        self._parts |= told
        self._count(before)
        return self._parts != before

    def _in_known_parts(self, told: dict[str, float]) -> dict[str, float]:
        """A value for both replaces the parts; parts replace the value for both once there is a picture."""
        if BOTH in told or PICTURE in told:
            self._parts = {}
            return told
        return {} if BOTH in self._parts else told

    def _count(self, before: Mapping[str, float]) -> None:
        """A shift is a change between two known bitrates of the picture, or of all where it is not told apart."""
        for part in (BOTH, PICTURE):
            if part in self._parts:
                was, now = before.get(part), self._parts[part]
                self.upshifts = (self.upshifts or 0) + (was is not None and now > was)
                self.downshifts = (self.downshifts or 0) + (was is not None and now < was)


def _told(items: Any, alone: str) -> Iterator[tuple[str, float]]:
    for item in items or ():
        value = number(item["value"])
        if value is not None and value > 0:
            yield next((part for part in (PICTURE, SOUND, BOTH) if part in item), alone), value * _KBPS
