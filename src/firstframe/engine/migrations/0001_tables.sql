-- What the fold writes and the metrics read. Needs ClickHouse 25.5 or later (or the embedded engine).
-- Every table syncs what it inserted, so that an acknowledged row survives a kill, and keeps merged parts for a while
-- (the embedded engine's own default is not at all), so that a merge that a full disk broke can be taken back.
-- `events` and `views` know no insert tokens: their keys make a repeat harmless, while a token that outlived a failed
-- insert would make the next try a loss.

-- One row is one delivery of an event; of equal deliveries the earliest receipt stays, whichever came in first.
CREATE TABLE IF NOT EXISTS events
(
    project LowCardinality(String),
    view_key String,
    dialect LowCardinality(String),
    native_view_id String,
    event_key String,
    seq Nullable(Int64),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    name LowCardinality(String),
    context String CODEC(ZSTD(3)),
    payload String CODEC(ZSTD(3)),
    chunk UInt64 CODEC(Delta, ZSTD(1)),
    -- the largest UInt64 less received_at in ms
    age UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_view view_key TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(age)
PARTITION BY toDate(received_at)
ORDER BY (project, view_key, event_key)
SETTINGS
    default_compression_codec = 'ZSTD(1)',
    old_parts_lifetime = 480,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    ttl_only_drop_parts = 1,
    materialize_ttl_recalculate_only = 1;

-- One row is one view, in its latest version; is_deleted is a view that late events have joined to another.
-- A number that nearly always is another one, or follows from others, is stored only where it is not: `own_…` is null
-- where the rule of the alias holds and NaN where the field is null. Aliases are the fields as everybody reads them.
-- Of a number `whole_…` holds what has no fraction and `rest_…` what has one; of an id `…_uuid` holds the usual form of a
-- UUID, and `…_text` any other; the one that does not hold it is 0 or empty.
CREATE TABLE IF NOT EXISTS views
(
    -- identity
    project LowCardinality(String),
    dialect LowCardinality(String),
    -- as `view_id_of` says it; an index finds it, so nothing keeps it
    view_id String ALIAS lower(hex(substring(SHA256(concat(project, '\0', dialect, '\0', native_view_id, '\0', toString(ordinal), '\0')), 1, 16))),
    -- the view_id of ordinal 0: the key of its events
    view_key String ALIAS lower(hex(substring(SHA256(concat(project, '\0', dialect, '\0', native_view_id, '\0', '0', '\0')), 1, 16))),
    native_view_uuid UUID,
    native_view_id String ALIAS if(empty(native_view_uuid), native_view_text, toString(native_view_uuid)),
    ordinal UInt32,
    session_uuid UUID,
    session_id Nullable(String) ALIAS if(empty(session_uuid), session_text, toString(session_uuid)),
    viewer_uuid UUID,
    viewer_id Nullable(String) ALIAS if(empty(viewer_uuid), viewer_text, toString(viewer_uuid)),
    video_id LowCardinality(Nullable(String)),
    -- time
    view_start DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
    view_end DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
    -- from view_start
    first_delay_ms Int64 CODEC(T64, ZSTD(1)),
    received_first DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(toUnixTimestamp64Milli(view_start) + first_delay_ms, 'UTC'),
    -- from view_end
    last_delay_ms Int64 CODEC(T64, ZSTD(1)),
    received_last DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(toUnixTimestamp64Milli(view_end) + last_delay_ms, 'UTC'),
    clock_shift_ms Int64 CODEC(T64, ZSTD(1)),
    closed Bool,
    end_reason LowCardinality(Nullable(String)),
    -- flags
    attempted Bool,
    started Bool,
    outcome LowCardinality(String),
    live Bool,
    autoplay Nullable(Bool),
    muted Nullable(Bool),
    startup_in_background Bool,
    completed Nullable(Bool),
    preroll_played Bool,
    has_ad Bool,
    bot Bool,
    -- startup
    page_load_time_ms Nullable(Float64),
    player_startup_time_ms Nullable(Float64),
    whole_video_startup_time_ms Nullable(Int64) CODEC(T64, ZSTD(1)),
    video_startup_time_ms Nullable(Float64) ALIAS whole_video_startup_time_ms + rest_video_startup_time_ms,
    own_content_startup_time_ms Nullable(Float64),
    content_startup_time_ms Nullable(Float64) ALIAS if(own_content_startup_time_ms IS NULL, video_startup_time_ms, if(isNaN(own_content_startup_time_ms), NULL, own_content_startup_time_ms)),
    own_startup_wait_ms Nullable(Float64),
    startup_wait_ms Float64 ALIAS coalesce(own_startup_wait_ms, video_startup_time_ms, 0),
    drm_time_ms Nullable(Float64),
    asset_time_ms Nullable(Float64),
    metadata_time_ms Nullable(Float64),
    token_time_ms Nullable(Float64),
    qoe_asset_time_ms Nullable(Float64),
    qoe_metadata_time_ms Nullable(Float64),
    qoe_total_time_ms Nullable(Float64),
    -- durations
    whole_watch_time_ms Int64 CODEC(T64, ZSTD(1)),
    watch_time_ms Float64 ALIAS whole_watch_time_ms + rest_watch_time_ms,
    whole_content_playing_time_ms Int64 CODEC(T64, ZSTD(1)),
    content_playing_time_ms Float64 ALIAS whole_content_playing_time_ms + rest_content_playing_time_ms,
    ad_playing_time_ms Float64,
    rebuffer_duration_ms Nullable(Float64),
    seek_time_ms Nullable(Float64),
    pause_time_ms Nullable(Float64),
    own_media_time_ms Nullable(Float64),
    media_time_ms Nullable(Float64) ALIAS if(own_media_time_ms IS NULL, content_playing_time_ms, if(isNaN(own_media_time_ms), NULL, own_media_time_ms)),
    -- counts
    rebuffer_count Nullable(Int64) CODEC(T64, ZSTD(1)),
    seek_count Nullable(Int64) CODEC(T64, ZSTD(1)),
    error_count Int64 CODEC(T64, ZSTD(1)),
    warning_count Int64 CODEC(T64, ZSTD(1)),
    recovered_errors Int64 CODEC(T64, ZSTD(1)),
    rendition_upshifts Nullable(Int64) CODEC(T64, ZSTD(1)),
    rendition_downshifts Nullable(Int64) CODEC(T64, ZSTD(1)),
    dropped_frames Nullable(Int64) CODEC(T64, ZSTD(1)),
    ad_breaks Nullable(Int64) CODEC(T64, ZSTD(1)),
    ad_attempts Nullable(Int64) CODEC(T64, ZSTD(1)),
    ad_impressions Nullable(Int64) CODEC(T64, ZSTD(1)),
    ad_errors Nullable(Int64) CODEC(T64, ZSTD(1)),
    ad_break_errors Nullable(Int64) CODEC(T64, ZSTD(1)),
    event_count Int64 CODEC(T64, ZSTD(1)),
    -- pairs
    whole_bitrate_x_ms Int64 CODEC(T64, ZSTD(1)),
    bitrate_x_ms Float64 ALIAS whole_bitrate_x_ms + rest_bitrate_x_ms,
    own_bitrate_ms Nullable(Float64),
    bitrate_ms Float64 ALIAS ifNull(own_bitrate_ms, content_playing_time_ms),
    upscale_x_ms Float64,
    downscale_x_ms Float64,
    own_scale_ms Nullable(Float64),
    scale_ms Float64 ALIAS ifNull(own_scale_ms, content_playing_time_ms),
    max_upscale Nullable(Float64),
    max_downscale Nullable(Float64),
    whole_request_bytes Int64 CODEC(T64, ZSTD(1)),
    request_bytes Float64 ALIAS whole_request_bytes + rest_request_bytes,
    whole_request_load_ms Int64 CODEC(T64, ZSTD(1)),
    request_load_ms Float64 ALIAS whole_request_load_ms + rest_request_load_ms,
    whole_ttfb_sum_ms Int64 CODEC(T64, ZSTD(1)),
    ttfb_sum_ms Float64 ALIAS whole_ttfb_sum_ms + rest_ttfb_sum_ms,
    whole_ttfb_count Int64 CODEC(T64, ZSTD(1)),
    ttfb_count Float64 ALIAS whole_ttfb_count + rest_ttfb_count,
    whole_max_request_latency_ms Nullable(Int64) CODEC(T64, ZSTD(1)),
    max_request_latency_ms Nullable(Float64) ALIAS whole_max_request_latency_ms + rest_max_request_latency_ms,
    request_count Nullable(Int64) CODEC(T64, ZSTD(1)),
    request_failed_count Nullable(Int64) CODEC(T64, ZSTD(1)),
    request_canceled_count Nullable(Int64) CODEC(T64, ZSTD(1)),
    latency_sum_ms Float64,
    latency_count Int64 CODEC(T64, ZSTD(1)),
    -- content
    duration_ms Nullable(Float64),
    whole_max_playhead_ms Nullable(Int64) CODEC(T64, ZSTD(1)),
    max_playhead_ms Nullable(Float64) ALIAS whole_max_playhead_ms + rest_max_playhead_ms,
    played_ranges Array(Tuple(Float64, Float64)),
    played_range_ms Nullable(Float64),
    -- scores
    playback_success_score Nullable(Float64),
    own_startup_score Nullable(Float64),
    startup_score Nullable(Float64) ALIAS if(own_startup_score IS NULL, 800 / (8 + video_startup_time_ms / 1000), if(isNaN(own_startup_score), NULL, own_startup_score)),
    smoothness_score Nullable(Float64),
    video_quality_score Nullable(Float64),
    own_experience_score Nullable(Float64),
    experience_score Nullable(Float64) ALIAS if(
        own_experience_score IS NULL,
        coalesce(
            playback_success_score / 100 * (
                sqrt(startup_score * smoothness_score)
                + sqrt(startup_score * video_quality_score)
                + sqrt(smoothness_score * video_quality_score)
            ) / 3,
            playback_success_score / 100 * coalesce(
                sqrt(startup_score * smoothness_score),
                sqrt(startup_score * video_quality_score),
                sqrt(smoothness_score * video_quality_score),
                startup_score,
                smoothness_score,
                video_quality_score
            ),
            playback_success_score
        ),
        if(isNaN(own_experience_score), NULL, own_experience_score)
    ),
    -- dimension
    video_title LowCardinality(Nullable(String)),
    video_series LowCardinality(Nullable(String)),
    playback_id LowCardinality(Nullable(String)),
    dstorage_id LowCardinality(Nullable(String)),
    page_url LowCardinality(Nullable(String)),
    page_host LowCardinality(Nullable(String)),
    source_url LowCardinality(Nullable(String)),
    source_host LowCardinality(Nullable(String)),
    stream_type LowCardinality(Nullable(String)),
    protocol LowCardinality(Nullable(String)),
    player_name LowCardinality(Nullable(String)),
    player_version LowCardinality(Nullable(String)),
    player_software LowCardinality(Nullable(String)),
    player_software_version LowCardinality(Nullable(String)),
    sdk_name LowCardinality(Nullable(String)),
    sdk_version LowCardinality(Nullable(String)),
    application LowCardinality(Nullable(String)),
    application_version LowCardinality(Nullable(String)),
    user_agent LowCardinality(Nullable(String)),
    browser LowCardinality(Nullable(String)),
    browser_version LowCardinality(Nullable(String)),
    browser_engine LowCardinality(Nullable(String)),
    os LowCardinality(Nullable(String)),
    os_version LowCardinality(Nullable(String)),
    device_type LowCardinality(Nullable(String)),
    device_vendor LowCardinality(Nullable(String)),
    device_model LowCardinality(Nullable(String)),
    continent LowCardinality(Nullable(String)),
    country LowCardinality(Nullable(String)),
    subdivision LowCardinality(Nullable(String)),
    city LowCardinality(Nullable(String)),
    time_zone LowCardinality(Nullable(String)),
    asn Nullable(Int64) CODEC(T64, ZSTD(1)),
    network LowCardinality(Nullable(String)),
    cdn LowCardinality(Nullable(String)),
    connection_type LowCardinality(Nullable(String)),
    language LowCardinality(Nullable(String)),
    audio_language LowCardinality(Nullable(String)),
    subtitle_language LowCardinality(Nullable(String)),
    video_codec LowCardinality(Nullable(String)),
    audio_codec LowCardinality(Nullable(String)),
    drm_type LowCardinality(Nullable(String)),
    fatal_error_code LowCardinality(Nullable(String)),
    error_code LowCardinality(Nullable(String)),
    error_message Nullable(String),
    error_class LowCardinality(Nullable(String)),
    experiment LowCardinality(Nullable(String)),
    sub_property LowCardinality(Nullable(String)),
    player_width_px Nullable(Int64) CODEC(T64, ZSTD(1)),
    player_height_px Nullable(Int64) CODEC(T64, ZSTD(1)),
    video_width_px Nullable(Int64) CODEC(T64, ZSTD(1)),
    video_height_px Nullable(Int64) CODEC(T64, ZSTD(1)),
    sample_rate Nullable(Float64),
    custom Map(LowCardinality(String), String),
    extra Map(LowCardinality(String), String),
    -- row
    approx Array(LowCardinality(String)),
    `spans.state` Array(Enum8('idle' = 0, 'startup' = 1, 'playing' = 2, 'ad_playing' = 3, 'rebuffer' = 4, 'seek' = 5, 'resuming' = 6, 'ad_wait' = 7, 'pause' = 8, 'failed' = 9)),
    -- from the end of the span before, for the first from view_start; nearly always 0
    `spans.gap_ms` Array(Int64) CODEC(T64, ZSTD(1)),
    `spans.length_ms` Array(Int64) CODEC(T64, ZSTD(1)),
    `spans.end_ms` Array(Int64) ALIAS arrayMap(
        passed_ms -> toUnixTimestamp64Milli(view_start) + passed_ms,
        arrayCumSum(arrayMap((gap_ms, length_ms) -> gap_ms + length_ms, `spans.gap_ms`, `spans.length_ms`))
    ),
    `spans.start_ms` Array(Int64) ALIAS arrayMap(
        (end_ms, length_ms) -> end_ms - length_ms, `spans.end_ms`, `spans.length_ms`
    ),
    -- nearly always empty: ids that are no UUIDs, numbers that have a fraction
    native_view_text String,
    session_text Nullable(String),
    viewer_text Nullable(String),
    rest_video_startup_time_ms Float64,
    rest_watch_time_ms Float64,
    rest_content_playing_time_ms Float64,
    rest_max_playhead_ms Float64,
    rest_bitrate_x_ms Float64,
    rest_request_bytes Float64,
    rest_request_load_ms Float64,
    rest_ttfb_sum_ms Float64,
    rest_ttfb_count Float64,
    rest_max_request_latency_ms Float64,
    -- the hour in which the view's first row was written; never recomputed
    first_hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    version UInt64 CODEC(Delta, ZSTD(1)),
    is_deleted UInt8,
    INDEX by_start view_start TYPE minmax GRANULARITY 1,
    INDEX by_end view_end TYPE minmax GRANULARITY 1,
    INDEX by_receipt received_last TYPE minmax GRANULARITY 1,
    -- one view is asked for by its id, a thousand at once by the SDK's
    INDEX by_id view_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_native_id native_view_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toDate(first_hour)
ORDER BY (project, first_hour, dialect, native_view_uuid, native_view_text, ordinal)
SETTINGS
    default_compression_codec = 'ZSTD(1)',
    old_parts_lifetime = 480,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    ttl_only_drop_parts = 1,
    materialize_ttl_recalculate_only = 1,
    -- a day to which nothing was written for a while becomes one part, in which no version has another
    min_age_to_force_merge_seconds = 1200,
    min_age_to_force_merge_on_partition_only = 1;

-- One row is one beacon, or one event of it, that could not be used.
CREATE TABLE IF NOT EXISTS rejects
(
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    project LowCardinality(String),
    dialect LowCardinality(String),
    reason LowCardinality(String),
    message String,
    sample String CODEC(ZSTD(3))
)
ENGINE = MergeTree
PARTITION BY toDate(received_at)
ORDER BY (project, received_at)
SETTINGS
    default_compression_codec = 'ZSTD(1)',
    non_replicated_deduplication_window = 1000,
    old_parts_lifetime = 480,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    ttl_only_drop_parts = 1,
    materialize_ttl_recalculate_only = 1;

-- One row is what the operator told us of one video.
CREATE TABLE IF NOT EXISTS assets
(
    project LowCardinality(String),
    playback_id String,
    asset_id Nullable(String),
    stream_id Nullable(String),
    creator_id LowCardinality(Nullable(String)),
    title Nullable(String),
    dstorage_url Nullable(String),
    duration_ms Nullable(Float64),
    tags Map(LowCardinality(String), String),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project, playback_id)
SETTINGS
    default_compression_codec = 'ZSTD(1)',
    non_replicated_deduplication_window = 1000,
    old_parts_lifetime = 480,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
