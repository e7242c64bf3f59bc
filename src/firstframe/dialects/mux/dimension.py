"""Mux's metadata as dimensions: which field fills which; the others are kept under their own names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from firstframe.dialects.base import flag, number, text, whole
from firstframe.dialects.mux.total import TOTALS
from firstframe.enrich.url import dstorage_id, host_of, playback_id, protocol_of
from firstframe.view.record import ViewRecord

TEXTS: dict[str, tuple[str, ...]] = {
    "session_id": ("session_id",),
    "viewer_id": ("viewer_user_id", "mux_viewer_id"),
    "video_id": ("video_id",),
    "video_title": ("video_title",),
    "video_series": ("video_series",),
    "page_url": ("page_url",),
    "player_name": ("player_name",),
    "player_version": ("player_version",),
    "player_software": ("player_software_name", "player_software"),
    "player_software_version": ("player_software_version",),
    "sdk_name": ("mux_embed", "player_mux_plugin_name"),
    "sdk_version": ("mux_embed_version", "player_mux_plugin_version"),
    "application": ("view_client_application_name",),
    "application_version": ("view_client_application_version",),
    "browser": ("viewer_application_name",),
    "browser_version": ("viewer_application_version",),
    "browser_engine": ("viewer_application_engine",),
    "os": ("viewer_os_family",),
    "os_version": ("viewer_os_version",),
    "device_vendor": ("mux_viewer_device_manufacturer", "viewer_device_manufacturer"),
    "device_model": (
        "mux_viewer_device_model",
        "viewer_device_model",
        "mux_viewer_device_name",
        "viewer_device_name",
    ),
    "audio_language": ("player_audio_track_language",),
    "subtitle_language": ("player_text_track_language",),
    "video_codec": ("video_source_codec", "video_codec"),
    "audio_codec": ("video_audio_codec", "player_audio_track_codec"),
    "drm_type": ("view_drm_type",),
    "experiment": ("experiment_name",),
    "sub_property": ("sub_property_id",),
    "cdn": ("video_cdn",),
}
"""Dimension → the fields that say it, the best first."""

DEVICES = {
    "mobile": "phone",
    "smartphone": "phone",
    "smart tv": "tv",
    "television": "tv",
    "set-top box": "tv",
}
"""Mux's device categories by our words; others are alike in both."""

OWN_ELEMENTS = "mux-"
"""How Mux's own elements call themselves: `mux-player`, `mux-video`, and their wrappers for React."""

MACHINERY = frozenset(
    {
        "env_key",
        "event",
        "view_id",
        "viewer_time",
        "mux_api_version",
        "beacon_domain",
        "player_sequence_number",
        "view_sequence_number",
        "player_playhead_time",
        "session_expires",
        "transmission_timestamp",
        "mux_sample_rate",
        "mux_view_message",
        "player_is_paused",
        "video_playback_range",
        "video_source_url",
        "video_source_hostname",
        "video_source_domain",
        "video_source_width",
        "video_source_height",
        "video_source_bitrate",
        "video_source_duration",
        "video_source_is_live",
        "video_stream_type",
        "video_duration",
        "player_source_url",
        "player_source_duration",
        "player_width",
        "player_height",
        "player_autoplay_on",
        "player_program_time",
        "viewer_connection_type",
        "mux_viewer_device_category",
        "viewer_device_category",
        "view_start",
        "view_has_ad",
        "view_preroll_played",
        "view_rebuffer_frequency",
        "view_rebuffer_percentage",
    }
)
"""Fields that have a place of their own in the record, or say nothing about the view."""

_CUSTOM = re.compile(r"custom_\d+")
_CONSUMED = TOTALS | MACHINERY | {name for names in TEXTS.values() for name in names} - {"mux_viewer_id"}
_LONGEST_EXTRA = 512
_MOST_EXTRA = 200


def describe(row: ViewRecord, fields: Mapping[str, Any]) -> None:
    """Fill in all dimensions of a row from what the view's events say, the last word of each field."""
    for dimension, names in TEXTS.items():
        setattr(row, dimension, _first(fields, names))
    _source(row, fields)
    _sizes(row, fields)
    device = _first(fields, ("mux_viewer_device_category", "viewer_device_category"))
    row.device_type = DEVICES.get(device.lower(), device.lower()) if device else None
    connection = text(fields.get("viewer_connection_type"))
    row.connection_type = None if connection == "unknown" else connection
    if flag(fields.get("player_text_track_enabled")) is False:
        row.subtitle_language = None
    row.sample_rate = number(fields.get("mux_sample_rate"))
    row.custom = _texts(fields, lambda name: bool(_CUSTOM.fullmatch(name)))
    row.extra = _texts(fields, lambda name: name not in _CONSUMED and not _CUSTOM.fullmatch(name))


def is_live(fields: Mapping[str, Any]) -> bool:
    """The source's own word, else the site's."""
    said = flag(fields.get("video_source_is_live"))
    return _kind(fields) == "live" if said is None else said


def autoplay_of(fields: Mapping[str, Any]) -> bool | None:
    """Whether the page asked for the play, by the attribute of the element.

    Mux's own elements keep their attribute from the `<video>` within, and play it by script: that it is not set there says
    nothing [mux-player 3.14.0, driven].
    """
    said = flag(fields.get("player_autoplay_on"))
    software = _first(fields, TEXTS["player_software"]) or ""
    return said or (None if software.startswith(OWN_ELEMENTS) else said)


def duration_of(fields: Mapping[str, Any]) -> float | None:
    """Length of the video, None for live."""
    if is_live(fields):
        return None
    for name in ("video_source_duration", "video_duration", "player_source_duration"):
        found = number(fields.get(name))
        if found is not None and found > 0:
            return found
    return None


def _source(row: ViewRecord, fields: Mapping[str, Any]) -> None:
    url = _first(fields, ("video_source_url", "player_source_url"))
    if url is not None and "://" not in url:
        url = None  # "MSE style URL": the player hides it
    row.source_url = url
    row.source_host = host_of(url) or host_of(f"//{text(fields.get('video_source_hostname')) or ''}")
    row.playback_id = playback_id(url)
    row.dstorage_id = dstorage_id(url)
    row.protocol = protocol_of(url, text(fields.get("video_source_mime_type")))
    row.live = is_live(fields)
    row.duration_ms = duration_of(fields)
    known = flag(fields.get("video_source_is_live")) is not None
    row.stream_type = ("live" if row.live else "on_demand") if known else _kind(fields)


def _sizes(row: ViewRecord, fields: Mapping[str, Any]) -> None:
    row.player_width_px = whole(fields.get("player_width"), low=1)
    row.player_height_px = whole(fields.get("player_height"), low=1)
    row.video_width_px = whole(fields.get("video_source_width"), low=1)
    row.video_height_px = whole(fields.get("video_source_height"), low=1)


def _kind(fields: Mapping[str, Any]) -> str | None:
    said = (text(fields.get("video_stream_type")) or "").lower().replace("-", "_")
    return {"vod": "on_demand", "": None}.get(said, said)


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((found for name in names if (found := text(fields.get(name))) is not None), None)


def _texts(fields: Mapping[str, Any], wanted: Any) -> dict[str, str]:
    found = {
        name: said
        for name, value in sorted(fields.items())
        if wanted(name) and (said := text(value, _LONGEST_EXTRA)) is not None
    }
    return dict(list(found.items())[:_MOST_EXTRA])
