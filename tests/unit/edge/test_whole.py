"""Beacons that come in one piece take a shorter way, which nobody can tell from outside."""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
import time

import msgspec
import pytest

from firstframe.dialects import DIALECTS
from firstframe.edge import answer, protocol, serve
from firstframe.errors import Unavailable
from firstframe.journal.kept import Kept
from firstframe.journal.segment import SegmentWriter
from support_edge import CLOSED, OPEN, Clerk, serving

BODY = b'{"views": ["a", "b"]}'
ORIGIN = b"Origin: https://page.example\r\n"


def post(
    body: bytes = BODY, path: bytes = b"/v1/beacons", more: bytes = b"", version: bytes = b"1.1"
) -> bytes:
    """A POST on the wire."""
    length = b"Content-Length: %d\r\n" % len(body)
    return b"POST %s HTTP/%s\r\nHost: x\r\n" % (path, version) + length + more + b"\r\n" + body


def answers(port: int, pieces: list[bytes], count: int = 1) -> list[bytes]:
    """What comes back, without the date; each piece is sent when the last one has been read."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            client.sendall(piece)
            time.sleep(0.02 if len(pieces) > 1 else 0)
        found, held = [], b""
        while len(found) < count:
            more = client.recv(65_536)
            if not more:
                break
            held += more
            while (one := whole(held)) is not None:
                found.append(re.sub(rb"date: [^\r]*\r\n", b"", one))
                held = held[len(one) :]
        return found


def whole(data: bytes) -> bytes | None:
    """The first answer, once all of it is here."""
    head, end, rest = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    size = int(length[1]) if length else 0
    return head + end + rest[:size] if end and len(rest) >= size else None


REQUESTS = {
    "taken": post(),
    "for a page": post(more=ORIGIN),
    "with a query": post(path=b"/tiny/events?a=1&b=%2F"),
    "with a key": post(path=b"/tiny/k-one/events"),
    "quoted path": post(path=b"/v1/%62eacons"),
    "unknown key": post(b'{"views": ["a"], "key": "k-none"}'),
    "another origin": post(path=b"/tiny/k-two/events", more=ORIGIN),
    "zipped": post(gzip.compress(BODY), more=b"Content-Encoding: gzip\r\n"),
    "zipped badly": post(b"\x1f\x8b" + BODY, more=b"Content-Encoding: gzip\r\n"),
    "not JSON": post(b"broken {"),
    "too large": post(b"x" * 2_000),
    "too large when expanded": post(gzip.compress(b" " * 9_000), more=b"Content-Encoding: gzip\r\n"),
    "too deep": post(b"[" * 100 + b"]" * 100),
    "last of its connection": post(more=b"Connection: close\r\n"),
    "of an older version": post(version=b"1.0"),
    "not served": post(path=b"/elsewhere"),
    "an answer route": post(b'{"key": "k-one"}', path=b"/licensing"),
    "no body": post(b""),
}


@pytest.mark.parametrize("picture", [OPEN, CLOSED], ids=["open", "closed"])
@pytest.mark.parametrize("name", REQUESTS)
def test_a_cut_changes_nothing(tmp_path, name, picture):
    """In one piece or in three, the answer is the same to the byte, and so is what is kept."""
    request = REQUESTS[name]
    head = request.index(b"\r\n\r\n") + 4
    found = []
    for way, pieces in (
        ("whole", [request]),
        ("cut", [request[:20], request[20 : head + 3], request[head + 3 :]]),
    ):
        clerk = Clerk(tmp_path / way, picture=picture, max_body_bytes=1_500, max_expanded_bytes=5_000)
        with serving(clerk) as port:
            answer = answers(port, [piece for piece in pieces if piece])
        kept = [(each.path, each.query, each.project, each.headers, each.body) for each in clerk.kept()]
        refused = [(each.code, each.project, each.sample) for each in clerk.app.recent_refusals]
        found.append((answer, kept, refused))
    assert found[0] == found[1]


def test_asking_first_is_answered_first(tmp_path):
    """A client that waits for 100 Continue is told to go on."""
    with serving(Clerk(tmp_path)) as port:
        found = answers(port, [post(more=b"Expect: 100-continue\r\n")], 2)
    assert [each.split(b" ")[1] for each in found] == [b"100", b"204"]


def test_requests_one_behind_the_other(tmp_path):
    """Requests that do not wait for answers get them in their order, and each is kept once."""
    clerk = Clerk(tmp_path)
    bodies = [b'{"views": ["%d"]}' % number for number in range(4)]
    with serving(clerk) as port:
        found = answers(
            port, [post(bodies[0]) + post(b"{", more=ORIGIN) + post(bodies[1]), *map(post, bodies[2:])], 5
        )
    assert [each.split(b" ")[1] for each in found] == [b"204", b"400", b"204", b"204", b"204"]
    assert [each.body for each in clerk.kept()] == bodies


@pytest.mark.parametrize("size", [40_000, 100_000])
def test_a_head_is_as_long_and_as_old_as_itself(tmp_path, monkeypatch, size):
    """What came before it in the same piece is not counted as its own, though heads never stop coming."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    clerk = Clerk(tmp_path)
    wire = b"".join(post(b'{"views": ["%d"], "x": "%s"}' % (number, b"x" * size)) for number in range(5))
    step = len(wire) // 5  # each piece ends in the next one's head
    cuts = [number * step + 20 for number in range(1, 5)]
    with serving(clerk) as port:
        found = answers(port, [wire[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)], 5)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            for number in range(5):
                client.sendall((b"" if number == 0 else post()[20:]) + post()[:20])
                time.sleep(0.1)
            client.sendall(post()[20:])
            time.sleep(0.1)
            late = client.recv(65_536)
    assert [each.split(b" ")[1] for each in found] == [b"204"] * 5
    assert late.count(b"HTTP/1.1 204") == 5
    assert len(clerk.kept()) == 10


def test_what_was_refused_before_it_does_not_hurry_an_answer(tmp_path, monkeypatch):
    """The wait for the next request ends when that is here, also where both came in one piece."""
    clerk = Clerk(tmp_path, journal_commit_ms=0)
    append = SegmentWriter.append
    monkeypatch.setattr(
        SegmentWriter, "append", lambda segment, frames: (time.sleep(1.5), append(segment, frames))
    )
    monkeypatch.setattr(serve, "KEEP_ALIVE_SECONDS", 1)
    with serving(clerk) as port:
        found = answers(port, [post(b"{") + post()], 2)
    assert [each.split(b" ")[1] for each in found] == [b"400", b"204"]


def test_one_that_goes_away_disturbs_nobody(tmp_path):
    """A client that leaves before its answer loses nothing, and the server counts it out."""
    clerk = Clerk(tmp_path)
    with serving(clerk) as port:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(post())
        assert answers(port, [post()])[0].startswith(b"HTTP/1.1 204")
    assert len(clerk.kept()) == 4
    assert clerk.app._in_flight == 0


@pytest.mark.parametrize("when", ["at once", "later"])
def test_what_the_journal_cannot_keep_is_refused(tmp_path, monkeypatch, when):
    """503 with when to come back, whether the journal says so at once or after a while."""
    clerk = Clerk(tmp_path)

    def full(beacon, views):
        error = Unavailable("full", code="journal_full", retry_after_seconds=5)
        if when == "at once":
            raise error
        later = Kept()
        asyncio.get_running_loop().call_later(0.01, later.settle, error)
        return later

    monkeypatch.setattr(clerk.journal, "append", full)
    with serving(clerk) as port:
        (answer,) = answers(port, [post()])
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 5" in answer
    assert b"journal_full" in answer


def test_refusals_are_not_kept(tmp_path):
    """Each may be another, so none is kept ready; and none repeats much of what came."""
    before = answer._wire_of.cache_info().currsize
    clerk = Clerk(tmp_path, picture=CLOSED, dialects=DIALECTS)
    paths = [b"/livepeer/analytics/log", b"/mux", b"/v1/beacons", b"/bitmovin", b"/pillarbox"]
    with serving(clerk) as port:
        for path in paths:
            (found,) = answers(port, [post(b'{"%s": 1}' % (b"k" * 500_000), path=path)])
            assert found.startswith((b"HTTP/1.1 400", b"HTTP/1.1 401", b"HTTP/1.1 404")), path
            assert len(found) < 2_000
    assert answer._wire_of.cache_info().currsize == before
    assert len(msgspec.json.encode(clerk.app.recent_refusals)) < 20_000


def test_a_fault_of_ours_is_answered(tmp_path, monkeypatch):
    """Whatever goes wrong inside, the client is told to come back and the connection lives on."""
    clerk = Clerk(tmp_path)
    kept = clerk.journal.append
    monkeypatch.setattr(clerk.journal, "append", lambda beacon, views: 1 / 0)
    with serving(clerk) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(post())
        assert client.recv(65_536).startswith(b"HTTP/1.1 503")
        monkeypatch.setattr(clerk.journal, "append", kept)
        client.sendall(post())
        assert client.recv(65_536).startswith(b"HTTP/1.1 204")


def test_the_end_waits_for_answers(tmp_path):
    """A server that is told to stop answers what it has taken, and says that the connection ends."""
    clerk = Clerk(tmp_path, journal_commit_ms=300)
    with serving(clerk) as port:
        client = socket.create_connection(("127.0.0.1", port), timeout=10)
        client.sendall(post())
        assert client.recv(65_536).startswith(b"HTTP/1.1 204")
        client.sendall(post())  # waits for its turn
        time.sleep(0.1)
    with client:
        answer = client.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 204")
    assert b"connection: close" in answer
    assert len(clerk.kept()) == 2
