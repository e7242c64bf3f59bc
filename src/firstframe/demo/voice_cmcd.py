"""CMCD in event mode: each change of state at once, a record on a timer, one for each request, a record a post."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from firstframe.demo.script import Script, Tape, heartbeats
from firstframe.demo.speech import Post, in_time, text_post
from firstframe.view.event import Kind, TimelineEvent
from firstframe.view.record import State

BEAT_MS = 30_000
BODY = "application/cmcd"
STATES: Mapping[State, str] = {
    State.STARTUP: "s",
    State.PLAYING: "p",
    State.REBUFFER: "r",
    State.SEEK: "k",
    State.RESUMING: "s",
    State.PAUSE: "a",
}


class _Word(msgspec.Struct, frozen=True):
    """A token, which stands bare where a text is quoted."""

    name: str


def speak(script: Script, key: str) -> list[Post]:
    """The view as posts."""
    tape = Tape(script)
    told = sorted(_told(script), key=lambda each: each[0])
    posts = []
    for seq, (at_ms, said) in enumerate(told):
        record = {**_around(script, tape, at_ms), **said, "sn": seq}
        query = urlencode(
            {"viewer_id": script.viewer_id, "video_title": script.title.name, "custom_1": script.plan}
        )
        posts.append(text_post(script, key, at_ms, f"?{query}", _record(record), BODY))
    return in_time(script, posts)


def _told(script: Script) -> Iterator[tuple[int, dict[str, Any]]]:
    """What is said when, without what every record holds. `d` tells the load from the start."""
    yield script.start_ms, _event("ps", script.start_ms, sta=_Word("d"))
    for stretch in script.stretches:
        state = STATES.get(stretch.state)
        if state is not None:
            yield stretch.start_ms, _event("ps", stretch.start_ms, sta=_Word(state))
    for beat in heartbeats(script, BEAT_MS):
        yield beat.at_ms, _event("t", beat.at_ms)
    for step in script.steps:
        yield from _of_step(step)


def _of_step(step: TimelineEvent) -> Iterator[tuple[int, dict[str, Any]]]:
    at_ms = step.at_ms
    match step.kind:
        case Kind.ENDED:
            yield at_ms, _event("ps", at_ms, sta=_Word("e"))
        case Kind.END:
            yield at_ms, _event("ps", at_ms, sta=_Word("q"))
        case Kind.ERROR:
            yield at_ms, _event("ps", at_ms, sta=_Word("f"))
            yield at_ms, _event("e", at_ms, ec=[step.code], sta=_Word("f"))
        case Kind.RENDITION:
            yield at_ms, _event("bc", at_ms)
        case Kind.VISIBILITY:
            yield at_ms, _event("b", at_ms, bg=bool(step.hidden))
        case Kind.REQUEST:
            yield at_ms, _response(step)


def _response(step: TimelineEvent) -> dict[str, Any]:
    lasted = round(step.request_ms or 0)
    status = {"ok": 200, "failed": 504}.get(step.status, 0)
    first = {} if step.ttfb_ms is None else {"ttfb": round(step.ttfb_ms)}
    return _event("rr", step.at_ms - lasted, rc=status, ttlb=lasted, **first)


def _event(name: str, ts: int, **said: Any) -> dict[str, Any]:
    return {"e": _Word(name), "ts": ts, "v": 2, **said}


def _around(script: Script, tape: Tape, at_ms: int) -> dict[str, Any]:
    """What every record holds."""
    rendition = tape.rendition(at_ms)
    found: dict[str, Any] = {
        "cid": script.title.id,
        "dfa": tape.frames_lost(at_ms),
        "h": script.cdn.host,
        "sf": _Word("h"),
        "sid": script.view_id,
        "st": _Word("l" if script.title.live else "v"),
    }
    if rendition is not None and rendition.bitrate_bps:
        found["br"] = [round(rendition.bitrate_bps / 1000)]
    measured = tape.latency(at_ms) if script.title.live else None
    if measured is not None and measured.latency_ms is not None:
        found["ltc"] = round(measured.latency_ms)
    if not script.title.live:
        found["pt"] = tape.playhead(at_ms)
    return found


def _record(said: Mapping[str, Any]) -> str:
    """One record, in the order of its keys."""
    return ",".join(_member(key, value) for key, value in sorted(said.items()) if value is not False)


def _member(key: str, value: Any) -> str:
    return key if value is True else f"{key}={_value(value)}"


def _value(value: Any) -> str:
    match value:
        case _Word():
            return value.name
        case list():
            return f"({' '.join(map(_value, value))})"
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case _:
            return str(value)
