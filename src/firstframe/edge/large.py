"""Bodies that would hold up everybody else: they are read beside the event loop, one at a time."""

from __future__ import annotations

from firstframe.aside import Aside
from firstframe.edge.body import count_values, expand
from firstframe.errors import TooLarge

QUICK_BYTES = 64 * 1024
QUICK_VALUES = 2_048
"""A body within both is read in a millisecond or two, even one that was made to be slow. Nearly all beacons are."""
VALUE_BYTES = 16
"""A value of honest JSON, with its name, takes at least that on average: no body may hold more values than fit so."""
MOST_WAITING = 64
"""Large bodies that wait for their turn; beyond it 503, or the last of them would wait for ever."""


def expand_quick(body: bytes, encoding: bytes | None, limit: int) -> bytes | None:
    """The body as meant where it is quickly read; None for a large one. Raises what `expand` does of a small one."""
    if encoding:
        if len(body) > QUICK_BYTES:
            return None
        try:
            body = expand(body, encoding, min(limit, QUICK_BYTES))
        except TooLarge:
            return None
    return body if is_quick(body) else None


def is_quick(body: bytes) -> bool:
    """Whether it is read so fast that nobody notices."""
    size = len(body)  # no value is shorter than a byte, so most bodies need not be looked at
    return size <= QUICK_VALUES or (size <= QUICK_BYTES and count_values(body) <= QUICK_VALUES)


def most_values(max_expanded_bytes: int) -> int:
    """How many values a body may hold where it may be so large."""
    return max(QUICK_VALUES, max_expanded_bytes // VALUE_BYTES)


def annex() -> Aside:
    """Where large bodies are read: in a thread, each when the one before it is done, so that the loop goes on."""
    return Aside("edge-large", threads=1, most=MOST_WAITING, refusal="too many large bodies at once")
