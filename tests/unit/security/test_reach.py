"""Nothing that strangers or tenants say makes the server call anywhere: no address that came in is ever asked."""

from __future__ import annotations

import ast
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import firstframe
from firstframe.dialects import DIALECTS
from support_edge import Clerk

SOURCE = Path(firstframe.__file__).parent
CALLERS = (
    "urllib.request",
    "http.client",
    "urllib3",
    "httpx",
    "httpcore",
    "requests",
    "aiohttp",
    "websockets",
    "socket",
    "ftplib",
    "smtplib",
)
"""Modules that reach out."""
CALLS = ("open_connection", "create_connection", "urlopen")
"""Functions that do so, by whatever name their module goes."""
MAY_CALL = {
    "alerts/courier.py": "sends notices, by way of the guarded network only",
    "alerts/mail.py": "sends notices to the mail server of the settings",
    "alerts/target.py": "connects to public addresses that somebody named, and to no others unless that is allowed",
    "doctor.py": "asks the listeners of this installation",
    "demo/line.py": "sends to the collector that was named on the command line",
    "engine/client.py": "asks the engine of the settings",
    "edge/serve.py": "listens",
    "roles/port.py": "looks for a free port of loopback",
    "roles/serve.py": "looks whether its own API answers",
    "sdk/outbox.py": "sends to the collector that the program using it names",
}


def imported(file: Path) -> set[str]:
    """The modules that a file imports, in full."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


def test_few_files_can_reach_out_at_all() -> None:
    """Whatever imports a client says here whom it calls; none of them handles a request."""
    able = {
        file.relative_to(SOURCE).as_posix()
        for file in SOURCE.rglob("*.py")
        if any(name == one or name.startswith(f"{one}.") for name in imported(file) for one in CALLERS)
        or any(f"{call}(" in file.read_text() for call in CALLS)
    }
    assert able <= set(MAY_CALL), able - set(MAY_CALL)


def addressed(url: str) -> list[tuple[str, dict]]:
    """Beacons of every dialect that are full of an address."""
    mux = {"event": "play", "view_id": "v", "video_source_url": url, "page_url": url, "viewer_time": 1}
    media = {
        "media": {"asset_url": url, "metadata_url": url, "origin": url},
        "stream": {"url": url},
        "url": url,
    }
    return [
        (
            "/native/v1/beacons",
            {
                "view_id": "v",
                "context": {"source_url": url, "page_url": url, "cdn": url, "video_title": url},
                "events": [{"type": "play", "at": 1}, {"type": "error", "at": 2, "message": url}],
            },
        ),
        (
            "/pillarbox/api/events",
            {"session_id": "v", "event_name": "START", "timestamp": 1, "version": 1, "data": media},
        ),
        ("/bitmovin/analytics", {"impressionId": "v", "time": 1, "m3u8Url": url, "path": url, "domain": url}),
        ("/livepeer", {"session_id": "v", "events": [], "sourceUrl": url, "page_url": url, "uid": url}),
        ("/mux", {"events": [mux]}),
    ]


@pytest.fixture
def trap() -> Iterator[tuple[socket.socket, str]]:
    """A listener that waits for a call, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener, f"http://127.0.0.1:{listener.getsockname()[1]}/fetched"


@pytest.mark.engine
def test_addresses_that_are_told_are_not_called(trap, tmp_path, tenants) -> None:
    """Neither of videos and pages in beacons, nor of assets, filters and share links, in headers or in text."""
    listener, url = trap
    clerk = Clerk(tmp_path, dialects=DIALECTS)
    headers = {"Referer": url, "Origin": url.removesuffix("/fetched"), "X-Forwarded-Host": url}
    for path, body in addressed(url):
        assert clerk.ask("POST", path, content=json.dumps(body), headers=headers).status_code < 300
    for beacon in clerk.kept():
        dialect = next(one for one in DIALECTS if one.name == beacon.dialect)
        events = dialect.parse(beacon).events
        assert dialect.fold(events, 10**13).rows is not None
    asset = {"title": url, "dstorage_url": url, "tags": {"url": url}}
    assert tenants.ask("secret", "PUT", "/v1/assets/fetch-me", json=asset).status_code == 200
    for path in (
        f"/v1/query?metrics=attempts&filters=source_url:eq:{url}",
        f"/v1/views?filters=source_url:matches:{url}",
        f"/data/views/query?playbackId={url}",
        f"/data/views/query/total/{url}",
        "/v1/assets?search=fetch-me",
    ):
        assert tenants.ask("secret", "GET", path).status_code in (200, 400, 404)
    link = {
        "path": "/",
        "search": f"?next={url}",
        "calls": [f"/v1/query?metrics=attempts&filters=page_url:eq:{url}"],
    }
    assert tenants.ask("secret", "POST", "/v1/shares", json=link).status_code == 201
    rule = {"name": "x", "metric": "plays", "above": 0, "note": url, "filters": [f"page_url:eq:{url}"]}
    rule["notify"] = [{"kind": "webhook", "to": url}, {"kind": "chat", "to": url}]
    assert tenants.ask("secret", "POST", "/v1/alerts/preview", json=rule).status_code == 200
    alert = tenants.ask("secret", "POST", "/v1/alerts", json=rule).json()["data"]
    told = tenants.ask("secret", "POST", f"/v1/alerts/{alert['id']}/test").json()["data"]
    assert [one["is_delivered"] for one in told] == [False, False]
    with pytest.raises(BlockingIOError):
        listener.accept()
