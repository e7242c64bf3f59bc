"""What a Mux view says besides its times: metadata, picture, latency."""

from __future__ import annotations

import pytest

from firstframe.view.derived import derive
from support_cases import BASE_MS
from support_mux import event, folded, numbered, parsed


def test_metadata_becomes_dimensions():
    """Each field in its place, everything else under its own name."""
    row = folded(
        [
            event(
                "play",
                0,
                viewer_user_id="user-1",
                mux_viewer_id="cookie-1",
                session_id="s",
                video_id="film",
                video_series="series",
                video_stream_type="on-demand",
                player_autoplay_on=True,
                player_is_fullscreen=True,
                player_width=640,
                player_height=360,
                video_source_width=1280,
                video_source_height=720,
                player_name="Player",
                player_software_name="hls.js",
                player_software_version="1.7",
                mux_embed="mux-embed",
                mux_embed_version="5.19.0",
                mux_sample_rate=0.25,
                mux_viewer_device_category="Smart TV",
                viewer_application_name="Browser",
                viewer_connection_type="wifi",
                experiment_name="exp",
                sub_property_id="sub",
                custom_1="one",
                custom_17="seventeen",
                video_producer="producer",
                view_drm_type="widevine",
                page_url="https://site.example/watch?secret=1",
                video_source_url="https://stream.mux.com/abc123.m3u8?token=t",
            )
        ]
    )
    assert (row.viewer_id, row.session_id, row.video_id, row.video_series) == (
        "user-1",
        "s",
        "film",
        "series",
    )
    assert (row.autoplay, row.stream_type, row.protocol, row.playback_id) == (
        True,
        "on_demand",
        "hls",
        "abc123",
    )
    assert (row.page_url, row.page_host) == ("https://site.example/watch", "site.example")
    assert (row.source_url, row.source_host) == ("https://stream.mux.com/abc123.m3u8", "stream.mux.com")
    assert (row.player_width_px, row.video_height_px, row.sample_rate) == (640, 720, 0.25)
    assert (row.player_software, row.player_software_version, row.sdk_version) == ("hls.js", "1.7", "5.19.0")
    assert (row.device_type, row.browser, row.connection_type, row.drm_type) == (
        "tv",
        "Browser",
        "wifi",
        "widevine",
    )
    assert (row.experiment, row.sub_property) == ("exp", "sub")
    assert row.custom == {"custom_1": "one", "custom_17": "seventeen"}
    assert row.extra["video_producer"] == "producer"
    assert row.extra["mux_viewer_id"] == "cookie-1"
    assert row.extra["player_is_fullscreen"] == "true"


def test_a_cookie_is_a_viewer():
    """Without a user the SDK's own id names the viewer."""
    assert folded([event("play", 0, mux_viewer_id="cookie-1")]).viewer_id == "cookie-1"


def test_a_full_event_forgets_what_it_leaves_out():
    """A delta carries the rest on; a full event is all there is."""
    row = folded(
        numbered(
            [
                event("viewstart", 0, mux_embed="mux-embed", video_title="A", custom_1="x"),
                event("hb", 10, video_series="S"),
                event("viewend", 20, mux_embed="mux-embed", video_title="B", video_series="S"),
            ]
        )
    )
    assert (row.video_title, row.video_series, row.custom) == ("B", "S", {})


def test_one_shot_and_own_fields_are_not_carried():
    """Startup of the player is said once; errors, requests and ads belong to their own event."""
    row = folded(
        numbered(
            [
                event("playerready", 0, player_startup_time=120, page_load_time=80),
                event("requestfailed", 10, request_error="fragLoadError", request_type="media"),
                event("adplay", 20, ad_id="a-1"),
                event("viewend", 30),
            ]
        )
    )
    assert (row.player_startup_time_ms, row.page_load_time_ms) == (120, 80)
    assert not [name for name in row.extra if name.startswith(("request_", "ad_", "player_error_"))]


def test_live_latency_and_length():
    """Live has no length and no completion; its latency is the event's clock minus the programme's."""
    row = folded(
        numbered(
            [
                event("play", 0, video_source_is_live=True, video_source_duration=30_000),
                event("playing", 10, player_program_time=BASE_MS - 20_000),
                event("hb", 10_000, player_program_time=BASE_MS - 14_000),
                event("hb", 20_000, player_program_time=BASE_MS - 600_000),
                event("viewend", 30_000),
            ]
        )
    )
    assert (row.live, row.stream_type, row.duration_ms, row.completed) == (True, "live", None, None)
    assert derive(row)["live_latency_ms"] == pytest.approx((20_010 + 24_000) / 2)


def test_live_latency_with_a_wrong_clock():
    """A viewer's clock two hours ahead would make the stream two hours old: the sending time corrects it."""
    ahead = 7_200_000
    program = BASE_MS - ahead - 20_000
    events = parsed(
        numbered([event("play", 0), event("playing", 10, player_program_time=program), event("viewend", 20)]),
        received_ms=30 - ahead,
        transmission_timestamp=BASE_MS + 30,
    )
    assert derive(folded(events))["live_latency_ms"] == pytest.approx(20_010)


def test_scaling_is_the_sdks_own_sum():
    """Upscale and downscale are weighted by the playhead, as the SDK does it."""
    row = folded(
        [
            event("play", 0),
            event("playing", 0),
            event(
                "viewend",
                10_000,
                view_total_content_playback_time=8_000,
                view_total_upscaling=2_000,
                view_total_downscaling=0,
                view_max_upscale_percentage=0.5,
                view_max_downscale_percentage=0,
            ),
        ]
    )
    assert derive(row)["upscale_percentage"] == pytest.approx(0.25)
    assert (derive(row)["downscale_percentage"], row.max_upscale) == (0, 0.5)


def _renamed(left_ms: float) -> list[dict]:
    """A view of one film that ends, and a page that named the next one at 9 s."""
    named = {"mux_embed": "mux-embed", "custom_1": "one"}
    return numbered(
        [
            event("viewstart", 0, video_id="one", video_title="First", video_series="series", **named),
            event("playing", 100, video_id="one"),
            event("hb", 9_000, video_id="two", video_playback_range='["0:8900"]', video_brand="brand"),
            event("hb", 9_004, video_id="two", video_title="Second"),
            event("viewend", left_ms, video_id="two", video_title="Second", video_brand="brand", **named),
        ]
    )


def test_names_of_the_next_video_just_before_the_end():
    """`<mux-player>` tells of a changed attribute at once, and of the source that goes with it behind it."""
    row = folded(_renamed(9_030))
    assert (row.video_id, row.video_title, row.custom) == ("one", "First", {"custom_1": "one"})
    assert "video_brand" not in row.extra


def test_names_that_a_page_corrects_while_it_plays():
    """What stands for longer than a change of source takes is the video's own."""
    row = folded(_renamed(9_900))
    assert (row.video_id, row.video_title, row.extra["video_brand"]) == ("two", "Second", "brand")


def test_names_that_come_late():
    """What was not named at all before is no other video."""
    late = numbered(
        [
            event("viewstart", 0, mux_embed="mux-embed"),
            event("playing", 100),
            event("hb", 900, video_title="A film"),
            event("viewend", 1_000, mux_embed="mux-embed", video_title="A film"),
        ]
    )
    assert folded(late).video_title == "A film"


@pytest.mark.parametrize(
    ("software", "attribute", "autoplay"),
    [
        ("mux-player", False, None),
        ("mux-video", False, None),
        ("mux-player", True, True),
        ("Video.js", False, False),
    ],
)
def test_autoplay_of_muxs_own_elements(software, attribute, autoplay):
    """They play by script: that the attribute is not set on the `<video>` within says nothing."""
    seen = {"player_software_name": software, "player_autoplay_on": attribute}
    assert folded([event("play", 0, **seen), event("playing", 100)]).autoplay is autoplay
