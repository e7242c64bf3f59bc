"""No input makes the collector answer 5xx, and what it answers 2xx is in the journal."""

from __future__ import annotations

import asyncio
import json
import tempfile
import zlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from support_edge import CLOSED, OPEN, Clerk
from support_law import law

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it

SEGMENTS = st.sampled_from(
    ["v1", "beacons", "tiny", "events", "k-one", "log", "video+a.js", "licensing", "", "%00"]
)
PATHS = st.lists(SEGMENTS | st.text(max_size=8), max_size=5).map(lambda parts: "/" + "/".join(parts))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)
BODIES = (
    st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries({"views": st.lists(st.text(max_size=9), max_size=4)}, optional={"key": JSON}).map(
        lambda value: json.dumps(value).encode()
    )
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [b"origin", b"content-encoding", b"content-length", b"content-type", b"x-forwarded-for", b"forwarded"]
    )
    | st.binary(min_size=1, max_size=10),
    st.sampled_from([b"gzip", b"deflate", b"null", b"https://a.example", b"text/plain", b"1, ::1, [x"])
    | st.binary(max_size=40),
    max_size=5,
)


async def ask(
    clerk: Clerk, method: str, path: str, query: bytes, headers: dict[bytes, bytes], parts: list[bytes]
) -> int:
    """One request straight at the ASGI callable, with nothing tidied up on the way."""
    sent: list[dict] = []
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": list(headers.items()),
        "client": ("127.0.0.1", 1),
    }
    await clerk.app(scope, receive, send)
    assert [each["type"] for each in sent] == ["http.response.start", "http.response.body"]
    assert all(isinstance(part, bytes) for pair in sent[0]["headers"] for part in pair)
    return sent[0]["status"]


@law(300)
@given(
    is_open=st.booleans(),
    method=st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "HEAD", "BREW"]),
    path=PATHS | st.sampled_from(["/v1/beacons", "/tiny/events", "/tiny/k-one/events"]),
    query=st.binary(max_size=30),
    headers=HEADERS,
    body=BODIES,
    compress=st.booleans(),
)
def test_no_input_gives_5xx_and_2xx_means_kept(is_open, method, path, query, headers, body, compress):
    """Whatever comes, the status is below 500, and a body is in the journal exactly if its route kept it."""
    if compress:
        headers = {**headers, b"content-encoding": b"deflate"}
    parts = [zlib.compress(body)] if compress else [body[:7], body[7:]]
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        clerk = Clerk(
            Path(folder),
            picture=OPEN if is_open else CLOSED,
            trusted_proxies="127.0.0.0/8",
            keep_address=True,
        )

        async def all_of_it() -> int:
            status = await ask(clerk, method, path, query, headers, parts)
            await clerk.app.stop()
            await clerk.journal.close()
            return status

        status = asyncio.run(all_of_it())
        assert status < 500
        match = clerk.app.router.find(path)
        target = match.methods.get(method) if match else None
        is_kept = status < 300 and target is not None and target.route.kind == "collect"
        assert len(clerk.kept()) == (1 if is_kept else 0)
        if is_kept and b"content-encoding" not in headers:
            assert clerk.kept()[0].body == body
