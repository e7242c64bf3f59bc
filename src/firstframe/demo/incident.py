"""The demo's one incident: where most notice it, within the past that is sent, else soon."""

from __future__ import annotations

import msgspec

from firstframe.demo.world import Incident, World

CDN = "northlight"
FAULT = "edge"
SLOWNESS = 6.0
"""How much slower it makes its CDN."""
FAILURES = 0.45
"""The share of attempts that fail in it."""
SHARE = 0.2
LONGEST_MS = 75 * 60_000
"""It lasts a fifth of the past, and no longer than this."""
PLACES_IN_TIME = 12
SOON_MS, BRIEF_MS = 3 * 60_000, 5 * 60_000
"""Without a past: how long after the start it comes, and how long it lasts."""


def with_incident(world: World, begin_ms: int, end_ms: int) -> World:
    """The same world with its incident between two times; soon after them where they are one."""
    past_ms = end_ms - begin_ms
    length = min(round(past_ms * SHARE), LONGEST_MS) if past_ms else BRIEF_MS
    room = past_ms - length
    starts = (
        [begin_ms + room * number // PLACES_IN_TIME for number in range(1, PLACES_IN_TIME)]
        if past_ms
        else [end_ms + SOON_MS]
    )
    regions = dict.fromkeys(place.region for place in world.places)
    since, region = max(
        ((start, region) for start in starts for region in regions),
        key=lambda found: world.busy(found[0] + length // 2, found[1]),
    )
    incident = Incident(
        cdn=CDN,
        region=region,
        begin_ms=since,
        end_ms=since + length,
        slowness=SLOWNESS,
        failures=FAILURES,
        fault=FAULT,
    )
    return msgspec.structs.replace(world, incident=incident)
