"""Errors grouped by code and message, and the audience over a video's length."""

import pytest

import support_dashboard
from firstframe.view.record import Outcome
from support_question import HOUR_MS, NOW_MS, make_view, store

pytestmark = pytest.mark.engine

AT = NOW_MS - 6 * HOUR_MS
WHERE = "from=-24h&to=now"


def failed(name, message, at=AT, code="E1", **fields):
    """A view that an error ended."""
    return make_view(
        name,
        at,
        outcome=Outcome.PLAYBACK_FAILED,
        error_count=1,
        error_code=code,
        fatal_error_code=code,
        error_class="technical",
        error_message=message,
        **fields,
    )


@pytest.fixture(scope="module")
def board(module_engine, tmp_path_factory):
    """Ten attempts, five of them with errors of three kinds; three plays of a video of 100 seconds."""
    known = {"live": False, "duration_ms": 100_000.0, "video_id": "film"}
    store(
        module_engine,
        [
            failed("a", "segment 12 of https://cdn.example/a/12.ts timed out (4.5 s)"),
            failed("b", "segment 7 of https://other.example/b.ts timed out (10 s)", AT + HOUR_MS),
            failed("c", "no [key] for 6f9619ff-8b86-d011-b42d-00cf4fc964ff"),
            make_view("d", AT, error_count=1, error_code="W2", error_message=None, country="DE"),
            failed("e", "no [key] for 00000000-8b86-d011-b42d-00cf4fc964ff"),
            make_view("f", AT, played_ranges=[(0.0, 30_000.0)], max_playhead_ms=30_000.0, **known),
            make_view("g", AT, played_ranges=[(60_000.0, 100_000.0)], max_playhead_ms=100_000.0, **known),
            make_view("h", AT, max_playhead_ms=50_000.0, **known),
            make_view("i", AT, live=True, duration_ms=100_000.0, video_id="film"),
            make_view("j", AT, attempted=True),
            failed("old", "long ago", NOW_MS - 48 * HOUR_MS),
            failed("robot", "beep", bot=True),
        ],
    )
    folder = tmp_path_factory.mktemp("error")
    (folder / "site").mkdir()
    with support_dashboard.running(module_engine, folder, folder / "site") as running:
        yield running


def test_messages_that_differ_in_numbers_and_ids_are_one(board) -> None:
    """With their share of the attempts and what they have in common."""
    found = board.data(f"/v1/errors?{WHERE}")
    assert (found["attempts"], found["views_with_errors"]) == (10, 5)
    groups = {one["message"]: one for one in found["groups"]}
    assert set(groups) == {"segment <n> of <url> timed out (<n> s)", "no [key] for <id>", None}
    timed_out = groups["segment <n> of <url> timed out (<n> s)"]
    assert (timed_out["code"], timed_out["views"], timed_out["share"], timed_out["fatal"]) == (
        "E1",
        2,
        0.2,
        2,
    )
    assert timed_out["last_seen_ms"] - timed_out["first_seen_ms"] == HOUR_MS
    assert sum(timed_out["trend"]) == 2
    assert groups[None]["fatal"] == 0


def test_what_ended_views_and_what_only_warned(board, module_engine) -> None:
    """An error without a code ends a view as well; a warning is listed, marked, and no error of a view."""
    at = NOW_MS - 100 * HOUR_MS
    said = {"error_message": "it broke", "error_class": "technical"}
    store(
        module_engine,
        [
            failed("no-code", "it broke", at, code=None),
            make_view("blocked", at, outcome=Outcome.PLAYBACK_BLOCKED, error_count=1, **said),
            make_view("start", at, outcome=Outcome.START_FAILED, started=False, error_count=1, **said),
            make_view("went-on", at, error_count=1, **said),
            make_view("warned", at, warning_count=1, error_code="W", error_message="slow"),
            make_view("both", at, warning_count=1, error_count=1, error_code="W", error_message="slow"),
            make_view("loaded", at, attempted=False, error_count=1, error_code="X"),
        ],
    )
    where = f"from={at - HOUR_MS}&to={at + HOUR_MS}"
    found = board.data(f"/v1/errors?{where}")
    groups = {one["code"]: (one["views"], one["fatal"], one["warnings"]) for one in found["groups"]}
    assert groups == {None: (4, 3, 0), "W": (2, 0, 1), "X": (1, 0, 0)}
    assert (found["attempts"], found["views_with_errors"]) == (6, 5)
    (row,) = board.data(f"/v1/query?{where}&metrics=error_percentage,attempts")
    assert row["error_percentage"] == found["views_with_errors"] / row["attempts"]


def test_single_messages_are_not_for_pages(board) -> None:
    """Messages are free text, and samples are those of one view."""
    page = {"Origin": "https://site.example"}
    assert board.ask(f"/v1/errors?{WHERE}", board.page_token, headers=page).status_code == 403
    assert board.ask(f"/v1/audience?{WHERE}", board.page_token, headers=page).status_code == 200
    narrowed = f"/v1/audience?{WHERE}&filters=viewer_id:eq:ann"
    assert board.ask(narrowed, board.page_token, headers=page).status_code == 403


def test_each_group_tells_how_to_find_its_views(board) -> None:
    """Its filters, asked of the list of views, give as many as it counts."""
    for group in board.data(f"/v1/errors?{WHERE}")["groups"]:
        params = [("filters", one) for one in group["filters"]] + [
            ("from", "-24h"),
            ("include_bots", "false"),
        ]
        assert len(board.data("/v1/views", params=params)) == group["views"]


def test_filters_and_robots_count_as_everywhere(board) -> None:
    """A filter keeps only its views; robots come when they are asked for."""
    assert board.data(f"/v1/errors?{WHERE}&filters=country:eq:DE")["views_with_errors"] == 1
    assert board.data(f"/v1/errors?{WHERE}&include_bots=true")["views_with_errors"] == 6
    assert board.data(f"/v1/errors?{WHERE}&limit=1")["truncated"]


def test_the_audience_is_who_watched_each_part(board) -> None:
    """Of plays on demand with a known length; ranges where they are told, the furthest position for all."""
    found = board.data(f"/v1/audience?{WHERE}&filters=video_id:eq:film")
    assert (found["plays"], found["plays_with_ranges"], found["duration_ms"]) == (3, 2, 100_000)
    assert found["plays_with_position"] == 3
    assert found["watched"] == [1] * 30 + [0] * 30 + [1] * 40
    assert found["reached"] == [3] * 31 + [2] * 20 + [1] * 49


@pytest.mark.parametrize("path", ["/v1/errors", "/v1/audience"])
def test_what_cannot_be_asked_is_refused(board, path) -> None:
    """Naming the parameter."""
    for query, parameter in (
        ("from=now&to=-1h", "from"),
        ("filters=planet:eq:Mars", "filters"),
        ("timezone=Mars", "timezone"),
    ):
        answer = board.ask(f"{path}?{query}")
        assert answer.status_code == 400
        assert answer.json()["error"]["detail"]["parameter"] == parameter


def test_nobody_watched_nothing(board) -> None:
    """A range without views has empty answers, not failing ones."""
    assert board.data("/v1/errors?from=2020-01-01&to=2020-01-02") == {
        "groups": [],
        "attempts": 0,
        "views_with_errors": 0,
        "truncated": False,
    }
    assert board.data("/v1/audience?from=2020-01-01&to=2020-01-02")["plays"] == 0
