"""The demo's posts as the product reads them: routed, parsed and folded; and what the script itself says."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from random import Random

import msgspec

from firstframe.beacon import KEPT_HEADERS, Beacon, Event, Place
from firstframe.demo.script import Script, heartbeats
from firstframe.demo.speech import Post
from firstframe.demo.story import tell
from firstframe.demo.tables import world
from firstframe.demo.world import World
from firstframe.dialects import DIALECTS
from firstframe.dialects.base import Request
from firstframe.edge.route import Router
from firstframe.fold.finish import fold_view
from firstframe.view.event import Kind
from firstframe.view.record import Outcome, ViewRecord
from firstframe.view.timeline import fold_timeline

START_MS = 1_795_000_000_000
LONG_MS = 24 * 3_600_000
ROUTER = Router(DIALECTS)


CALM = world()
STORMY = msgspec.structs.replace(
    CALM, cdns=[msgspec.structs.replace(cdn, slowness=4, failures=0.15) for cdn in CALM.cdns]
)
"""Where all delivery is bad: for stories of failures."""


def script_of(seed: int, dialect: str, scene: World = CALM) -> Script:
    """One story of a seed."""
    return tell(scene, Random(seed), START_MS, dialects=(dialect,))


def is_of(script: Script, outcome: Outcome) -> bool:
    """Whether a story goes like that, by its steps alone."""
    error, frame = script.first(Kind.ERROR), script.at(Kind.PLAYING)
    if error is not None:
        blocked, failed = (
            (Outcome.PLAYBACK_BLOCKED, Outcome.PLAYBACK_FAILED)
            if frame
            else (Outcome.START_BLOCKED, Outcome.START_FAILED)
        )
        return outcome is (blocked if error.business else failed)
    if script.cut_ms is not None:
        return outcome is Outcome.DROPPED
    if frame is None and script.at(Kind.AD_PLAYING) is None:
        return outcome is Outcome.EXITED_BEFORE_START
    return outcome is (Outcome.COMPLETED if script.at(Kind.ENDED) else Outcome.EXITED)


def stories(dialect: str, outcome: Outcome, count: int) -> list[Script]:
    """The first stories in bad weather that go like that."""
    found = (script_of(seed, dialect, STORMY) for seed in itertools.count())
    return list(itertools.islice((script for script in found if is_of(script, outcome)), count))


def truth_of(script: Script) -> ViewRecord:
    """The script's own numbers, by the product's state machine over its timeline."""
    steps = sorted([*script.steps, *heartbeats(script, 5_000)], key=lambda step: step.at_ms)
    return fold_timeline(steps, now_ms=script.end_ms + LONG_MS).rows[0]


def read(posts: Sequence[Post]) -> tuple[list[Event], list[str]]:
    """The events of posts, and everything that any of them was refused for."""
    events: list[Event] = []
    refused: list[str] = []
    for post in posts:
        path, _, query = post.path.partition("?")
        match = ROUTER.find(path)
        assert match is not None, f"no route for {post.path}"
        target = match.methods["POST"]
        assert target.dialect.name == post.dialect
        if target.route.kind == "answer":
            continue
        request = Request("POST", target.route.path, match.params, query, post.headers, post.body)
        envelope = target.dialect.envelope(request)
        reading = target.dialect.parse(_beacon(post, target.route.path))
        assert set(envelope.native_view_ids) == {event.native_view_id for event in reading.events}
        events += reading.events
        refused += [f"{reject.reason}: {reject.message}" for reject in reading.rejects]
    return events, refused


def _beacon(post: Post, route: str) -> Beacon:
    return Beacon(
        received_at_ms=post.at_ms + 40,
        dialect=post.dialect,
        route=route,
        project="default",
        path=post.path.partition("?")[0],
        query=post.path.partition("?")[2],
        headers={name: value for name, value in post.headers.items() if name in KEPT_HEADERS},
        place=Place(),
        body=post.body,
    )


def row_of(dialect: str, events: Sequence[Event]) -> ViewRecord | None:
    """The one row of a view, long after; None where nothing was ever sent."""
    if not events:
        return None
    speaker = next(each for each in DIALECTS if each.name == dialect)
    views = {event.native_view_id for event in events}
    assert len(views) == 1
    now_ms = max(event.received_at_ms for event in events) + LONG_MS
    rows = fold_view(speaker, "default", views.pop(), events, now_ms).rows
    assert len(rows) == 1
    return rows[0]
