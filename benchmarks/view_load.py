"""Views with the skew of a real site, made inside the engine: a few titles watched by most, busy evenings, long tails.

Every number is a function of the view's number, so that a run can be repeated; each row says what a fold could have
said (spans add up to the durations, scores follow from the numbers, what an SDK cannot know is null).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from firstframe.engine.client import Engine

DAYS = 30
DAY_MS = 86_400_000
PROJECT = "default"
CHUNK = 100_000
"""Rows of one insert; the fold's are smaller, merges have long made them one by the time anybody asks."""
REWRITTEN_DAYS = 2
"""The last days have earlier versions of every view beside the latest."""


class Load(msgspec.Struct, frozen=True):
    """How many views there are, and the instant up to which they were watched."""

    views: int
    end_ms: int

    @property
    def start_ms(self) -> int:
        return self.end_ms - DAYS * DAY_MS


def _random(key: str, of: str = "n") -> str:
    """A number of ``[0, 1)`` that depends on the view, or on ``of``, and on nothing else."""
    return f"(bitShiftRight(sipHash64({of}, '{key}'), 11) / 9007199254740992)"


def _uuid(key: str, of: str) -> str:
    return f"reinterpretAsUUID(sipHash128({of}, '{key}'))"


def _pick(key: str, weights: Sequence[tuple[str, float]], of: str = "n") -> str:
    """One of some texts, each as often as its weight says."""
    total, reached, cases = sum(weight for _, weight in weights), 0.0, []
    for text, weight in weights[:-1]:
        reached += weight / total
        cases.append(f"{_random(key, of)} < {reached:.6f}, '{text}'")
    return f"multiIf({', '.join([*cases, repr(weights[-1][0])])})"


def _unless(unknown: str, value: str) -> str:
    """A number of 0 or more, or null; under a null the engine keeps one number, as of a client, and not the value."""
    return f"nullIf(if({unknown}, -1, {value}), -1)"


def _normal(key: str) -> str:
    """About normal: mean 0, deviation 1."""
    return f"(({' + '.join(_random(f'{key}{part}') for part in range(4))} - 2) * 1.732)"


def _tail(count: int, key: str, of: str = "n") -> str:
    """A number of ``[0, count)`` where half as many choose twice as high."""
    return f"toUInt32(exp({_random(key, of)} * log({count + 1}))) - 1"


_DIALECTS = (("mux", 40), ("livepeer", 20), ("bitmovin", 20), ("pillarbox", 12), ("native", 8))
_COUNTRIES = tuple(
    (code, 1 / place)
    for place, code in enumerate(
        (
            *("US", "DE", "GB", "FR", "CH", "IN", "BR", "JP", "IT", "ES", "NL", "CA", "AU", "PL", "SE", "AT"),
            *("BE", "MX", "KR", "TR", "NO", "DK", "FI", "PT", "CZ", "RO", "GR", "HU", "IE", "NZ", "ZA", "CL"),
        ),
        1,
    )
)
_DEVICES = (("desktop", 45), ("phone", 38), ("tv", 10), ("tablet", 7))
_BROWSERS = (("Chrome", 58), ("Safari", 24), ("Firefox", 8), ("Edge", 7), ("Samsung Internet", 3))
_SYSTEMS = (("Windows", 32), ("Android", 25), ("iOS", 18), ("macOS", 15), ("Linux", 5), ("Tizen", 5))
_CDNS = (("fastly", 50), ("cloudfront", 30), ("akamai", 20))
_PLAYERS = (("hls.js", 40), ("video.js", 25), ("shaka", 15), ("avplayer", 12), ("exoplayer", 8))
_OUTCOMES = (
    *(("exited", 500), ("completed", 360), ("dropped", 50), ("not_attempted", 35)),
    *(("exited_before_start", 30), ("start_failed", 14), ("playback_failed", 9), ("start_blocked", 2)),
)
_STARTED = "('exited', 'completed', 'dropped', 'playback_failed')"

_BASICS = (
    # Sessions of about three views of one viewer within half an hour or so.
    ("session", "intDiv(n, 1200) * 400 + sipHash64(n, 'session') % 400"),
    ("viewer", "toUInt64({viewers} * pow(" + _random("viewer", "session") + ", 1.7))"),
    ("video", _tail(4_000, "video")),
    ("dialect", _pick("dialect", _DIALECTS)),
    ("outcome", _pick("outcome", _OUTCOMES)),
    ("attempted", "outcome != 'not_attempted'"),
    ("started", f"outcome IN {_STARTED}"),
    ("failed", "outcome IN ('start_failed', 'playback_failed', 'start_blocked')"),
    ("live", "sipHash64(video, 'live') % 10 = 0"),
    # Over a day the density follows a wave: few at night, most in the evening.
    ("day_part", "n * {days} / {views} - floor(n * {days} / {views})"),
    (
        "start_ms",
        "toInt64({start} + {day} * (floor(n * {days} / {views}) + day_part - 0.12 * sin(6.283185 * day_part)))",
    ),
    ("startup", f"toInt64(exp(6.7 + 0.65 * {_normal('startup')}))"),
    ("wanted", f"toInt64(exp(10.9 + 1.3 * {_normal('watch')}))"),
    ("length", "300000 + sipHash64(video, 'length') % 3600000"),
    ("playing", "if(started, if(live, wanted, least(wanted, length)), 0)"),
    (
        "stalls",
        f"if(started AND {_random('stalls')} < 0.17, 1 + toUInt8(4 * pow({_random('stalls2')}, 4)), 0)",
    ),
    ("stall", f"toInt64(exp(7.0 + 0.8 * {_normal('stall')}))"),
    (
        "paused",
        f"if(started AND {_random('paused')} < 0.22, toInt64(exp(9.5 + 1.2 * {_normal('pause')})), 0)",
    ),
    ("wait", "if(attempted, if(outcome = 'start_blocked', 0, startup), 0)"),
    # What is told of a stall depends on the SDK; pillarbox on the web tells none.
    ("tells", "dialect != 'pillarbox'"),
    ("bitrate", "(300 + 8200 * pow(" + _random("bitrate") + ", 1.4)) * 1000"),
    ("requests", "toInt64(ceil(playing / 6000)) * (dialect = 'mux' OR dialect = 'bitmovin')"),
    ("ttfb", f"exp(4.3 + 0.5 * {_normal('ttfb')})"),
    ("upscale", f"if({_random('up')} < 0.3, {_random('up2')}, 0)"),
    ("country", _pick("country", _COUNTRIES, "viewer")),
    ("device", _pick("device", _DEVICES, "viewer")),
    ("browser", _pick("browser", _BROWSERS, "viewer")),
    ("system", _pick("system", _SYSTEMS, "viewer")),
    ("release", "toString(100 + " + _tail(60, "release", "viewer") + ")"),
    ("piece", "intDiv(playing, stalls + 1)"),
    ("sized", "started AND dialect IN ('mux', 'livepeer', 'bitmovin')"),
    ("watch", "wait + playing + stalls * stall"),
    ("share", "stalls * stall / nullIf(watch, 0)"),
    ("s2", "if(started AND tells, (100 / sqrt(1 + pow(stalls / 2, 2)) + 100 * exp(-10 * share)) / 2, NULL)"),
    ("s3", "if(sized, 100 * exp(-0.33 * (0.15 * 1.3 * upscale + 0.85 * upscale)), NULL)"),
    (
        "s0",
        "multiIf(outcome IN ('exited', 'completed', 'dropped'), 100., outcome = 'exited_before_start', 50.,"
        " outcome IN ('start_failed', 'playback_failed'), 0., NULL)",
    ),
    # startup, then playing and rebuffer in turn, a pause and the rest
    (
        "lengths",
        "arrayFilter(x -> x.2 > 0, arrayConcat([('startup', wait)],"
        " arrayFlatten(arrayMap(i -> [('playing', piece), ('rebuffer', if(i < stalls AND tells, stall, 0))],"
        " range(toUInt32(stalls) + 1))), [('pause', paused), ('resuming', if(paused > 0, startup % 300, 0))]))",
    ),
    ("ends", "arrayCumSum(arrayMap(x -> x.2, lengths))"),
    ("end_ms", "start_ms + if(empty(ends), 3000, ends[-1])"),
)

_ANONYMOUS = f"{_random('anonymous', 'viewer')} < 0.03"
_COLUMNS: dict[str, str] = {
    "project": f"'{PROJECT}'",
    "dialect": "dialect",
    "native_view_uuid": _uuid("native", "n"),
    "session_uuid": _uuid("session", "session"),
    "session_text": "''",
    "viewer_uuid": f"if({_ANONYMOUS}, toUUIDOrZero(''), {_uuid('viewer', 'viewer')})",
    "viewer_text": f"if({_ANONYMOUS}, NULL, '')",
    "video_id": "concat('video-', toString(video))",
    "view_start": "fromUnixTimestamp64Milli(start_ms)",
    "view_end": "fromUnixTimestamp64Milli(end_ms)",
    "first_delay_ms": "sipHash64(n, 'delay') % 3000",
    "last_delay_ms": "sipHash64(n, 'delay2') % 1500",
    "closed": "1",
    "end_reason": "if(outcome = 'dropped', 'dropped', 'ended')",
    "attempted": "attempted",
    "started": "started",
    "outcome": "outcome",
    "live": "live",
    "autoplay": f"{_random('autoplay')} < 0.4",
    "completed": "if(live, NULL, outcome = 'completed')",
    "has_ad": "0",
    "bot": f"{_random('bot', 'viewer')} < 0.01",
    "page_load_time_ms": f"if(dialect = 'mux', toInt64(exp(7 + 0.5 * {_normal('page')})), NULL)",
    "player_startup_time_ms": (
        f"if(dialect IN ('mux', 'bitmovin'), toInt64(exp(5.5 + 0.6 * {_normal('player')})), NULL)"
    ),
    "whole_video_startup_time_ms": "if(started, startup, NULL)",
    "own_startup_wait_ms": _unless("started", "wait"),
    "whole_watch_time_ms": "watch",
    "whole_content_playing_time_ms": "playing",
    "rebuffer_duration_ms": _unless("NOT tells", "stalls * stall"),
    "rebuffer_count": "if(tells, stalls, NULL)",
    "seek_time_ms": "0",
    "seek_count": "0",
    "pause_time_ms": "paused",
    # The media is not always as long as it was watched: seeks and rates.
    "own_media_time_ms": f"if(sipHash64(n, 'media') % 8 = 0, playing * {_random('rate')}, NULL)",
    "error_count": "failed",
    "rendition_upshifts": f"if(sized, toUInt8(4 * pow({_random('shift')}, 2)), NULL)",
    "rendition_downshifts": f"if(sized, toUInt8(3 * pow({_random('shift2')}, 3)), NULL)",
    "dropped_frames": f"if(sized, toUInt32(200 * pow({_random('frames')}, 9)), NULL)",
    "event_count": "8 + intDiv(watch, 10000)",
    "whole_bitrate_x_ms": "if(sized, round(bitrate) * playing, 0)",
    "own_bitrate_ms": "if(sized OR playing = 0, NULL, 0)",
    "upscale_x_ms": "if(sized, upscale * playing, 0)",
    "own_scale_ms": "if(sized OR playing = 0, NULL, 0)",
    "max_upscale": "if(sized, 1.3 * upscale, NULL)",
    "max_downscale": "if(sized, 0, NULL)",
    "whole_request_bytes": "round(bitrate * playing / 8000 * (requests > 0))",
    "whole_request_load_ms": f"round(playing * 0.3 * {_random('load')} * (requests > 0))",
    "whole_ttfb_sum_ms": "round(ttfb * requests)",
    "whole_ttfb_count": "requests",
    "whole_max_request_latency_ms": f"if(requests > 0, round(ttfb * (1 + 4 * {_random('latency')})), NULL)",
    "request_count": "if(dialect = 'mux', requests, NULL)",
    "request_failed_count": "if(dialect = 'mux', 0, NULL)",
    "duration_ms": "if(live, NULL, length)",
    "whole_max_playhead_ms": "if(started AND NOT live, playing + sipHash64(n, 'head') % 250, NULL)",
    "playback_success_score": "s0",
    "smoothness_score": "s2",
    "video_quality_score": "s3",
    "video_title": "concat('The one about number ', toString(video))",
    "video_series": "concat('Series ', toString(video % 60))",
    "playback_id": "if(dialect = 'livepeer', substring(lower(hex(sipHash64(video))), 1, 16), NULL)",
    "page_url": "concat('https://video.example/watch/', toString(video))",
    "page_host": "'video.example'",
    "source_url": "concat('https://media.example/', toString(video), '/master.m3u8')",
    "source_host": "'media.example'",
    "stream_type": "if(live, 'live', 'on_demand')",
    "protocol": "'hls'",
    "player_name": _pick("player", _PLAYERS),
    "player_version": "concat('1.', toString(" + _tail(8, "version") + "))",
    "sdk_name": "concat(dialect, '-sdk')",
    "sdk_version": "concat('5.', toString(" + _tail(6, "sdk") + "))",
    "user_agent": "concat('Mozilla/5.0 (', system, ') AppleWebKit/537.36 ', browser, '/', release, '.0.0.0 ', device)",
    "browser": "browser",
    "browser_version": "release",
    "browser_engine": "if(browser = 'Firefox', 'Gecko', if(browser = 'Safari', 'WebKit', 'Blink'))",
    "os": "system",
    "os_version": "toString(" + _tail(12, "system", "viewer") + ")",
    "device_type": "device",
    "continent": "if(country IN ('US', 'CA', 'MX'), 'NA', 'EU')",
    "country": "country",
    "subdivision": "toString(" + _tail(16, "subdivision", "viewer") + ")",
    "city": "concat(country, '-', toString(" + _tail(40, "city", "viewer") + "))",
    "time_zone": "concat('Zone/', country)",
    "asn": "3000 + " + _tail(400, "asn", "viewer"),
    "network": "concat('Network ', toString(" + _tail(400, "asn", "viewer") + "))",
    "cdn": _pick("cdn", _CDNS),
    "language": "lower(country)",
    "video_codec": "'avc1'",
    "audio_codec": "'mp4a'",
    "fatal_error_code": "if(failed, toString(1000 + sipHash64(n, 'code') % 12), NULL)",
    "error_code": "if(failed, toString(1000 + sipHash64(n, 'code') % 12), NULL)",
    "error_message": (
        "if(failed, concat('Segment ', toString(sipHash64(n, 'part') % 900), ' could not be loaded'), NULL)"
    ),
    "error_class": "if(failed, if(outcome = 'start_blocked', 'business', 'technical'), NULL)",
    "player_width_px": "if(sized, 640 + 320 * (sipHash64(viewer) % 4), NULL)",
    "player_height_px": "if(sized, 360 + 180 * (sipHash64(viewer) % 4), NULL)",
    "video_width_px": "if(sized, 640 + 320 * (sipHash64(n) % 4), NULL)",
    "video_height_px": "if(sized, 360 + 180 * (sipHash64(n) % 4), NULL)",
    "custom": "if(viewer % 5 = 0, map('custom_1', if(viewer % 2 = 0, 'free', 'paid')), map())",
    "approx": (
        "multiIf(dialect = 'pillarbox', ['spans_estimated', 'startup_is_ready_time'],"
        " dialect = 'livepeer', ['spans_estimated', 'startup_is_first_progress'], [])"
    ),
    "`spans.state`": "arrayMap(x -> x.1, lengths)",
    "`spans.gap_ms`": "arrayMap(x -> 0, lengths)",
    "`spans.length_ms`": "arrayMap(x -> x.2, lengths)",
    "first_hour": "toStartOfHour(fromUnixTimestamp64Milli(start_ms + sipHash64(n, 'delay') % 3000, 'UTC'))",
}


VIEW_NAME = (
    f"SELECT {_pick('dialect', _DIALECTS)}, toString({_uuid('native', 'n')}) FROM (SELECT {{n:UInt64}} AS n)"
)
"""The dialect and the native id of a view, by its number."""


def statements(load: Load) -> Iterator[str]:
    """The inserts, oldest views first; of the last days every view twice, the later version being what counts."""
    rewritten = load.views - load.views * REWRITTEN_DAYS // DAYS
    for first in range(0, load.views, CHUNK):
        count = min(CHUNK, load.views - first)
        yield _insert(load, first, count, 1)
        if first + count > rewritten:
            yield _insert(load, first, count, 2)
    yield _insert(
        load, 0, load.views, 3, f"{_random('rewritten')} < 0.002", deleted=f"{_random('gone')} < 0.5"
    )
    yield _insert(load, 0, load.views, 4, f"{_random('joined')} < 0.009", deleted="1")


def fill(engine: Engine, load: Load) -> None:
    """Insert them all."""
    for statement in statements(load):
        engine.command(statement)


def _insert(load: Load, first: int, count: int, version: int, where: str = "1", deleted: str = "0") -> str:
    values = {
        "views": load.views,
        "days": DAYS,
        "start": load.start_ms,
        "day": DAY_MS,
        "viewers": load.views // 6,
    }
    basics = ", ".join(f"{sql.format_map(values)} AS {name}" for name, sql in _BASICS)
    columns = {**_COLUMNS, "version": str(version), "is_deleted": deleted}
    return (
        f"INSERT INTO views ({', '.join(columns)}) WITH {basics} SELECT {', '.join(columns.values())}"
        f" FROM (SELECT number AS n FROM numbers({first}, {count})) WHERE {where}"
    )
