"""Bodies that take long to read hold up nobody else."""

from __future__ import annotations

import gc
import gzip
import json
import threading
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from websockets.sync.client import connect

from firstframe.edge import large
from firstframe.edge.large import QUICK_BYTES, QUICK_VALUES
from support_edge import CLOSED, Clerk, Tiny, serving, wait_for

ONE = b'{"views": ["v1"]}'
ZIPPED = {"Content-Encoding": "gzip"}
DEFLATED = {"Content-Encoding": "deflate"}
LARGE = json.dumps({"views": ["v1"], "text": "x" * QUICK_BYTES}).encode()
MANY = json.dumps({"views": ["v1"], "numbers": [1] * QUICK_VALUES}).encode()


@pytest.fixture
def readers(monkeypatch) -> dict[str, threading.Thread]:
    """Which thread read the envelope of which view."""
    found = {}
    envelope = Tiny.envelope

    def seen(self, request):
        result = envelope(self, request)
        found.update(dict.fromkeys(result.native_view_ids, threading.current_thread()))
        return result

    monkeypatch.setattr(Tiny, "envelope", seen)
    return found


@pytest.mark.parametrize(
    ("body", "headers", "is_aside"),
    [
        (ONE, {}, False),
        (gzip.compress(ONE), ZIPPED, False),
        (LARGE, {}, True),
        (gzip.compress(LARGE), ZIPPED, True),
        (MANY, {}, True),
        (zlib.compress(MANY), DEFLATED, True),
    ],
    ids=["usual", "usual, zipped", "long", "long, zipped", "many values", "many values, zipped"],
)
def test_only_large_bodies_are_read_aside(tmp_path, readers, body, headers, is_aside):
    """By bytes or by values, as sent or as expanded; they are kept like all others."""
    clerk = Clerk(tmp_path)
    answer = clerk.ask("POST", "/v1/beacons", content=body, headers=headers)
    assert answer.status_code == 204
    assert json.loads(clerk.kept()[0].body)["views"] == ["v1"]
    assert (readers["v1"] is not threading.current_thread()) == is_aside


def test_large_messages_of_sockets_are_read_aside(tmp_path, readers):
    """A WebSocket is no way around it."""
    clerk = Clerk(tmp_path)
    with serving(clerk) as port, connect(f"ws://127.0.0.1:{port}/video+a.js") as player:
        player.send(LARGE.decode())
        player.send('{"views": ["v2"]}')
        wait_for(lambda: len(clerk.kept()) == 2)
    assert readers["v1"] is not readers["v2"]


def test_large_questions_are_answered_aside(tmp_path):
    """Nor is a route that keeps nothing; its limits are the same."""
    clerk = Clerk(tmp_path, picture=CLOSED)
    asked = json.dumps({"key": "k-one", "text": "x" * QUICK_BYTES}).encode()
    deep = b'{"key": "k-one", "x":' + b"[" * 40 + b"]" * 40 + b' , "y": "' + b"x" * QUICK_BYTES + b'"}'
    answers = clerk.ask_all([("POST", "/licensing", {"content": each}) for each in (asked, deep)])
    assert answers[0].json()["status"] == "granted"
    assert answers[1].status_code == 413


def test_others_are_answered_while_one_is_read(tmp_path, monkeypatch):
    """The loop goes on however long a dialect needs."""
    clerk = Clerk(tmp_path)
    going, go_on = threading.Event(), threading.Event()
    envelope = Tiny.envelope

    def slow(self, request):
        if len(request.body) > QUICK_BYTES:
            going.set()
            assert go_on.wait(20)
        return envelope(self, request)

    monkeypatch.setattr(Tiny, "envelope", slow)
    with serving(clerk) as port, ThreadPoolExecutor(2) as pool:
        url = f"http://127.0.0.1:{port}/v1/beacons"
        try:
            slow_answers = [pool.submit(httpx.post, url, content=LARGE, timeout=30) for _ in range(2)]
            assert going.wait(10)
            assert httpx.post(url, content=ONE, timeout=10).status_code == 204
        finally:
            go_on.set()
        assert [each.result().status_code for each in slow_answers] == [204, 204]
    assert len(clerk.kept()) == 3


def test_a_large_one_that_is_refused_is_let_go(tmp_path):
    """At once, and not when the garbage is looked through: a small body may be a large one, zipped."""
    clerk = Clerk(tmp_path, max_expanded_bytes=9_000_000)
    body = gzip.compress(b'{"views": ["v1"], "text": "' + b"x" * 5_000_000)
    with serving(clerk) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        gc.collect()
        gc.disable()
        tracemalloc.start()
        try:
            found = [
                client.post("/v1/beacons", content=content, headers=ZIPPED)
                for _ in range(5)
                for content in (body, iter([body]))  # also in pieces, which goes another way
            ]
            held_bytes, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            gc.enable()
    assert [each.status_code for each in found] == [400] * 10
    assert held_bytes < 4_000_000


def test_too_many_large_ones_are_refused(tmp_path, monkeypatch):
    """They wait for one another, so no more may wait than can be read in good time."""
    monkeypatch.setattr(large, "MOST_WAITING", 0)
    answer = Clerk(tmp_path).ask("POST", "/v1/beacons", content=LARGE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "overloaded")
    assert int(answer.headers["retry-after"]) >= 1


def test_values_are_bounded_and_text_is_none(tmp_path):
    """A body of nothing but tiny values costs a hundred times its size; commas in a text cost nothing."""
    clerk = Clerk(tmp_path, max_expanded_bytes=400_000)
    bomb = b'{"views": ["v"], "x": [' + b"{}," * 90_000 + b"1]}"
    text = json.dumps({"views": ["v"], "text": ',"[{\\' * 40_000}).encode()
    answers = clerk.ask_all(
        [
            ("POST", "/v1/beacons", {"content": zlib.compress(each), "headers": DEFLATED})
            for each in (bomb, text)
        ]
    )
    assert [each.status_code for each in answers] == [413, 204]
    assert answers[0].json()["error"]["detail"]["limit_values"] == 25_000


def test_who_has_no_key_makes_no_work(tmp_path):
    """A key in the path is looked up before the body is looked at."""
    answer = Clerk(tmp_path, picture=CLOSED).ask(
        "POST", "/tiny/wrong/events", content=b"no gzip", headers=ZIPPED
    )
    assert answer.status_code == 401


def test_sample_of_a_refusal_is_what_was_meant(tmp_path):
    """An operator reads what came, also where it was zipped, too large, or no gzip after all."""
    clerk = Clerk(tmp_path, max_expanded_bytes=5_000)
    bodies = [gzip.compress(b"no json"), gzip.compress(b"x" * 9_000), b"no gzip"]
    clerk.ask_all([("POST", "/v1/beacons", {"content": each, "headers": ZIPPED}) for each in bodies])
    samples = {each.sample for each in clerk.app.recent_refusals}
    assert samples == {"no gzip", "x" * 2_000, "no json"}


def test_a_body_has_few_gzip_members(tmp_path):
    """Each costs a copy of what follows it."""
    answer = Clerk(tmp_path).ask("POST", "/v1/beacons", content=gzip.compress(b"") * 50, headers=ZIPPED)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_encoding")
