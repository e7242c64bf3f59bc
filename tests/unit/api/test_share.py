"""Share links: what they show, and that they show nothing else."""

import pytest

import support_dashboard
from firstframe.api.share import MOST_CALLS, canonical
from support_dashboard import OWN
from support_question import NOW_MS, make_view, store

pytestmark = pytest.mark.engine

CALL = "/v1/query?metrics=attempts&from=-30d&timezone=UTC&filters=country%3Aeq%3ADE"


@pytest.fixture(scope="module")
def board(module_engine, tmp_path_factory):
    """Two views in two countries."""
    store(
        module_engine,
        [make_view("de", NOW_MS - 9_000, country="DE"), make_view("fr", NOW_MS - 9_000, country="FR")],
    )
    folder = tmp_path_factory.mktemp("share")
    (folder / "site").mkdir()
    with support_dashboard.running(module_engine, folder, folder / "site") as running:
        yield running


def make(board, **changes):
    """What the operator gets for a new link."""
    body = {
        "path": "/breakdown",
        "search": "?from=-30d",
        "calls": [CALL],
        "label": "for Ann",
        "hours": 2,
        **changes,
    }
    return board.ask("/v1/shares", method="POST", json=body)


@pytest.fixture
def link(board):
    """A new link."""
    return make(board).json()["data"]


def follow(board, link, path, method="GET", **given):
    """A call of who has the link."""
    headers = {"Authorization": f"Share {link['secret']}", **given.pop("headers", {})}
    return board.client.request(method, path, headers=headers, **given)


def test_a_link_opens_its_state(board, link) -> None:
    """The page, its state, and until when; the secret stands where browsers keep it to themselves."""
    assert link["path"] == f"/share#{link['secret']}"
    opened = follow(board, link, "/v1/share").json()["data"]
    assert (opened["path"], opened["search"], opened["label"]) == ("/breakdown", "?from=-30d", "for Ann")
    assert opened["expires_ms"] == NOW_MS + 2 * 3_600_000


def test_a_link_asks_what_it_was_made_for(board, link) -> None:
    """In whatever order the parameters come, and as a file too."""
    assert follow(board, link, CALL).json()["data"] == [{"attempts": 1}]
    turned = "/v1/query?filters=country:eq:DE&timezone=UTC&from=-30d&metrics=attempts"
    assert follow(board, link, turned).status_code == 200
    assert follow(board, link, f"{CALL}&format=csv").text == "attempts\r\n1\r\n"
    assert follow(board, link, "/v1/metrics").status_code == 200


def test_a_link_shows_what_its_maker_sees(board) -> None:
    """What a token for pages may not ask, a link may be made for: its maker chose to show just that."""
    calls = [f"{CALL}&group_by=viewer_id", "/v1/errors?from=-1h", "/v1/views?limit=1"]
    made = make(board, calls=calls).json()["data"]
    assert [follow(board, made, call).status_code for call in calls] == [200, 200, 200]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/query?metrics=attempts&from=-30d&timezone=UTC",
        "/v1/query?metrics=attempts&from=-30d&timezone=UTC&filters=country:eq:FR",
        f"{CALL}&group_by=viewer_id",
        f"{CALL}&filters=country:eq:FR",
        "/v1/views",
        "/v1/refusals",
        "/v1/shares",
        "/v1/setup",
        "/v1/dimensions/viewer_id/values",
        "/v1/live",
    ],
)
def test_a_link_asks_nothing_else(board, link, path) -> None:
    """Neither more, nor other filters, nor single views, nor other links."""
    answer = follow(board, link, path)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "share_only"


def test_a_link_changes_nothing(board, link) -> None:
    """Not even where the path is one of its own."""
    for method, path in (
        ("POST", "/v1/query"),
        ("POST", "/v1/shares"),
        ("PUT", "/v1/assets"),
        ("DELETE", "/v1/session"),
    ):
        assert follow(board, link, path, method, json={"metrics": "attempts"}, headers=OWN).status_code == 403


def test_a_link_ends(board, link) -> None:
    """With its time, or when it is withdrawn."""
    board.clock[0] += 2 * 3_600 + 1
    assert follow(board, link, CALL).json()["error"]["code"] == "share_over"
    board.clock[0] -= 2 * 3_600 + 1
    assert follow(board, link, CALL).status_code == 200
    assert board.ask(f"/v1/shares/{link['id']}", method="DELETE").status_code == 204
    assert follow(board, link, CALL).status_code == 401
    assert board.ask(f"/v1/shares/{link['id']}", method="DELETE").status_code == 404
    mine = {one["id"]: one for one in board.data("/v1/shares")}
    assert mine[link["id"]]["is_over"]


def test_links_of_other_projects_are_out_of_reach(board, link) -> None:
    """They are neither listed nor withdrawn, nor do they show this project."""
    board.accounts.create_project("elsewhere")
    token = board.accounts.create_token(project="elsewhere")[1]
    assert board.ask("/v1/shares", token).json()["data"] == []
    assert board.ask(f"/v1/shares/{link['id']}", token, method="DELETE").status_code == 404
    body = {"path": "/", "calls": [CALL]}
    other = board.ask("/v1/shares", token, method="POST", json=body).json()["data"]
    assert follow(board, other, CALL).json()["data"] == [{"attempts": 0}]


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"calls": []}, "calls"),
        ({"calls": ["/v1/shares"]}, "calls"),
        ({"calls": ["/v1/queryx?metrics=a"]}, "calls"),
        ({"calls": ["https://evil.example/v1/query"]}, "calls"),
        ({"calls": ["//[/v1/query"]}, "calls"),
        ({"calls": [CALL] * (MOST_CALLS + 1)}, "calls"),
        ({"calls": ["/v1/query?metrics=" + "a" * 9000]}, "calls"),
        ({"hours": 0}, "hours"),
        ({"hours": 1e9}, "hours"),
        ({"path": "evil"}, "path"),
        ({"path": 3}, "the body"),
        ({"surprise": 1}, "the body"),
    ],
)
def test_a_link_that_cannot_be_is_refused(board, changes, parameter) -> None:
    """With the name of what was wrong."""
    answer = make(board, **changes)
    assert answer.status_code == 400
    assert answer.json()["error"]["detail"]["parameter"] == parameter


def test_calls_are_compared_by_what_they_mean() -> None:
    """Order and spelling of parameters mean nothing, repeated ones do."""
    assert canonical("/v1/query", "b=1&a=x%20y&format=csv") == canonical("/v1/query", "a=x+y&b=1")
    assert canonical("/v1/query", "a=1&a=2") != canonical("/v1/query", "a=1")
    assert canonical("/v1/query", "a=1%26b%3D2") != canonical("/v1/query", "a=1&b=2")
