"""Whether a view played at normal speed, which no field says: only then is media time wall time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firstframe.dialects.base import number
from firstframe.dialects.mux.total import CONTENT, PLAYING

_LATE_MS = 1_000
"""The playing sum runs on for so long into each stall (wire notes, section 10: about 1.02 s)."""
_AGREES_MS = 1_500
_AGREES_SHARE = 0.02
"""The two sums may differ this much besides: each seek, each pause leaves a tenth of a second."""


def into_stalls_ms(said: Mapping[str, Any]) -> float:
    """How much of the playing sum was no playing: the first second of each stall, or all of a shorter one."""
    late_ms = _LATE_MS * (number(said.get("view_rebuffer_count")) or 0)
    lasted_ms = number(said.get("view_rebuffer_duration"))
    return late_ms if lasted_ms is None else min(late_ms, lasted_ms)


def is_normal(said: Mapping[str, Any]) -> bool:
    """The media time that was played is the wall time that it took, as far as the SDK's sums tell."""
    moved, played = number(said.get(CONTENT)), number(said.get(PLAYING))
    if moved is None or played is None:
        return True
    agrees_ms = max(_AGREES_MS, _AGREES_SHARE * played)
    return -agrees_ms <= played - moved <= into_stalls_ms(said) + agrees_ms
