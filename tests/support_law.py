"""On how many cases a law is tried: the same ones in each `make test`, many random ones in `make laws`."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings

TIMES = int(os.environ.get("LAWS", "0"))
"""How many times the usual number of random cases; 0: the usual number, the same ones each time."""


def law(examples: int = 100, **more: Any) -> settings:
    """Settings of one law: a change that breaks nothing never fails on a case that nobody has seen before."""
    return settings(max_examples=examples * max(1, TIMES), derandomize=not TIMES, deadline=None, **more)
