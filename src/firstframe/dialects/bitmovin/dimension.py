"""What a sample says besides time: who, what, where, with what. Collectors repeat it in every sample."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from firstframe.beacon import Context
from firstframe.dialects.base import text, whole
from firstframe.enrich.url import host_of, playback_id, without_query

TEXTS = {
    "video_id": "videoId",
    "video_title": "videoTitle",
    "player_name": "player",
    "cdn": "cdnProvider",
    "experiment": "experimentName",
    "language": "language",
    "audio_language": "audioLanguage",
    "subtitle_language": "subtitleLanguage",
    "video_codec": "videoCodec",
    "audio_codec": "audioCodec",
    "drm_type": "drmType",
    "user_agent": "userAgent",
    "protocol": "streamFormat",
}
"""Record field ← sample field, as it is."""

SIZES = {
    "player_width_px": "videoWindowWidth",
    "player_height_px": "videoWindowHeight",
    "video_width_px": "videoPlaybackWidth",
    "video_height_px": "videoPlaybackHeight",
}
"""Record field ← sample field, where 0 means unknown."""

EXTRAS = (
    "platform",
    "playerTech",
    "playerKey",
    "size",
    "screenWidth",
    "screenHeight",
    "audioBitrate",
    "isCasting",
    "castTech",
    "userId",
    "customUserId",
    "adModule",
    "adModuleVersion",
)
"""Kept under the collector's own names."""

SOURCES = ("m3u8Url", "mpdUrl", "progUrl")
DEVICE_TYPES = {
    "console": "console",
    "desktop": "desktop",
    "phone": "phone",
    "stb": "tv",
    "tablet": "tablet",
    "tv": "tv",
    "other": "other",
    "wearable": "other",
}
CUSTOM = re.compile(r"customData([1-9]\d?|100)")
CUSTOM_DIMENSIONS = 20
"""Custom data 1 to 20 are dimensions, the rest is kept."""
PASSING_STATES = ("customdatachange",)
"""States whose custom data hold for one sample only."""

Payload = Mapping[str, Any]


class Custom(msgspec.Struct, frozen=True):
    """The custom data of one sample."""

    values: Mapping[str, str]
    """By the collector's names."""
    lasts: bool
    """Not so an ad's own and one-off values, which only fill what is not set."""


def dimensions_of(
    payloads: Sequence[Payload], opening: Sequence[Payload], custom: Sequence[Custom], context: Context
) -> dict[str, Any]:
    """Record fields from what samples carry; of equal names the first says it.

    ``payloads`` and ``custom`` stand newest first, ``opening`` oldest first: the last samples of an impression may
    already name the source that replaces its own.
    """
    first = _finder(payloads)
    found: dict[str, Any] = {field: text(first(name), 2048) for field, name in TEXTS.items()}
    found |= {field: whole(first(name), low=1, high=100_000) for field, name in SIZES.items()}
    found |= _player(text(first("version")), found["player_name"])
    source = _finder(opening)
    found |= _source([text(source(name), 4096) for name in SOURCES])
    found |= _page(text(first("domain")), text(first("path"), 2048), context)
    found |= _device(first("deviceInformation"))
    found["viewer_id"] = text(first("customUserId"), 256) or text(first("userId"), 256)
    found["sdk_version"] = (text(first("analyticsVersion")) or "").removeprefix("v") or None
    found["sdk_name"] = _sdk(text(first("platform"))) if found["sdk_version"] else None
    if first("subtitleEnabled") is False:
        found["subtitle_language"] = None
    found["custom"], rest = _custom(custom)
    found["extra"] = rest | {name: value for name in EXTRAS if (value := text(first(name), 512)) is not None}
    return found


def _finder(payloads: Sequence[Payload]) -> Callable[[str], Any]:
    def first(name: str) -> Any:
        values = (payload.get(name) for payload in payloads)
        return next((value for value in values if value not in (None, "", 0) or value is False), None)

    return first


def _player(version: str | None, name: str | None) -> dict[str, str | None]:
    """``hlsjs-1.6.15``: the software and its version, also where the site calls the player something else."""
    software, _, number = (version or "").rpartition("-")
    if name and version and version.startswith(f"{name}-"):
        software, number = name, version.removeprefix(f"{name}-")
    return {
        "player_version": number or None,
        "player_software": software or name,
        "player_software_version": number or None,
    }


def _source(urls: Iterable[str | None]) -> dict[str, str | None]:
    url = next((each for each in urls if each), None)
    return {"source_url": without_query(url), "source_host": host_of(url), "playback_id": playback_id(url)}


def _page(domain: str | None, path: str | None, context: Context) -> dict[str, str | None]:
    """The page: the collector sends host and path, the request's origin adds scheme and port."""
    origin = context.origin if domain and host_of(context.origin) == domain.lower() else None
    base = origin or domain
    return {"page_host": domain, "page_url": f"{base}{path or '/'}"[:2048] if base else None}


def _device(information: Any) -> dict[str, str | None]:
    if not isinstance(information, Mapping):
        return {}
    found = {
        "device_model": text(information.get("model"), 256),
        "device_vendor": text(information.get("manufacturer"), 256),
        "os": text(information.get("operatingSystem"), 256),
        "device_type": DEVICE_TYPES.get((text(information.get("deviceClass")) or "").lower()),
    }
    return {name: value for name, value in found.items() if value}


def _sdk(platform: str | None) -> str:
    return "bitmovin-analytics" if platform in (None, "web") else f"bitmovin-analytics-{platform}"


def custom_of(payload: Payload) -> Custom:
    """The custom data of a sample or of an ad's record."""
    named = (name for name in payload if name.startswith("customData") and CUSTOM.fullmatch(name))
    values = {name: kept for name in named if (kept := text(payload[name])) is not None}
    return Custom(values, lasts=not payload.get("ad") and payload.get("state") not in PASSING_STATES)


def _custom(told: Sequence[Custom]) -> tuple[dict[str, str], dict[str, str]]:
    """Custom data as dimensions and as extras."""
    kept: dict[str, str] = {}
    for each in sorted(told, key=lambda each: not each.lasts):
        kept = {**each.values, **kept}
    custom, rest = {}, {}
    for name, value in kept.items():
        number = int(name.removeprefix("customData"))
        if number <= CUSTOM_DIMENSIONS:
            custom[f"custom_{number}"] = value
        else:
            rest[name] = value
    return custom, rest
