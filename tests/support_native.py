"""Native events of any kind, at any time, with any of their keys."""

from __future__ import annotations

from hypothesis import strategies as st

import support_cases as cases
from firstframe.dialects.native.table import EVENT_KEYS
from firstframe.view.event import Kind

KEYS = st.sampled_from(sorted(EVENT_KEYS))

EVENTS = st.builds(
    lambda kind, at, more: {"type": kind, "at": cases.BASE_MS + at, **more},
    st.sampled_from([str(kind) for kind in Kind]),
    st.integers(0, 50).map(lambda step: step * 700),
    st.dictionaries(
        KEYS, st.none() | st.booleans() | st.integers(0, 10**6) | st.text(max_size=4), max_size=3
    ),
)
