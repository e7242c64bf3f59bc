"""What the collector answers, and what is in the journal afterwards."""

import gzip
import json
import zlib

import pytest

from firstframe.edge.refusal import read_refusals
from firstframe.errors import Unavailable
from support_edge import CLOSED, Clerk

ONE = b'{"views": ["v1"]}'


@pytest.fixture
def clerk(tmp_path):
    return Clerk(tmp_path)


def error(answer) -> dict:
    return answer.json()["error"]


PATHS = [
    ("/v1/beacons", 204, "default"),
    ("/tiny/v1/beacons", 204, "default"),
    ("/tiny/some-key/v1/beacons", 204, "default"),
    ("/tiny/events", 202, "default"),
    ("/tiny/events/", 202, "default"),
    ("/tiny/some-key/events?a=b", 202, "default"),
    ("/", 200, "default"),
    ("/tiny", 200, "default"),
    ("/tiny/", 200, "default"),
    ("/tiny/some-key", 200, "default"),
    ("/tiny/some-key/", 200, "default"),
]


@pytest.mark.parametrize(("path", "status", "project"), PATHS)
def test_beacon_is_kept_at_every_address_of_its_route(tmp_path, path, status, project):
    """A route is served below the dialect, with a key in the path, at the root where it says so."""
    clerk = Clerk(tmp_path)
    answer = clerk.ask("POST", path, content=ONE)
    assert answer.status_code == status
    [beacon] = clerk.kept()
    assert (beacon.dialect, beacon.project, beacon.body) == ("tiny", project, ONE)
    assert beacon.query == ("a=b" if "?" in path else "")


def test_only_what_says_something_of_a_view_is_kept(clerk):
    """Of the headers only the listed ones are kept, cut to size; the address is not."""
    headers = {
        "User-Agent": "x" * 5_000,
        "Cookie": "secret=1",
        "Authorization": "Bearer x",
        "Origin": "https://a.example",
    }
    clerk.ask("POST", "/v1/beacons", content=ONE, headers=headers)
    [beacon] = clerk.kept()
    assert set(beacon.headers) == {"user-agent", "origin"}
    assert len(beacon.headers["user-agent"]) == 1_024
    assert beacon.place.address is None
    assert b"192.0.2.7" not in b"".join(p.read_bytes() for p in clerk.folder.rglob("*.seg"))


def test_truncated_address_is_kept_when_the_operator_wants_it(tmp_path):
    """With the setting the network part of the client behind the trusted proxy is kept."""
    clerk = Clerk(tmp_path, keep_address=True, trusted_proxies="192.0.2.0/24")
    clerk.ask("POST", "/v1/beacons", content=ONE, headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"})
    assert clerk.kept()[0].place.address == "203.0.113.0"


REFUSALS = [
    ("POST", "/nowhere", {}, 404, "not_found"),
    ("GET", "/v1/beacons", {}, 405, "method_not_allowed"),
    ("PUT", "/", {}, 405, "method_not_allowed"),
    ("POST", "/v1/beacons", {"content": b"no json"}, 400, "unreadable"),
    ("POST", "/v1/beacons", {"content": b""}, 400, "unreadable"),
    ("POST", "/v1/beacons", {"content": b"[]"}, 400, "unreadable"),
    ("POST", "/v1/beacons", {"content": b"x" * 2_001}, 413, "too_large"),
    (
        "POST",
        "/v1/beacons",
        {"content": ONE, "headers": {"Content-Encoding": "br"}},
        415,
        "unsupported_media",
    ),
    ("POST", "/v1/beacons", {"content": ONE, "headers": {"Content-Encoding": "gzip"}}, 400, "bad_encoding"),
    (
        "POST",
        "/v1/beacons",
        {"content": gzip.compress(b" " * 100_000), "headers": {"Content-Encoding": "gzip"}},
        413,
        "too_large",
    ),
    ("POST", "/v1/beacons", {"content": b'{"a":' * 40 + b"1" + b"}" * 40}, 413, "too_large"),
    ("POST", "/v1/beacons", {"content": b"[" * 1_900}, 413, "too_large"),
    ("POST", "/v1/beacons", {"content": json.dumps({"views": list(range(60))})}, 413, "too_many_events"),
    ("POST", "/v1/beacons?" + "q" * 9_000, {"content": ONE}, 413, "too_large"),
]


@pytest.mark.parametrize(("method", "path", "request_", "status", "code"), REFUSALS)
def test_refusal_says_what_is_wrong_and_a_page_can_read_it(tmp_path, method, path, request_, status, code):
    """Each thing that can be wrong has a status, a code and CORS headers, and leaves nothing in the journal."""
    clerk = Clerk(tmp_path, max_body_bytes=2_000, max_expanded_bytes=50_000, max_events=50)
    request_ = {**request_, "headers": {"Origin": "https://a.example", **request_.get("headers", {})}}
    answer = clerk.ask(method, path, **request_)
    assert (answer.status_code, error(answer)["code"]) == (status, code)
    assert error(answer)["message"]
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert clerk.kept() == []
    [refused] = clerk.app.recent_refusals
    assert (refused.status, refused.code) == (status, code)


def test_unknown_path_names_the_known_ones(clerk):
    """Who asks for the wrong path is told the right ones; who uses the wrong method is told the allowed."""
    assert "POST /tiny/{write_key}/events" in error(clerk.ask("POST", "/x"))["detail"]["expected"]
    assert clerk.ask("GET", "/v1/beacons").headers["allow"] == "OPTIONS, POST"


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", lambda b: gzip.compress(b[:5]) + gzip.compress(b[5:])),
        ("deflate", zlib.compress),
        ("deflate", lambda b: zlib.compress(b)[2:-4]),
        ("identity", lambda b: b),
    ],
)
def test_encoded_bodies_are_kept_expanded(tmp_path, encoding, compress):
    """gzip, also of several members, deflate with and without its wrapping: the journal holds what was meant."""
    clerk = Clerk(tmp_path)
    answer = clerk.ask("POST", "/v1/beacons", content=compress(ONE), headers={"Content-Encoding": encoding})
    assert answer.status_code == 204
    assert clerk.kept()[0].body == ONE


def test_text_with_many_brackets_is_not_deep(clerk):
    """Brackets within strings are no nesting, and depth up to the limit is fine."""
    fine = json.dumps({"views": ["v"], "text": '[{"' * 500}).encode()
    nested = b'{"views": ["v"], "x": ' + b"[" * 31 + b"]" * 31 + b', "y": [[], [], {}, {}]}'
    answers = clerk.ask_all([("POST", "/v1/beacons", {"content": body}) for body in (fine, nested)])
    assert [each.status_code for each in answers] == [204, 204]


KEYS = [
    ("/tiny/k-one/events", ONE, None, 202, None),
    ("/tiny/events", b'{"views": ["v"], "key": "k-one"}', None, 202, None),
    ("/tiny/k-one/events", b'{"views": ["v"], "key": "other"}', None, 202, None),
    ("/tiny/events", ONE, None, 401, "no_key"),
    ("/tiny/wrong/events", ONE, None, 401, "unknown_key"),
    ("/tiny/wrong/events", b'{"views": ["v"], "key": "k-one"}', None, 401, "unknown_key"),
    ("/tiny/k-two/events", ONE, "https://player.example", 202, None),
    ("/tiny/k-two/events", ONE, "https://evil.example", 403, "forbidden_origin"),
    ("/tiny/k-two/events", ONE, "null", 403, "forbidden_origin"),
    ("/tiny/k-two/events", ONE, None, 202, None),
]


@pytest.mark.parametrize(("path", "body", "origin", "status", "code"), KEYS)
def test_write_keys_decide(tmp_path, path, body, origin, status, code):
    """The path's key, else the body's, must be known, and its origins hold for pages (apps have none)."""
    clerk = Clerk(tmp_path, picture=CLOSED)
    answer = clerk.ask("POST", path, content=body, headers={"Origin": origin} if origin else {})
    assert answer.status_code == status
    if code:
        assert error(answer)["code"] == code
        assert clerk.kept() == []
    else:
        assert clerk.kept()[0].project in ("one", "two")


def test_without_any_picture_of_the_keys_it_says_come_back(tmp_path):
    """When keys could never be read, nothing is taken and nothing is refused for good."""
    answer = Clerk(tmp_path, picture=None).ask("POST", "/v1/beacons", content=ONE)
    assert (answer.status_code, error(answer)["code"]) == (503, "keys_unavailable")
    assert int(answer.headers["retry-after"]) > 0


def test_answer_route_hears_the_verdict_on_its_key(tmp_path):
    """A route that keeps nothing always answers in its own words, granted or not."""
    clerk = Clerk(tmp_path, picture=CLOSED)
    asked = [b'{"key": "k-one"}', b'{"key": "x"}', b'{"key": "k-two"}']
    headers = {"Origin": "https://else.example"}
    answers = clerk.ask_all([("POST", "/licensing", {"content": each, "headers": headers}) for each in asked])
    assert [each.json()["status"] for each in answers] == ["granted", "denied", "denied"]
    assert {each.status_code for each in answers} == {200}
    assert clerk.kept() == []
    assert clerk.ask("POST", "/licensing", content=b"{").status_code == 400


def test_named_segments_and_methods_of_one_path(clerk):
    """One path may be answered for GET and kept for POST; named segments reach the dialect."""
    answers = clerk.ask_all(
        [
            ("GET", "/tiny/log", {}),
            ("POST", "/tiny/log", {"content": ONE}),
            ("GET", "/video+abc.js", {}),
            ("GET", "/tiny/key/video+abc.js", {}),
        ]
    )
    assert [each.status_code for each in answers] == [200] * 4
    assert [each.text for each in answers[2:]] == ["abc", "abc"]


def test_full_journal_answers_503_and_says_when_to_come_back(tmp_path, monkeypatch):
    """What cannot be made durable is not acknowledged."""
    clerk = Clerk(tmp_path)

    def full(beacon, views):
        raise Unavailable("full", code="journal_full", retry_after_seconds=5)

    monkeypatch.setattr(clerk.journal, "append", full)
    answer = clerk.ask("POST", "/v1/beacons", content=ONE)
    assert answer.json()["error"]["code"] == "journal_full"
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_failing_dialect_is_no_5xx(tmp_path, monkeypatch):
    """A dialect that raises what it should not costs that request a 400, which the operator sees."""
    clerk = Clerk(tmp_path)
    monkeypatch.setattr("support_edge.Tiny.envelope", lambda self, request: 1 / 0)
    assert clerk.ask("POST", "/v1/beacons", content=ONE).status_code == 400


def test_rate_of_a_key_is_bounded(tmp_path):
    """Over its rate a key gets 429 with when to come back."""
    clerk = Clerk(tmp_path, key_rate=0.2)
    answers = clerk.ask_all([("POST", "/v1/beacons", {"content": ONE})] * 4)
    assert [each.status_code for each in answers] == [204, 204, 429, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert len(clerk.kept()) == 2


def test_numbers_and_refusals_are_there_for_the_operator(clerk):
    """Accepted and refused are counted, and the newest refusals can be read by another process."""
    bad = {"content": b"not json", "headers": {"User-Agent": "Player/1"}}
    clerk.ask_all([("POST", "/v1/beacons", {"content": ONE}), ("POST", "/v1/beacons", bad)])
    value = clerk.registry.get_sample_value
    assert value("firstframe_edge_accepted_beacons_total", {"dialect": "tiny"}) == 1
    assert value("firstframe_edge_refused_beacons_total", {"dialect": "tiny", "reason": "unreadable"}) == 1
    [refused] = read_refusals(clerk.folder)
    assert (refused.sample, refused.project, refused.user_agent) == ("not json", "default", "Player/1")


def test_strays_do_not_push_out_what_players_sent(clerk):
    """However many unknown paths are asked for, the refusals of real routes stay visible."""
    strays = [("GET", f"/wp-admin/{n}", {}) for n in range(150)]
    clerk.ask_all([("POST", "/v1/beacons", {"content": b"bad"}), *strays])
    assert any(each.dialect == "tiny" for each in clerk.app.recent_refusals)
    assert len(clerk.app.recent_refusals) < 60


def test_root_and_health_are_friendly(clerk):
    """A person who opens the collector in a browser, or a load balancer that asks, gets an answer."""
    answers = clerk.ask_all([("GET", "/", {}), ("HEAD", "/", {}), ("GET", "/health", {})])
    assert [each.status_code for each in answers] == [200, 200, 200]
    assert answers[0].json()["service"] == "firstframe collector"
    assert answers[2].json()["status"] == "ok"


def test_cors_for_every_kind_of_request(clerk):
    """Origins are echoed with credentials, ``null`` too; without one anybody may read."""
    for origin in ("https://a.example", "null"):
        headers = clerk.ask("POST", "/v1/beacons", content=ONE, headers={"Origin": origin}).headers
        assert headers["access-control-allow-origin"] == origin
        assert headers["access-control-allow-credentials"] == "true"
        assert headers["vary"] == "Origin"
    assert clerk.ask("POST", "/v1/beacons", content=ONE).headers["access-control-allow-origin"] == "*"


def test_preflight_allows_what_is_asked(clerk):
    """A preflight is answered for each route, with its methods, the headers asked for and a long life."""
    asked = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-custom",
        "Access-Control-Request-Private-Network": "true",
    }
    answer = clerk.ask("OPTIONS", "/tiny/k/events", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-methods"] == "OPTIONS, POST"
    assert answer.headers["access-control-allow-headers"] == "content-type,x-custom"
    assert int(answer.headers["access-control-max-age"]) >= 600
    assert answer.headers["access-control-allow-private-network"] == "true"
    assert clerk.ask("OPTIONS", "/nowhere", headers=asked).status_code == 404
