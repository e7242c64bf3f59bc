"""What all voices share: the post they make, its headers, and the batches of an SDK that collects events."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from firstframe.demo.script import Script

TEXT = "text/plain;charset=UTF-8"
JSON = "application/json"


class Post(msgspec.Struct, frozen=True):
    """One request, as an SDK sends it."""

    at_ms: int
    """The client's clock when it leaves."""
    dialect: str
    path: str
    """With its query, if it has one."""
    headers: Mapping[str, str]
    body: bytes


class Said(msgspec.Struct, frozen=True):
    """One event that waits to be sent."""

    at_ms: int
    name: str
    fields: dict[str, Any]


def post(script: Script, key: str, at_ms: int, route: str, body: Any, content_type: str | None) -> Post:
    """A body on its way to a route of the script's dialect, below the key where there is one."""
    return _post(script, key, at_ms, route, msgspec.json.encode(body), content_type)


def text_post(script: Script, key: str, at_ms: int, route: str, body: str, content_type: str) -> Post:
    """The same for a body that is no JSON."""
    return _post(script, key, at_ms, route, body.encode(), content_type)


def _post(script: Script, key: str, at_ms: int, route: str, body: bytes, content_type: str | None) -> Post:
    mount = f"/{script.dialect}/{key}" if key else f"/{script.dialect}"
    return Post(at_ms, script.dialect, mount + route, headers(script, content_type), body)


def headers(script: Script, content_type: str | None) -> dict[str, str]:
    """What the browser says with each request."""
    origin = "/".join(script.page.split("/")[:3])
    said = {
        "user-agent": script.client.user_agent,
        "origin": origin,
        "referer": f"{origin}/",
        "accept-language": f"{script.place.language},{script.place.language[:2]};q=0.9",
        **script.client.hints,
    }
    if content_type:
        said["content-type"] = content_type
    if script.address:
        said["x-forwarded-for"] = script.address
    return said


def batches(said: Sequence[Said], every_ms: int, at_once: Collection[str]) -> list[tuple[int, list[Said]]]:
    """The events of a queue by when they leave: on a timer, or at once with all before them."""
    found: list[tuple[int, list[Said]]] = []
    queue: list[Said] = []
    due = said[0].at_ms + every_ms if said else 0
    for event in said:
        while event.at_ms > due:
            if queue:
                found.append((due, queue))
                queue = []
            due += every_ms
        queue.append(event)
        if event.name in at_once:
            found.append((event.at_ms, queue))
            queue = []
            due = event.at_ms + every_ms
    return [*found, (due, queue)] if queue else found


def in_time(script: Script, posts: Sequence[Post]) -> list[Post]:
    """What left before the viewer's machine fell silent, in the order in which it left."""
    kept = [each for each in posts if script.cut_ms is None or each.at_ms < script.cut_ms]
    return sorted(kept, key=lambda each: each.at_ms)
