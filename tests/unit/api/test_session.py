"""Signing in and out, and what a session may do from where."""

import pytest

import support_dashboard
from firstframe.api.session import COOKIE, SESSION_SECONDS, session_key
from support_dashboard import OWN

pytestmark = pytest.mark.engine


@pytest.fixture
def board(module_engine, tmp_path):
    """An API with accounts of its own."""
    (tmp_path / "site").mkdir()
    with support_dashboard.running(module_engine, tmp_path, tmp_path / "site") as running:
        yield running


def sign_in(board, token=None, **headers):
    """What comes of signing in with a token."""
    body = {"token": token or board.secret}
    return board.client.post("/v1/session", json=body, headers={**OWN, **headers})


def test_the_cookie_is_for_this_site_and_no_script(board) -> None:
    """It lasts two weeks, is out of reach of scripts, and is not sent from other sites."""
    cookie = sign_in(board).headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/", f"Max-Age={SESSION_SECONDS}"):
        assert part in cookie
    assert board.secret not in cookie
    assert "Secure" not in cookie
    assert "Secure" in sign_in(board, **{"X-Forwarded-Proto": "https"}).headers["set-cookie"]


def test_a_session_asks_as_its_token(board) -> None:
    """What needs a token is answered with the cookie instead."""
    assert board.client.get("/v1/metrics").status_code == 401
    sign_in(board)
    assert board.client.get("/v1/metrics").status_code == 200
    assert board.client.get("/v1/views").status_code == 200
    assert board.client.get("/v1/session").json()["data"]["kind"] == "secret"


@pytest.mark.parametrize("token", ["wrong", "", "\u00e9", "ffs_" + "x" * 5000])
def test_an_unknown_token_opens_nothing(board, token) -> None:
    """It is refused and no cookie is set."""
    answer = board.client.post("/v1/session", json={"token": token}, headers=OWN)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_a_token_for_pages_is_not_for_people(board) -> None:
    """A token that stands in pages must not become a session."""
    assert sign_in(board, board.page_token).status_code == 403


@pytest.mark.parametrize("body", [[], {}, {"token": 7}, {"token": None}, "text"])
def test_a_body_without_a_token_is_refused(board, body) -> None:
    """With a word about what is missing."""
    answer = board.client.post("/v1/session", json=body, headers=OWN)
    assert answer.status_code == 400
    assert answer.json()["error"]["detail"]["parameter"] == "token"


FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://[dash.example"},
    {},
    {"Sec-Fetch-Site": "cross-site", **OWN},
    {"Sec-Fetch-Site": "same-site", **OWN},
)


@pytest.mark.parametrize("headers", FOREIGN)
def test_other_sites_can_change_nothing_with_a_session(board, headers) -> None:
    """A request that changes something must come from one of our own pages; reading stays possible."""
    sign_in(board)
    body = {"path": "/", "calls": ["/v1/query?metrics=attempts"]}
    refused = board.client.post("/v1/shares", json=body, headers={"Host": "dash.example", **headers})
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "cross_site"
    assert board.accounts.shares() == []
    assert board.client.post("/v1/shares", json=body, headers=OWN).status_code == 201
    same = {"Host": "dash.example", "Sec-Fetch-Site": "same-origin"}
    assert board.client.post("/v1/shares", json=body, headers=same).status_code == 201


@pytest.mark.parametrize("origin", ["https://evil.example", "http://[dash.example"])
def test_other_sites_cannot_sign_somebody_in(board, origin) -> None:
    """Nobody is put into another's session unawares."""
    answer = board.client.post("/v1/session", json={"token": board.secret}, headers={"Origin": origin})
    assert answer.status_code == 403


def test_signing_out_forgets_the_cookie(board) -> None:
    """The browser has nothing left to send."""
    sign_in(board)
    assert board.client.delete("/v1/session", headers=OWN).status_code == 204
    assert COOKIE not in board.client.cookies
    assert board.client.get("/v1/metrics").status_code == 401


def test_a_session_ends_with_its_time_and_with_its_token(board) -> None:
    """Two weeks, or the moment in which the token is revoked, give or take two seconds."""
    sign_in(board)
    cookie = board.client.cookies[COOKIE]
    board.clock[0] += SESSION_SECONDS + 1
    assert board.client.get("/v1/metrics", headers={"Cookie": f"{COOKIE}={cookie}"}).status_code == 401
    board.clock[0] -= SESSION_SECONDS
    assert board.client.get("/v1/metrics", headers={"Cookie": f"{COOKIE}={cookie}"}).status_code == 200
    board.accounts.revoke_token(cookie.partition(".")[0])
    board.clock[0] += 3
    assert board.client.get("/v1/metrics", headers={"Cookie": f"{COOKIE}={cookie}"}).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        lambda cookie: cookie[:-1] + ("A" if cookie[-1] != "A" else "B"),
        lambda cookie: cookie.replace(".1", ".2", 1),
        lambda cookie: "other" + cookie,
        lambda cookie: cookie.rpartition(".")[0],
        lambda cookie: "",
        lambda cookie: "..",
        lambda cookie: "a.99999999999999999999.b",
    ],
)
def test_a_forged_cookie_is_none(board, change) -> None:
    """Whoever changes a cookie has no session."""
    sign_in(board)
    cookie = board.client.cookies[COOKIE]
    board.client.cookies.clear()
    answer = board.client.get("/v1/metrics", headers={"Cookie": f"{COOKIE}={change(cookie)}"})
    assert answer.status_code == 401


def test_a_bearer_token_wins_over_the_cookie(board) -> None:
    """A program that says who it is, is that, whatever cookie comes along."""
    sign_in(board)
    answer = board.client.get("/v1/metrics", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401


def test_the_signing_key_is_made_once_and_for_its_owner_alone(tmp_path) -> None:
    """Sessions survive a restart; nobody else on the machine can read the key."""
    file = tmp_path / "session.key"
    key = session_key(file)
    assert len(key) == 32
    assert session_key(file) == key
    assert file.stat().st_mode & 0o077 == 0


def test_a_key_that_a_power_cut_left_empty_signs_nothing(tmp_path) -> None:
    """An empty key would let anybody make cookies: there is a new one, and everybody signs in again."""
    file = tmp_path / "session.key"
    file.write_bytes(b"")
    key = session_key(file)
    assert len(key) == 32
    assert session_key(file) == key
