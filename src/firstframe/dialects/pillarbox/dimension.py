"""What START and the gauges say of the video, the player and the device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from firstframe.dialects.base import flag, number, text, whole
from firstframe.dialects.pillarbox.report import Report
from firstframe.dialects.pillarbox.wire import START, at
from firstframe.enrich.url import dstorage_id, playback_id, protocol_of, without_query
from firstframe.view.record import ViewRecord

TEXTS = {
    "viewer_id": "device.id",
    "video_id": "media.id",
    "player_name": "player.name",
    "player_version": "player.version",
    "language": "player.language",
    "application": "application.id",
    "application_version": "application.version",
    "user_agent": "browser.user_agent",
    "browser": "browser.name",
    "browser_version": "browser.version",
    "os": "os.name",
    "os_version": "os.version",
    "device_model": "device.model",
}
"""Our field ← path in START's data."""

TIMINGS = {
    "qoe_asset_time_ms": "qoe_timings.asset",
    "qoe_metadata_time_ms": "qoe_timings.metadata",
    "qoe_total_time_ms": "qoe_timings.total",
    "asset_time_ms": "qos_timings.asset",
    "drm_time_ms": "qos_timings.drm",
    "metadata_time_ms": "qos_timings.metadata",
    "token_time_ms": "qos_timings.token",
}

DEVICE_TYPES = {
    "car": "car",
    "computer": "desktop",
    "desktop": "desktop",
    "headset": "headset",
    "phone": "phone",
    "tablet": "tablet",
    "tv": "tv",
}
SDKS = {"web": "pillarbox-web", "apple": "pillarbox-apple", "android": "pillarbox-android"}

EXTRAS = {
    "platform": "player.platform",
    "metadata_url": "media.metadata_url",
    "origin": "media.origin",
    "screen_width": "screen.width",
    "screen_height": "screen.height",
    "media_type": "media.type",
    "business_unit": "media.bu",
    "embed": "embed",
}
"""What has no field of its own, by its name in `extra` ← path in START's data; some only a server before us adds."""

GAUGES = {"airplay": flag, "bandwidth": number, "vpn": flag}
URL_EXTRAS = ("metadata_url", "origin")
SIZE_LIMIT_PX = 100_000
DAY_MS = 86_400_000


def fill_dimensions(row: ViewRecord, reports: Sequence[Report]) -> None:
    """Everything but numbers of playback; START's first word counts, of gauges the last."""
    starts = [report.data for report in reports if report.name == START]
    for name, path in TEXTS.items():
        setattr(row, name, _first_text(starts, path))
    for name, path in TIMINGS.items():
        setattr(row, name, next(_amounts(starts, path), None))
    kind = (_first_text(starts, "device.type") or "").lower()
    row.device_type = DEVICE_TYPES.get(kind, kind or None)
    _fill_media(row, starts)
    _fill_player(row, starts)
    row.audio_language = _last_text(reports, "audio")
    row.subtitle_language = _last_text(reports, "subtitles")
    row.extra = {**row.extra, **_extra(starts, reports)}
    if any(at(start, "robot") is True for start in starts):
        row.bot = True


def _fill_media(row: ViewRecord, starts: Sequence[Mapping[str, Any]]) -> None:
    source = _first_text(starts, "media.asset_url", 2048)
    if source and "://" in source:
        row.source_url = without_query(source)
        row.protocol = protocol_of(source)
        row.playback_id, row.dstorage_id = playback_id(source), dstorage_id(source)
    row.video_id = row.video_id or without_query(source)
    origin = _first_text(starts, "media.origin", 2048)
    if origin and "://" in origin:
        row.page_url = origin
    elif row.application is None:
        row.application = origin


def _fill_player(row: ViewRecord, starts: Sequence[Mapping[str, Any]]) -> None:
    platform = (_first_text(starts, "player.platform") or "").lower()
    row.sdk_name = SDKS.get(platform, "pillarbox")
    if (row.player_name or "").lower() == "pillarbox":
        row.sdk_version = row.player_version
    if platform == "web":  # the size of the player; on devices it is the screen's
        row.player_width_px = next(_sizes(starts, "screen.width"), None)
        row.player_height_px = next(_sizes(starts, "screen.height"), None)


def _extra(starts: Sequence[Mapping[str, Any]], reports: Sequence[Report]) -> dict[str, str]:
    found: dict[str, str | None] = {name: _first_text(starts, path) for name, path in EXTRAS.items()}
    for name in URL_EXTRAS:
        found[name] = without_query(found[name])
    for name, check in GAUGES.items():
        told = [check(report.data.get(name, report.body.get(name))) for report in reports]
        found[name] = text(next((value for value in reversed(told) if value is not None), None))
    found.update(_capabilities(starts))
    return {name: value for name, value in found.items() if value is not None and value != "null"}


def _capabilities(starts: Sequence[Mapping[str, Any]]) -> dict[str, str | None]:
    """Content protection the device can do, such as ``widevine_level`` and ``widevine_hdcp``."""
    found: dict[str, str | None] = {}
    for start in starts:
        systems = start.get("capabilities")
        for system, abilities in list(systems.items())[:10] if isinstance(systems, Mapping) else ():
            for name, value in list(abilities.items())[:10] if isinstance(abilities, Mapping) else ():
                found.setdefault(f"{system[:40]}_{name[:40]}", text(value, 256))
    return found


def _first_text(starts: Sequence[Mapping[str, Any]], path: str, limit: int = 1024) -> str | None:
    """The first that says something; Android spells a missing URL ``null``."""
    told = (text(at(start, path), limit) for start in starts)
    return next((value for value in told if value is not None and value != "null"), None)


def _last_text(reports: Sequence[Report], name: str) -> str | None:
    told = (text(report.data.get(name), 64) for report in reversed(reports) if report.name != START)
    return next((value for value in told if value is not None), None)


def _amounts(starts: Sequence[Mapping[str, Any]], path: str) -> Iterator[float]:
    told = (number(at(start, path)) for start in starts)
    return (value for value in told if value is not None and 0 <= value <= DAY_MS)


def _sizes(starts: Sequence[Mapping[str, Any]], path: str) -> Iterator[int]:
    told = (whole(at(start, path), high=SIZE_LIMIT_PX) for start in starts)
    return (value for value in told if value)
