"""Native: the timeline's own events, collected for ten seconds, with the context in the first post."""

from __future__ import annotations

from typing import Any

from firstframe.demo.script import Script, Tape, heartbeats
from firstframe.demo.speech import JSON, Post, Said, batches, in_time, post
from firstframe.view.event import TimelineEvent

BEAT_MS = 10_000
FLUSH_MS = 10_000
AT_ONCE = ("play", "playing", "error", "ended", "end")
RENAMED = {"at_ms": "at", "kind": "type", "request_ms": "duration_ms"}


def speak(script: Script, key: str) -> list[Post]:
    """The view as posts."""
    tape = Tape(script)
    told = sorted([*script.steps, *heartbeats(script, BEAT_MS)], key=lambda step: step.at_ms)
    said = [Said(step.at_ms, step.kind, _event(step, number, tape)) for number, step in enumerate(told, 1)]
    posts = []
    for number, (at_ms, events) in enumerate(batches(said, FLUSH_MS, AT_ONCE)):
        body: dict[str, Any] = {
            "view_id": script.view_id,
            "viewer_id": script.viewer_id,
            "session_id": script.session_id,
            "events": [each.fields for each in events],
        }
        if not number:
            body["context"] = _context(script)
        posts.append(post(script, key, at_ms, "/v1/beacons", body, JSON))
    return in_time(script, posts)


def _event(step: TimelineEvent, seq: int, tape: Tape) -> dict[str, Any]:
    names = [name for name in step.__struct_fields__ if getattr(step, name) not in (None, "", 0, False)]
    found = {RENAMED.get(name, name): getattr(step, name) for name in names}
    if step.kind != "request":
        found.pop("status", None)
    if step.kind != "error":
        found.pop("severity", None)
    return {
        **found,
        "playhead_ms": step.playhead_ms,
        "dropped_frames": tape.frames_lost(step.at_ms),
        "seq": seq,
    }


def _context(script: Script) -> dict[str, Any]:
    title, place, player = script.title, script.place, script.player
    return {
        "video_id": title.id,
        "video_title": title.name,
        "video_series": title.series,
        "live": title.live,
        "page_url": script.page_url,
        "source_url": script.source,
        "player_name": player.name,
        "player_version": player.version,
        "player_software": player.software,
        "player_software_version": player.software_version,
        "continent": place.continent,
        "country": place.country,
        "city": place.city,
        "time_zone": place.time_zone,
        "cdn": script.cdn.name,
        "connection_type": script.network.name,
        "experiment": script.experiment,
        "custom_1": script.plan,
        "custom_2": place.region,
    }
