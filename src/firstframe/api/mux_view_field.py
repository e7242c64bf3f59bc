"""The fields of one view as Mux has them, by those of our record: every key, in the type that its clients read.

What nothing tells us is null. Several numbers are texts, because Mux's are decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from firstframe.api.mux_error import error_id_of
from firstframe.api.mux_metric import PERCENT
from firstframe.api.place_name import COUNTRIES
from firstframe.metrics.asset import Asset
from firstframe.metrics.instant import iso
from firstframe.view.record import Outcome

View = Mapping[str, Any]

FAILED = (Outcome.START_FAILED, Outcome.PLAYBACK_FAILED)
BLOCKED = (Outcome.START_BLOCKED, Outcome.PLAYBACK_BLOCKED)

TEXTS: Mapping[str, str] = {
    "id": "view_id",
    "view_id": "native_view_id",
    "session_id": "session_id",
    "environment_id": "project",
    "asn_name": "network",
    "audio_codec": "audio_codec",
    "cdn": "cdn",
    "city": "city",
    "client_application_name": "application",
    "client_application_version": "application_version",
    "continent_code": "continent",
    "country_code": "country",
    "experiment_name": "experiment",
    "mux_embed": "sdk_name",
    "mux_embed_version": "sdk_version",
    "page_url": "page_url",
    "playback_id": "playback_id",
    "player_error_code": "error_code",
    "player_error_message": "error_message",
    "player_mux_plugin_name": "sdk_name",
    "player_mux_plugin_version": "sdk_version",
    "player_name": "player_name",
    "player_software": "player_software",
    "player_software_version": "player_software_version",
    "player_source_host_name": "source_host",
    "player_source_url": "source_url",
    "player_version": "player_version",
    "region": "subdivision",
    "sub_property_id": "sub_property",
    "video_codec": "video_codec",
    "video_id": "video_id",
    "video_series": "video_series",
    "video_title": "video_title",
    "view_drm_type": "drm_type",
    "viewer_application_engine": "browser_engine",
    "viewer_application_name": "browser",
    "viewer_application_version": "browser_version",
    "viewer_connection_type": "connection_type",
    "viewer_device_category": "device_type",
    "viewer_device_manufacturer": "device_vendor",
    "viewer_device_model": "device_model",
    "viewer_os_family": "os",
    "viewer_os_version": "os_version",
    "viewer_user_agent": "user_agent",
}
"""Texts as they stand in the record."""

KEPT: Mapping[str, str] = {
    **{
        name: name
        for name in (
            *("mux_viewer_id", "page_type", "player_error_context", "player_instance_id"),
            *("video_affiliate", "video_brand", "video_content_type", "video_creator_id"),
            *("video_dynamic_range_type", "video_encoding_variant", "video_producer"),
            *("video_variant_id", "video_variant_name", "view_cdn_edge_pop", "view_cdn_origin"),
            *("view_drm_level", "view_session_id", "viewer_os_architecture"),
            *("viewer_plan", "viewer_plan_category", "viewer_plan_status"),
        )
    },
    "player_language": "player_language_code",
    "player_poster": "video_poster_url",
    "player_source_type": "video_source_mime_type",
    "preroll_ad_asset_hostname": "view_preroll_ad_asset_hostname",
    "preroll_ad_tag_hostname": "view_preroll_ad_tag_hostname",
    "video_language": "video_language_code",
}
"""Texts that the Mux dialect keeps under the names of its SDK."""

NUMBERS: Mapping[str, str] = {
    "ad_attempt_count": "ad_attempts",
    "ad_break_count": "ad_breaks",
    "ad_break_error_count": "ad_break_errors",
    "ad_error_count": "ad_errors",
    "ad_impression_count": "ad_impressions",
    "asn": "asn",
    "buffering_count": "rebuffer_count",
    "buffering_duration": "rebuffer_duration_ms",
    "live_stream_latency": "live_latency_ms",
    "page_load_time": "page_load_time_ms",
    "player_height": "player_height_px",
    "player_source_duration": "duration_ms",
    "player_source_height": "video_height_px",
    "player_source_width": "video_width_px",
    "player_startup_time": "player_startup_time_ms",
    "player_width": "player_width_px",
    "rendition_change_count": "rendition_changes",
    "rendition_downshift_count": "rendition_downshifts",
    "rendition_upshift_count": "rendition_upshifts",
    "time_to_first_frame": "video_startup_time_ms",
    "video_duration": "duration_ms",
    "video_source_height": "video_height_px",
    "video_source_width": "video_width_px",
    "view_average_request_latency": "request_latency_ms",
    "view_average_request_throughput": "request_throughput_bps",
    "view_content_startup_time": "content_startup_time_ms",
    "view_dropped_frame_count": "dropped_frames",
    "view_max_request_latency": "max_request_latency_ms",
    "view_seek_count": "seek_count",
    "view_seek_duration": "seek_time_ms",
    "watch_time": "watch_time_ms",
    "weighted_average_bitrate": "average_bitrate_bps",
}
"""Whole numbers; times in milliseconds."""

KEPT_NUMBERS: Mapping[str, str] = {
    "player_view_count": "player_view_count",
    "requests_for_first_preroll": "view_preroll_request_count",
    "video_source_fps": "video_source_fps",
    "video_startup_preroll_load_time": "view_startup_preroll_load_time",
    "video_startup_preroll_request_time": "view_startup_preroll_request_time",
}

DECIMALS: Mapping[str, tuple[str, float]] = {
    "buffering_rate": ("rebuffer_frequency_per_min", 1),
    "playback_score": ("playback_success_score", PERCENT),
    "quality_score": ("video_quality_score", PERCENT),
    "rebuffer_percentage": ("rebuffer_percentage", 1),
    "rebuffering_score": ("smoothness_score", PERCENT),
    "startup_score": ("startup_score", PERCENT),
    "view_max_downscale_percentage": ("max_downscale", 1),
    "view_max_playhead_position": ("max_playhead_ms", 1),
    "view_max_upscale_percentage": ("max_upscale", 1),
    "view_playing_time": ("playing_time_ms", 1),
    "viewer_experience_score": ("experience_score", PERCENT),
}
"""Numbers that are told as texts, each with what it is divided by."""

FLAGS: Mapping[str, str] = {
    "player_autoplay": "autoplay",
    "preroll_played": "preroll_played",
    "view_has_ad": "has_ad",
    "watched": "started",
}

KEPT_FLAGS: Mapping[str, str] = {
    "player_preload": "player_preload_on",
    "player_remote_played": "player_remote_played",
    "preroll_requested": "view_preroll_requested",
    "time_shift_enabled": "view_time_shift_enabled",
}

OUTCOMES: Mapping[str, tuple[Outcome, ...]] = {
    "exit_before_video_start": (Outcome.EXITED_BEFORE_START,),
    "playback_failure": FAILED,
    "video_startup_failure": (Outcome.START_FAILED,),
    "view_dropped": (Outcome.DROPPED,),
}
"""Flags that are true of some outcomes."""

ERRORS: Mapping[str, tuple[Outcome, ...]] = {
    "error_type_id": tuple(Outcome),
    "playback_failure_error_type_id": FAILED,
    "playback_business_exception_error_type_id": BLOCKED,
    "video_startup_business_exception_error_type_id": (Outcome.START_BLOCKED,),
}
"""The number of the view's error, where it had one of these outcomes."""

INSTANTS: Mapping[str, str] = {
    "view_start": "view_start_ms",
    "view_end": "view_end_ms",
    "inserted_at": "received_first_ms",
    "updated_at": "received_last_ms",
}

NOT_TOLD = (
    *("ad_exit_before_start_count", "ad_exit_before_start_percentage", "ad_playback_failure_error_type_id"),
    *("ad_preroll_startup_time", "ad_startup_error_count", "ad_startup_error_percentage"),
    *("audio_codec_initial", "isp", "latitude", "longitude", "long_rebuffering", "long_resume", "metro"),
    *("mux_api_version", "platform_description", "platform_summary", "player_load_time"),
    *("player_source_domain", "property_id", "short_time", "used_captions", "used_fullscreen", "used_pip"),
    *("video_cdn_trace", "video_codec_initial", "video_dynamic_range_type_initial"),
    *("video_source_bitrate", "video_source_bitrate_initial", "video_source_fps_initial"),
    *("video_source_height_initial", "video_source_width_initial", "view_error_id", "viewer_device_name"),
)
"""Null in every view."""

CUSTOM = tuple(f"custom_{number}" for number in range(1, 11))
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def view_fields(view: View, asset: Asset | None) -> dict[str, Any]:
    """All of a view but its events; ``asset`` is what was told of its video."""
    extra = view["extra"]
    return {
        **dict.fromkeys(NOT_TOLD),
        **_each(TEXTS, view.__getitem__),
        **_each(KEPT, extra.get),
        **_each(NUMBERS, lambda name: _whole(view[name])),
        **_each(KEPT_NUMBERS, lambda name: _whole(_number(extra.get(name)))),
        **{name: _decimal(view[ours], per) for name, (ours, per) in DECIMALS.items()},
        **_each(FLAGS, view.__getitem__),
        **_each(KEPT_FLAGS, lambda name: _FLAGS.get(extra.get(name, "").lower())),
        **_each(OUTCOMES, lambda outcomes: view["outcome"] in outcomes),
        **_each(ERRORS, lambda outcomes: error_id_of(view) if view["outcome"] in outcomes else None),
        **_each(INSTANTS, lambda name: iso(view[name])),
        **{name: view["custom"].get(name) for name in CUSTOM},
        **_worked_out(view),
        "asset_id": asset and asset.asset_id,
        "live_stream_id": asset and asset.stream_id,
    }


def _each(table: Mapping[str, Any], value: Callable[[Any], Any]) -> dict[str, Any]:
    return {name: value(ours) for name, ours in table.items()}


def _worked_out(view: View) -> dict[str, Any]:
    kind = "on-demand" if view["stream_type"] == "on_demand" else view["stream_type"]
    viewer, made = view["viewer_id"], view["extra"].get("mux_viewer_id")
    is_scale_known = view["scale_ms"] > 0
    return {
        "view_total_content_playback_time": _whole(view["scale_ms"]) if is_scale_known else None,
        "view_total_upscaling": _decimal(view["upscale_x_ms"]) if is_scale_known else None,
        "view_total_downscaling": _decimal(view["downscale_x_ms"]) if is_scale_known else None,
        "country_name": COUNTRIES.get(view["country"] or ""),
        "player_source_stream_type": kind,
        "video_stream_type": kind,
        # Where the site names no viewer, the record has the id that the SDK made.
        "viewer_user_id": None if viewer == made else viewer,
        "ad_error_percentage": _share(view["ad_errors"], view["ad_attempts"]),
        "ad_break_error_percentage": _share(view["ad_break_errors"], view["ad_breaks"]),
    }


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _number(text: str | None) -> float | None:
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if abs(found) < 2**53 else None


def _share(part: float | None, whole: float | None) -> str | None:
    return None if part is None or not whole else _decimal(part / whole)


def _decimal(value: float | None, per: float = 1) -> str | None:
    """Digits, without an exponent and without zeros at the end."""
    if value is None:
        return None
    text = f"{value / per:.12f}"
    return text.rstrip("0").rstrip(".")
