"""The record of one view: the one registry of its fields.

The class is the registry: each attribute's annotation carries a `Field` with its unit and meaning, and `FIELDS`
lists them for the engine, the API and the docs. None means *this dialect cannot know*, 0 means *known to be none*.
Pairs (sum and weight) are kept, never quotients, so that every aggregate is a ratio of sums.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec

from firstframe.view.word import Word


class State(Word):
    """What a view is doing at an instant; exactly one."""

    IDLE = "idle", "loaded; nobody wants it to play"
    STARTUP = "startup", "play is wanted, no frame has been seen yet"
    PLAYING = "playing", "content frames move"
    AD_PLAYING = "ad_playing", "frames of an ad move"
    REBUFFER = "rebuffer", "stalled after the first frame, for lack of data"
    SEEK = "seek", "from a seek to moving frames"
    RESUMING = "resuming", "from the end of a pause to moving frames"
    AD_WAIT = "ad_wait", "in an ad break, while nothing moves"
    PAUSE = "pause", "the viewer paused; not watch time"
    FAILED = "failed", "a fatal error ended playback"


WATCH_STATES = frozenset(
    {
        State.STARTUP,
        State.PLAYING,
        State.AD_PLAYING,
        State.REBUFFER,
        State.SEEK,
        State.RESUMING,
        State.AD_WAIT,
    }
)
"""The states whose time is watch time."""


class Outcome(Word):
    """How a view went; exclusive. Attempts are the sum of all but the first."""

    NOT_ATTEMPTED = "not_attempted", "the player was loaded, nobody tried to play"
    EXITED_BEFORE_START = (
        "exited_before_start",
        "play was wanted, and the viewer left before the first frame, without a fatal error",
    )
    START_FAILED = "start_failed", "a technical fatal error before the first frame"
    START_BLOCKED = (
        "start_blocked",
        "refused before the first frame for a business reason, such as geography or rights",
    )
    PLAYBACK_FAILED = "playback_failed", "a technical fatal error after the first frame"
    PLAYBACK_BLOCKED = "playback_blocked", "refused after the first frame for a business reason"
    COMPLETED = "completed", "the end of the video was the last thing that happened"
    DROPPED = "dropped", "reports stopped while the viewer was watching; nobody said why"
    EXITED = "exited", "the viewer left after the first frame"


class EndReason(Word):
    """Why a view is over."""

    ENDED = "ended", "the SDK reported it: teardown, page left, new video"
    IDLE_TIMEOUT = "idle_timeout", "silence while paused or idle"
    REBUFFER_TIMEOUT = "rebuffer_timeout", "one stall of more than five minutes"
    DROPPED = "dropped", "silence in a watch state"


class Approx(Word):
    """Flags that say which numbers of a row are less than exact, and why. An open registry: add, never rename."""

    STARTUP_IS_READY_TIME = (
        "startup_is_ready_time",
        "The startup time runs from load to ready, not from play to the first frame.",
    )
    STARTUP_IS_FIRST_PROGRESS = (
        "startup_is_first_progress",
        "The startup time ends at the first time update, up to 250 ms after the first frame.",
    )
    STARTUP_LOWER_BOUND = (
        "startup_lower_bound",
        "The wait began before the SDK's clock did; the true startup time is longer.",
    )
    PLAY_TIME_LOWER_BOUND = (
        "play_time_lower_bound",
        "Some playing was not reported; the true playing time is longer.",
    )
    PLAY_TIME_ESTIMATED = (
        "play_time_estimated",
        "The playing time is derived from other reports; the SDK did not report it.",
    )
    STALLS_UNKNOWN = "stalls_unknown", "The SDK does not report stalls; there may have been some."
    STALLS_LOWER_BOUND = "stalls_lower_bound", "There may have been more stalls than were reported."
    STALLS_UPPER_BOUND = (
        "stalls_upper_bound",
        "Some of what is counted as stalls may have been something else.",
    )
    CLOCK_SHIFTED = "clock_shifted", "The viewer's clock was wrong; the view was moved to the server's time."
    EVENTS_LOST = (
        "events_lost",
        "Part of the view never arrived: the numbering of its events has gaps, or a later report proves it.",
    )
    START_LOST = (
        "start_lost",
        "The event that opens a view never arrived, so the context it carries is unknown.",
    )
    EVENTS_CAPPED = (
        "events_capped",
        "The view has more events than are used for one view; the latest were left out.",
    )
    SPANS_ESTIMATED = (
        "spans_estimated",
        "The SDK reports sums, not instants; where the states lie in time is a best guess.",
    )
    HOLE_CREDITED = (
        "hole_credited",
        "Events are missing in between; the playhead's advance shows that playback went on.",
    )
    PAUSE_LOWER_BOUND = "pause_lower_bound", "The viewer may have paused for longer than was reported."
    LATENCY_UPPER_BOUND = (
        "latency_upper_bound",
        "Live latency is counted from the start of the segment at the playhead, not from the playhead itself.",
    )
    ATTEMPT_UNCERTAIN = (
        "attempt_uncertain",
        "This attempt may be the echo of one that failed just before in the same player.",
    )
    SEVERAL_SOURCES = (
        "several_sources",
        "The page played other videos in the same session; the numbers are those of all of them.",
    )


class Span(msgspec.Struct, frozen=True, array_like=True):
    """One interval of one state, ``[start_ms, end_ms)``."""

    state: State
    start_ms: int
    end_ms: int


class Field(msgspec.Struct, frozen=True):
    """What is to be known about one field of the record."""

    group: Literal[
        "identity",
        "time",
        "flags",
        "startup",
        "durations",
        "counts",
        "pairs",
        "content",
        "scores",
        "dimension",
        "row",
    ]
    meaning: str
    unit: Literal["ms", "bps", "bytes", "px", "n", "ratio", "score", "text", "flag", "id", "list"] = "text"


class NamedField(msgspec.Struct, frozen=True):
    """One entry of `FIELDS`: the field, its name and its Python type."""

    name: str
    type: Any
    nullable: bool
    field: Field


def _f(group: Any, unit: Any, meaning: str) -> Field:
    return Field(group, meaning, unit)


Text = str | None
Count = int | None
Ms = float | None


class ViewRecord(msgspec.Struct, kw_only=True):
    """One row per view.

    A dialect's fold fills in what it knows; `view_id`, `project`, `dialect`, the receive times, the placement, the
    scores and what the request's context adds are filled in after it.
    """

    # identity
    project: Annotated[str, _f("identity", "id", "the tenant")] = ""
    dialect: Annotated[str, _f("identity", "id", "the language of its events")] = ""
    view_id: Annotated[
        str, _f("identity", "id", "32 hex digits of project, dialect, native id and ordinal")
    ] = ""
    native_view_id: Annotated[str, _f("identity", "id", "the SDK's own id of the view")] = ""
    ordinal: Annotated[int, _f("identity", "n", "0, or 1, 2 … where time-outs split one native id")] = 0
    session_id: Annotated[Text, _f("identity", "id", "the SDK's visit, over several views")] = None
    viewer_id: Annotated[Text, _f("identity", "id", "who watched, as the site or the SDK names them")] = None
    video_id: Annotated[Text, _f("identity", "id", "what was watched, as the site names it")] = None

    # time
    view_start_ms: Annotated[int, _f("time", "ms", "first event, epoch ms, corrected")] = 0
    view_end_ms: Annotated[int, _f("time", "ms", "last event that counts, epoch ms, corrected")] = 0
    received_first_ms: Annotated[int, _f("time", "ms", "earliest receipt of one of its events")] = 0
    received_last_ms: Annotated[int, _f("time", "ms", "latest receipt of one of its events")] = 0
    clock_shift_ms: Annotated[
        int, _f("time", "ms", "what was added to the client's clock to place the view")
    ] = 0
    closed: Annotated[bool, _f("time", "flag", "the view is over (a late event may still reopen it)")] = False
    end_reason: Annotated[EndReason | None, _f("time", "text", "why it is over")] = None

    # flags
    attempted: Annotated[bool, _f("flags", "flag", "somebody or something wanted it to play")] = False
    started: Annotated[bool, _f("flags", "flag", "a frame of ad or content was shown")] = False
    outcome: Annotated[Outcome, _f("flags", "text", "how it went; exclusive")] = Outcome.NOT_ATTEMPTED
    live: Annotated[bool, _f("flags", "flag", "a live stream")] = False
    autoplay: Annotated[
        bool | None, _f("flags", "flag", "the first play came from the page, not the viewer")
    ] = None
    muted: Annotated[bool | None, _f("flags", "flag", "muted at the first play")] = None
    startup_in_background: Annotated[bool, _f("flags", "flag", "startup ran in a hidden page")] = False
    completed: Annotated[bool | None, _f("flags", "flag", "the end was seen; null for live")] = None
    preroll_played: Annotated[bool, _f("flags", "flag", "an ad frame came before content")] = False
    has_ad: Annotated[bool, _f("flags", "flag", "an ad event was seen")] = False
    bot: Annotated[bool, _f("flags", "flag", "the user agent calls itself a robot")] = False

    # startup
    page_load_time_ms: Annotated[Ms, _f("startup", "ms", "page request to player init")] = None
    player_startup_time_ms: Annotated[Ms, _f("startup", "ms", "player init to ready")] = None
    video_startup_time_ms: Annotated[
        Ms, _f("startup", "ms", "watch time before the first frame of ad or content")
    ] = None
    content_startup_time_ms: Annotated[Ms, _f("startup", "ms", "the same for content, without ads")] = None
    startup_wait_ms: Annotated[
        float, _f("startup", "ms", "time in startup, also when no frame ever came")
    ] = 0
    drm_time_ms: Annotated[Ms, _f("startup", "ms", "time to load the DRM licence")] = None
    asset_time_ms: Annotated[Ms, _f("startup", "ms", "time to load the asset")] = None
    metadata_time_ms: Annotated[Ms, _f("startup", "ms", "time to load the metadata")] = None
    token_time_ms: Annotated[Ms, _f("startup", "ms", "time to load the access token")] = None
    qoe_asset_time_ms: Annotated[Ms, _f("startup", "ms", "the viewer's wait for the asset")] = None
    qoe_metadata_time_ms: Annotated[Ms, _f("startup", "ms", "the viewer's wait for the metadata")] = None
    qoe_total_time_ms: Annotated[Ms, _f("startup", "ms", "the viewer's wait for a player that is ready")] = (
        None
    )

    # durations
    watch_time_ms: Annotated[float, _f("durations", "ms", "wall time in which the viewer tried to watch")] = 0
    content_playing_time_ms: Annotated[float, _f("durations", "ms", "wall time in which content moved")] = 0
    ad_playing_time_ms: Annotated[float, _f("durations", "ms", "wall time in which ads moved")] = 0
    rebuffer_duration_ms: Annotated[
        Ms, _f("durations", "ms", "stalled after the first frame, seeks apart")
    ] = None
    seek_time_ms: Annotated[Ms, _f("durations", "ms", "from seek to moving frames")] = None
    pause_time_ms: Annotated[Ms, _f("durations", "ms", "paused")] = None
    media_time_ms: Annotated[Ms, _f("durations", "ms", "length of media played, whatever the rate")] = None

    # counts
    rebuffer_count: Annotated[Count, _f("counts", "n", "stalls after the first frame")] = None
    seek_count: Annotated[Count, _f("counts", "n", "seeks")] = None
    error_count: Annotated[int, _f("counts", "n", "errors, fatal or not, warnings apart")] = 0
    warning_count: Annotated[int, _f("counts", "n", "warnings")] = 0
    recovered_errors: Annotated[int, _f("counts", "n", "fatal errors after which playback went on")] = 0
    rendition_upshifts: Annotated[Count, _f("counts", "n", "switches to a higher bitrate")] = None
    rendition_downshifts: Annotated[Count, _f("counts", "n", "switches to a lower bitrate")] = None
    dropped_frames: Annotated[Count, _f("counts", "n", "decoded but not shown")] = None
    ad_breaks: Annotated[Count, _f("counts", "n", "ad breaks")] = None
    ad_attempts: Annotated[Count, _f("counts", "n", "single ads tried")] = None
    ad_impressions: Annotated[Count, _f("counts", "n", "ads with a frame")] = None
    ad_errors: Annotated[Count, _f("counts", "n", "ad errors")] = None
    ad_break_errors: Annotated[Count, _f("counts", "n", "ad breaks with an error")] = None
    event_count: Annotated[int, _f("counts", "n", "events of the view, each once")] = 0

    # pairs: a sum and its weight
    bitrate_x_ms: Annotated[float, _f("pairs", "bps", "Σ bitrate × content playing ms")] = 0
    bitrate_ms: Annotated[float, _f("pairs", "ms", "Σ content playing ms with known bitrate")] = 0
    upscale_x_ms: Annotated[float, _f("pairs", "ratio", "Σ upscale × ms")] = 0
    downscale_x_ms: Annotated[float, _f("pairs", "ratio", "Σ downscale × ms")] = 0
    scale_ms: Annotated[float, _f("pairs", "ms", "Σ content playing ms with known sizes")] = 0
    max_upscale: Annotated[float | None, _f("pairs", "ratio", "largest upscale")] = None
    max_downscale: Annotated[float | None, _f("pairs", "ratio", "largest downscale")] = None
    request_bytes: Annotated[float, _f("pairs", "bytes", "Σ bytes of requests with known load time")] = 0
    request_load_ms: Annotated[float, _f("pairs", "ms", "Σ load time, first byte to last")] = 0
    ttfb_sum_ms: Annotated[float, _f("pairs", "ms", "Σ time to first byte")] = 0
    ttfb_count: Annotated[float, _f("pairs", "n", "requests with a time to first byte")] = 0
    max_request_latency_ms: Annotated[Ms, _f("pairs", "ms", "largest time to first byte")] = None
    request_count: Annotated[Count, _f("pairs", "n", "media requests")] = None
    request_failed_count: Annotated[Count, _f("pairs", "n", "of these failed")] = None
    request_canceled_count: Annotated[Count, _f("pairs", "n", "of these cancelled")] = None
    latency_sum_ms: Annotated[float, _f("pairs", "ms", "Σ live latency samples up to five minutes")] = 0
    latency_count: Annotated[int, _f("pairs", "n", "live latency samples")] = 0

    # content
    duration_ms: Annotated[Ms, _f("content", "ms", "length of the video; null for live")] = None
    max_playhead_ms: Annotated[Ms, _f("content", "ms", "furthest position reached")] = None
    played_ranges: Annotated[
        list[tuple[float, float]] | None, _f("content", "list", "media ranges watched, [start ms, end ms]")
    ] = None
    played_range_ms: Annotated[Ms, _f("content", "ms", "length of the union of the media ranges watched")] = (
        None
    )

    # scores, per metrics 1.1 and 2.3
    playback_success_score: Annotated[float | None, _f("scores", "score", "100, 50 or 0")] = None
    startup_score: Annotated[float | None, _f("scores", "score", "100 · 8/(8 + seconds of startup)")] = None
    smoothness_score: Annotated[
        float | None, _f("scores", "score", "from count and share of rebuffering")
    ] = None
    video_quality_score: Annotated[float | None, _f("scores", "score", "from upscaling")] = None
    experience_score: Annotated[
        float | None, _f("scores", "score", "of the four above; firstframe's own")
    ] = None

    # dimensions
    video_title: Annotated[Text, _f("dimension", "text", "title")] = None
    video_series: Annotated[Text, _f("dimension", "text", "series")] = None
    playback_id: Annotated[
        Text, _f("dimension", "id", "the delivery's id of the video, from the source URL")
    ] = None
    dstorage_id: Annotated[Text, _f("dimension", "id", "IPFS CID or Arweave id in the source URL")] = None
    page_url: Annotated[Text, _f("dimension", "text", "page, without query unless the operator keeps it")] = (
        None
    )
    page_host: Annotated[Text, _f("dimension", "text", "host of the page")] = None
    source_url: Annotated[Text, _f("dimension", "text", "media URL, without query")] = None
    source_host: Annotated[Text, _f("dimension", "text", "host of the media URL")] = None
    stream_type: Annotated[Text, _f("dimension", "text", "live or on_demand")] = None
    protocol: Annotated[Text, _f("dimension", "text", "hls, dash, progressive, webrtc …")] = None
    player_name: Annotated[Text, _f("dimension", "text", "player, as the site names it")] = None
    player_version: Annotated[Text, _f("dimension", "text", "its version")] = None
    player_software: Annotated[Text, _f("dimension", "text", "the software underneath")] = None
    player_software_version: Annotated[Text, _f("dimension", "text", "its version")] = None
    sdk_name: Annotated[Text, _f("dimension", "text", "the SDK that reported")] = None
    sdk_version: Annotated[Text, _f("dimension", "text", "its version")] = None
    application: Annotated[Text, _f("dimension", "text", "the site's or app's name")] = None
    application_version: Annotated[Text, _f("dimension", "text", "its version")] = None
    user_agent: Annotated[Text, _f("dimension", "text", "as the client calls itself")] = None
    browser: Annotated[Text, _f("dimension", "text", "browser family")] = None
    browser_version: Annotated[Text, _f("dimension", "text", "its version")] = None
    browser_engine: Annotated[Text, _f("dimension", "text", "its engine")] = None
    os: Annotated[Text, _f("dimension", "text", "operating system")] = None
    os_version: Annotated[Text, _f("dimension", "text", "its version")] = None
    device_type: Annotated[
        Text, _f("dimension", "text", "desktop, phone, tablet, tv, console, car, headset, bot, other")
    ] = None
    device_vendor: Annotated[Text, _f("dimension", "text", "who made the device")] = None
    device_model: Annotated[Text, _f("dimension", "text", "which one")] = None
    continent: Annotated[Text, _f("dimension", "text", "two letters")] = None
    country: Annotated[Text, _f("dimension", "text", "ISO 3166-1, two letters")] = None
    subdivision: Annotated[Text, _f("dimension", "text", "ISO 3166-2 without the country")] = None
    city: Annotated[Text, _f("dimension", "text", "city")] = None
    time_zone: Annotated[Text, _f("dimension", "text", "IANA name")] = None
    asn: Annotated[int | None, _f("dimension", "n", "autonomous system")] = None
    network: Annotated[Text, _f("dimension", "text", "its name")] = None
    cdn: Annotated[Text, _f("dimension", "text", "who delivered")] = None
    connection_type: Annotated[Text, _f("dimension", "text", "wifi, cellular, wired …")] = None
    language: Annotated[Text, _f("dimension", "text", "of the viewer")] = None
    audio_language: Annotated[Text, _f("dimension", "text", "of the audio track")] = None
    subtitle_language: Annotated[Text, _f("dimension", "text", "of the subtitles")] = None
    video_codec: Annotated[Text, _f("dimension", "text", "video codec")] = None
    audio_codec: Annotated[Text, _f("dimension", "text", "audio codec")] = None
    drm_type: Annotated[Text, _f("dimension", "text", "widevine, fairplay, playready …")] = None
    fatal_error_code: Annotated[Text, _f("dimension", "text", "code of the fatal error that stands")] = None
    error_code: Annotated[Text, _f("dimension", "text", "code of the last error of any kind")] = None
    error_message: Annotated[Text, _f("dimension", "text", "its message, 256 characters at most")] = None
    error_class: Annotated[Text, _f("dimension", "text", "technical or business")] = None
    experiment: Annotated[Text, _f("dimension", "text", "experiment or variant")] = None
    sub_property: Annotated[Text, _f("dimension", "text", "a part of the site")] = None
    player_width_px: Annotated[Count, _f("dimension", "px", "last width of the player")] = None
    player_height_px: Annotated[Count, _f("dimension", "px", "last height of the player")] = None
    video_width_px: Annotated[Count, _f("dimension", "px", "last width of the rendition")] = None
    video_height_px: Annotated[Count, _f("dimension", "px", "last height of the rendition")] = None
    sample_rate: Annotated[float | None, _f("dimension", "ratio", "the SDK's own sampling, 1 = all")] = None
    custom: Annotated[dict[str, str], _f("dimension", "list", "custom_1 … custom_20 (and more, kept)")] = {}
    extra: Annotated[
        dict[str, str], _f("dimension", "list", "the dialect's other metadata, in its own words")
    ] = {}

    # the row
    approx: Annotated[list[str], _f("row", "list", "flags of `Approx`, sorted")] = []
    spans: Annotated[list[Span], _f("row", "list", "the states of the view, in time order, none empty")] = []


def _fields() -> tuple[NamedField, ...]:
    found = []
    for name, hint in get_type_hints(ViewRecord, include_extras=True).items():
        kind, field = get_args(hint)[0], get_args(hint)[1]
        found.append(NamedField(name, kind, type(None) in get_args(kind), field))
    return tuple(found)


FIELDS: tuple[NamedField, ...] = _fields()
"""Every field of the record, in order."""
