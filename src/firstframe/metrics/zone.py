"""Time zones by their IANA name."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from firstframe.metrics.dimension import unknown


@cache
def zone_names() -> frozenset[str]:
    """Every name there is; read once."""
    return frozenset(available_timezones())


def zone_of(name: str) -> ZoneInfo:
    """The zone of this name. Raises `BadRequest` with the nearest names."""
    if name not in zone_names():
        raise unknown("timezone", name, zone_names(), "an IANA name, such as UTC or Europe/Berlin")
    return ZoneInfo(name)
