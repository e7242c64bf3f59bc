"""Mux's dimensions by ours: one row each, their values in Mux's words, and filters on them.

What nothing tells us has no dimension here: all views are then of the one value that is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from firstframe.errors import BadRequest
from firstframe.metrics.dimension import EXTRA, Dimension, find_dimension, unknown

NOTHING: Mapping[str, Any] = {"or": []}
"""The filter that no view fulfils."""
EVERYTHING: Mapping[str, Any] = {"and": []}


class MuxDimension(msgspec.Struct, frozen=True):
    """One dimension of Mux's."""

    id: str
    ours: str | None
    """None: nobody tells us."""
    words: Mapping[str, str] = {}
    """Our values that Mux has another word for."""
    is_basic: bool = False
    """Whether it is one of those that people look at first."""
    is_trace: bool = False
    """A list in which the order counts."""

    @property
    def dimension(self) -> Dimension | None:
        return None if self.ours is None else find_dimension(self.ours, "group_by", groupable=True)

    def shown(self, value: Any) -> str | None:
        """A value of ours as Mux would write it."""
        if value is None:
            return None
        found = self.dimension
        if found is not None and found.kind == "flag":
            return "true" if value else "false"
        return self.words.get(str(value), str(value))

    def meant(self, text: str) -> str:
        """Our value for one of Mux's."""
        return next((ours for ours, theirs in self.words.items() if theirs == text), text)


def _basic(name: str, ours: str) -> MuxDimension:
    return MuxDimension(name, ours, is_basic=True)


def _same(*names: str) -> tuple[MuxDimension, ...]:
    return tuple(MuxDimension(name, name) for name in names)


def _kept(*names: str) -> tuple[MuxDimension, ...]:
    """Fields that the Mux dialect keeps under their own names."""
    return tuple(MuxDimension(name, EXTRA + name) for name in names)


def _unknown(*names: str) -> tuple[MuxDimension, ...]:
    return tuple(MuxDimension(name, None) for name in names)


_TABLE: tuple[MuxDimension, ...] = (
    _basic("browser", "browser"),
    _basic("operating_system", "os"),
    _basic("country", "country"),
    _basic("video_title", "video_title"),
    _basic("player_name", "player_name"),
    _basic("viewer_device_category", "device_type"),
    _basic("source_hostname", "source_host"),
    MuxDimension("stream_type", "stream_type", {"on_demand": "on-demand"}, is_basic=True),
    *_same("asn", "asset_id", "browser_version", "cdn", "playback_id"),
    *_same("player_software", "player_software_version", "player_version", "preroll_played"),
    *_same("video_id", "video_series", "video_codec", "audio_codec", "page_url"),
    *_same(*(f"custom_{number}" for number in range(1, 11))),
    MuxDimension("continent_code", "continent"),
    MuxDimension("region", "subdivision"),
    MuxDimension("operating_system_version", "os_version"),
    MuxDimension("experiment_name", "experiment"),
    MuxDimension("live_stream_id", "stream_id"),
    MuxDimension("sub_property_id", "sub_property"),
    MuxDimension("client_application_name", "application"),
    MuxDimension("client_application_version", "application_version"),
    MuxDimension("player_mux_plugin_name", "sdk_name"),
    MuxDimension("player_mux_plugin_version", "sdk_version"),
    MuxDimension("player_autoplay", "autoplay"),
    MuxDimension("player_error_code", "error_code"),
    MuxDimension("view_drm_type", "drm_type"),
    MuxDimension("view_has_ad", "has_ad"),
    MuxDimension("viewer_connection_type", "connection_type"),
    MuxDimension("viewer_device_manufacturer", "device_vendor"),
    MuxDimension("viewer_device_model", "device_model"),
    MuxDimension("viewer_user_id", "viewer_id"),
    MuxDimension("video_source_width", "video_width_px"),
    MuxDimension("video_source_height", "video_height_px"),
    MuxDimension("exit_before_video_start", "exited_before_start"),
    MuxDimension("video_startup_failure", "start_failed"),
    MuxDimension("playback_failure", "failed"),
    MuxDimension("video_startup_business_exception", "start_blocked"),
    MuxDimension("playback_business_exception", "blocked"),
    MuxDimension("view_dropped", "dropped"),
    *_kept("page_type", "video_content_type", "video_encoding_variant", "video_affiliate", "video_brand"),
    *_kept("video_creator_id", "video_dynamic_range_type", "view_session_id", "view_drm_level"),
    *_kept("viewer_plan", "viewer_plan_status", "viewer_plan_category"),
    *_kept("view_cdn_edge_pop", "view_cdn_origin", "player_remote_played", "video_source_fps"),
    MuxDimension("player_preload", "extra.player_preload_on"),
    MuxDimension("preroll_requested", "extra.view_preroll_requested"),
    MuxDimension("preroll_ad_asset_hostname", "extra.view_preroll_ad_asset_hostname"),
    MuxDimension("preroll_ad_tag_hostname", "extra.view_preroll_ad_tag_hostname"),
    MuxDimension("source_type", "extra.video_source_mime_type"),
    MuxDimension("time_shift_enabled", "extra.view_time_shift_enabled"),
    *_unknown("viewer_device_name", "ad_playback_failure", "content_playback_failure"),
    *_unknown("used_pip", "used_captions", "video_source_bitrate"),
    *_unknown("video_source_height_initial", "video_source_width_initial", "video_source_bitrate_initial"),
    *_unknown("video_source_fps_initial", "video_codec_initial", "audio_codec_initial"),
    *_unknown("video_dynamic_range_type_initial"),
    MuxDimension("video_cdn_trace", None, is_trace=True),
)

DIMENSIONS: Mapping[str, MuxDimension] = {one.id: one for one in _TABLE}

INSIGHTS = (
    *("browser", "operating_system", "viewer_device_category", "country", "region", "asn", "cdn"),
    *("viewer_connection_type", "player_name", "player_software", "player_version"),
    *("source_hostname", "stream_type", "video_title", "video_series", "sub_property_id"),
)
"""Where insights are looked for: what somebody can do something about."""


def mux_dimension(name: str, parameter: str) -> MuxDimension:
    """The dimension of this id. Raises `BadRequest` that names the parameter and the nearest ids."""
    found = DIMENSIONS.get(name)
    if found is None:
        raise unknown(parameter, name, DIMENSIONS, "any id of /data/v1/dimensions")
    return found


def listed() -> dict[str, list[str]]:
    """What views can be told apart by, as the list of dimensions has it."""
    known = [one for one in DIMENSIONS.values() if one.ours is not None]
    return {
        "basic": [one.id for one in known if one.is_basic],
        "advanced": [one.id for one in known if not one.is_basic],
    }


def read_filter(text: str) -> Mapping[str, Any]:
    """``dim:value``, ``!dim:value``, and for traces ``+dim:value`` and ``-dim:value``. Raises `BadRequest`."""
    sign = text[:1] if text[:1] in ("!", "+", "-", " ") else ""
    name, colon, value = text.removeprefix(sign).partition(":")
    if not colon:
        raise BadRequest(
            f"filters[] is {text[:100]!r}, but wanted is dimension:value, or !dimension:value to exclude",
            parameter="filters[]",
            got=text[:100],
        )
    found = mux_dimension(name, "filters[]")
    # The plus of a trace arrives as a blank where it was not escaped.
    if sign in ("+", "-", " ") and not found.is_trace:
        raise BadRequest(
            f"filters[] has {sign!r} before {name}, which is only for traces; use {name}:value or !{name}:value",
            parameter="filters[]",
            got=text[:100],
        )
    holds = _condition(found, value)
    return {"not": holds} if sign in ("!", "-") else holds


def _condition(one: MuxDimension, value: str) -> Mapping[str, Any]:
    """An empty value is the one that is not known."""
    if one.ours is None:
        return NOTHING if value else EVERYTHING
    if not value:
        return {"dimension": one.ours, "op": "exists", "value": False}
    return {"dimension": one.ours, "op": "eq", "value": one.meant(value)}


def read_filters(texts: Sequence[str]) -> list[Mapping[str, Any]]:
    """All of them, each of which must hold."""
    return [read_filter(text) for text in texts]
