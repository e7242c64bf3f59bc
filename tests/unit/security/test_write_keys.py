"""Whose a beacon is: the key decides, on every address of every dialect, and pages of other origins are kept out."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from firstframe.dialects import DIALECTS
from support_edge import CLOSED, Clerk

BODIES: dict[str, dict[str, Any]] = {
    "native": {"view_id": "v", "events": [{"type": "play", "at": 1}]},
    "pillarbox": {"session_id": "v", "event_name": "START", "timestamp": 1, "version": 1, "data": {}},
    "bitmovin": {"impressionId": "v", "videoImpressionId": "v", "time": 1},
    "livepeer": {"session_id": "v", "events": []},
    "mux": {"events": [{"event": "play", "view_id": "v"}]},
    "cmcd": {},
}
"""The least that each takes."""
KEY_FIELDS = {"native": "write_key", "bitmovin": "key", "mux": "env_key"}
"""Where a body may name its key."""
ROUTES = [(dialect, route) for dialect in DIALECTS for route in dialect.routes]
COLLECT = [(dialect.name, route.path, route) for dialect, route in ROUTES if route.kind == "collect"]
ANSWER = [(dialect.name, route.path, route) for dialect, route in ROUTES if route.kind == "answer"]
SOCKETS = [(dialect.name, route.path) for dialect, route in ROUTES if route.kind == "socket"]
EVIL = {"Origin": "https://evil.example"}


def body_of(name: str, key: str | None = None) -> bytes:
    """A body, with a key in it where the dialect has a place for one."""
    body = json.loads(json.dumps(BODIES[name]))
    if key is not None:
        (body["events"][0] if name == "mux" else body)[KEY_FIELDS[name]] = key
    return json.dumps(body).encode()


def statuses(clerk: Clerk, *asked: tuple[str, str, bytes, dict[str, str]]) -> list[int]:
    requests = [
        (method, path, {"content": body, "headers": headers}) for method, path, body, headers in asked
    ]
    return [answer.status_code for answer in clerk.ask_all(requests)]


def test_every_dialect_has_a_body_here() -> None:
    """A dialect that is added must be tried with keys here."""
    assert {dialect.name for dialect in DIALECTS} == set(BODIES)


@pytest.mark.parametrize(("name", "path", "route"), COLLECT, ids=lambda one: str(one)[:40])
def test_the_key_in_the_path_decides(tmp_path, name, path, route) -> None:
    """Its project gets the beacon; an unknown key, none, or a page of another origin gets nothing kept."""
    clerk = Clerk(tmp_path, picture=CLOSED, dialects=DIALECTS)
    body = body_of(name)
    kept = statuses(
        clerk,
        ("POST", f"/{name}/k-one{path}", body, {}),
        ("POST", f"/{name}/k-two{path}", body, {"Origin": "https://player.example"}),
    )
    assert [status // 100 for status in kept] == [2, 2]
    refused = statuses(
        clerk,
        ("POST", f"/{name}/wrong{path}", body, {}),
        ("POST", f"/{name}{path}", body, {}),
        ("POST", f"/{name}/k-two{path}", body, EVIL),
        ("POST", f"/{name}/k-two{path}", body, {"Origin": "null"}),
        ("POST", f"/{name}/k-two{path}", body, {"Origin": "https://player.example.evil.example"}),
        *([("POST", path or "/", body, {})] if route.at_root else []),
    )
    assert refused[:5] == [401, 401, 403, 403, 403]
    assert refused[5:] in ([], [401])
    assert [beacon.project for beacon in clerk.kept()] == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "path", "route"), [one for one in COLLECT if one[0] in KEY_FIELDS], ids=lambda one: str(one)[:40]
)
def test_the_key_in_the_body_decides_where_the_path_has_none(tmp_path, name, path, route) -> None:
    """A body cannot carry a beacon into another project than the path's; alone it must be known and from its pages."""
    clerk = Clerk(tmp_path, picture=CLOSED, dialects=DIALECTS)
    if name == "mux" and path:  # Mux's raw events name no key
        pytest.skip("these bodies have no place for a key")
    found = statuses(
        clerk,
        ("POST", f"/{name}{path}", body_of(name, "k-one"), {}),
        ("POST", f"/{name}/k-one{path}", body_of(name, "k-two"), EVIL),
        ("POST", f"/{name}{path}", body_of(name, "k-two"), EVIL),
        ("POST", f"/{name}{path}", body_of(name, "wrong"), {}),
        ("POST", f"/{name}/wrong{path}", body_of(name, "k-one"), {}),
    )
    assert [status // 100 for status in found[:2]] == [2, 2]
    assert found[2:] == [403, 401, 401]
    assert [beacon.project for beacon in clerk.kept()] == ["one", "one"]


@pytest.mark.parametrize("name", ["native", "cmcd", "pillarbox"])
def test_the_key_in_a_header_decides_where_nothing_else_names_one(tmp_path, name) -> None:
    """Path and body go before it, another scheme is none, and it is not kept."""
    clerk = Clerk(tmp_path, picture=CLOSED, dialects=DIALECTS)
    path = next(route.path for dialect, route in ROUTES if dialect.name == name and route.kind == "collect")
    found = statuses(
        clerk,
        ("POST", f"/{name}{path}", body_of(name), {"Authorization": "Bearer k-one"}),
        ("POST", f"/{name}/k-one{path}", body_of(name), {"Authorization": "Bearer wrong"}),
        ("POST", f"/{name}{path}", body_of(name), {"Authorization": "bearer wrong"}),
        ("POST", f"/{name}{path}", body_of(name), {"Authorization": "Bearer k-two", **EVIL}),
        ("POST", f"/{name}{path}", body_of(name), {"Authorization": "Basic k-one"}),
        ("POST", f"/{name}{path}", body_of(name), {"Authorization": "Bearer "}),
    )
    assert [status // 100 for status in found[:2]] == [2, 2]
    assert found[2:] == [401, 403, 401, 401]
    assert [beacon.project for beacon in clerk.kept()] == ["one", "one"]
    assert all("authorization" not in beacon.headers for beacon in clerk.kept())


@pytest.mark.parametrize(("name", "path", "route"), ANSWER, ids=lambda one: str(one)[:40])
def test_routes_that_answer_keep_nothing(tmp_path, name, path, route) -> None:
    """Whatever key is named, nothing of what they are sent is stored."""
    clerk = Clerk(tmp_path, picture=CLOSED, dialects=DIALECTS)
    method, there = route.methods[0], path.replace("{playback_id}", "abc")
    body = body_of(name) if method == "POST" else b""
    asked = [(method, f"/{name}{key}{there}", body, EVIL) for key in ("", "/k-one", "/k-two", "/wrong")]
    assert all(status < 500 for status in statuses(clerk, *asked))
    assert clerk.kept() == []


def over_socket(clerk: Clerk, path: str, origin: str, text: str) -> list[dict[str, Any]]:
    """What a WebSocket is told that sends one message."""
    said: list[dict[str, Any]] = []
    heard = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": text}]

    async def receive() -> dict[str, Any]:
        return heard.pop(0) if heard else {"type": "websocket.disconnect"}

    async def send(message: Any) -> None:
        said.append(message)

    async def connect() -> None:
        headers = [(b"origin", origin.encode())]
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"tkn=v",
            "headers": headers,
            "client": ("192.0.2.7", 1),
        }
        await clerk.app(scope, receive, send)
        await clerk.app.stop()

    asyncio.run(connect())
    return said


@pytest.mark.parametrize(("name", "path"), SOCKETS)
def test_sockets_obey_the_same_keys(tmp_path, name, path) -> None:
    """A page of another origin cannot open one with a key that is not for it; an unknown key opens none."""
    clerk = Clerk(tmp_path, picture=CLOSED, dialects=DIALECTS)
    there = path.replace("{playback_id}", "abc")
    for key, origin in (
        ("k-two", "https://evil.example"),
        ("wrong", "https://player.example"),
        ("k-two", "null"),
    ):
        (closed,) = over_socket(clerk, f"/{name}/{key}{there}", origin, '{"a": 1}')
        assert closed == {"type": "websocket.close", "code": 1008}
    opened = over_socket(clerk, f"/{name}/k-two{there}", "https://player.example", '{"preloadTime": 1}')
    assert opened == [{"type": "websocket.accept"}]
    assert [beacon.project for beacon in clerk.kept()] == ["two"]


def test_a_refusal_is_its_projects_even_when_only_the_body_says_whose(tmp_path) -> None:
    """What a page of another origin, a hasty or a talkative player sent is listed for that project, not for the first."""
    clerk = Clerk(tmp_path, picture=CLOSED, dialects=DIALECTS, key_rate=0.1, max_events=3)
    many = {"view_id": "v", "write_key": "k-two", "events": [{"type": "play", "at": 1}] * 4}
    found = statuses(
        clerk,
        ("POST", "/bitmovin/analytics", body_of("bitmovin", "k-two"), EVIL),
        ("POST", "/native/v1/beacons", json.dumps(many).encode(), {}),
        ("POST", "/bitmovin/analytics", body_of("bitmovin", "k-two"), {}),
        ("POST", "/bitmovin/analytics", body_of("bitmovin", "k-two"), {}),
    )
    assert found == [403, 413, 204, 429]
    assert {one.project for one in clerk.app.recent_refusals} == {"two"}
    assert [one.project for one in clerk.app.recent_refusals] == ["two"] * 3


def test_a_refusal_is_not_pushed_onto_another_project(tmp_path) -> None:
    """Where the path names a key, a body that names another's puts nothing into the other's list."""
    clerk = Clerk(tmp_path, picture=CLOSED, dialects=DIALECTS, max_events=3)
    many = {"view_id": "v", "write_key": "k-two", "events": [{"type": "play", "at": 1}] * 4}
    assert statuses(clerk, ("POST", "/native/k-one/v1/beacons", json.dumps(many).encode(), {})) == [413]
    assert [one.project for one in clerk.app.recent_refusals] == ["one"]
