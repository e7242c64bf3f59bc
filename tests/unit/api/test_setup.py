"""The set-up page's facts: snippets, arrivals, the last trouble."""

import pytest

import support_dashboard
from firstframe.dialects import DIALECTS
from support_question import MINUTE_MS, NOW_MS, make_view, store

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def board(module_engine, tmp_path_factory):
    """Two views of one dialect, and one thing that could not be used."""
    start = NOW_MS - 10 * MINUTE_MS
    store(module_engine, [make_view("first", start), make_view("second", start + MINUTE_MS)])
    columns = ("received_at", "project", "dialect", "reason", "message", "sample")
    rejects = [(NOW_MS - MINUTE_MS, "default", "mux", "bad_event", "no time", "{}")]
    module_engine.insert("rejects", columns, rejects)
    folder = tmp_path_factory.mktemp("setup")
    (folder / "site").mkdir()
    with support_dashboard.running(module_engine, folder, folder / "site") as running:
        yield running


def entry(board, name):
    """What is told of one dialect."""
    return next(one for one in board.data("/v1/setup")["dialects"] if one["name"] == name)


def test_every_dialect_has_a_snippet_with_this_address(board) -> None:
    """Ready to paste, in the order of the registry."""
    found = board.data("/v1/setup")
    assert [one["name"] for one in found["dialects"]] == [dialect.name for dialect in DIALECTS]
    assert found["collector_url"] == support_dashboard.URL
    for one in found["dialects"]:
        assert "collect.example" in one["snippet"]


def test_arrivals_are_told_by_dialect(board) -> None:
    """The first and the latest receipt; nothing where nothing came."""
    native = entry(board, "native")
    assert native["first_ms"] == NOW_MS - 10 * MINUTE_MS
    assert native["last_ms"] == NOW_MS - 8 * MINUTE_MS
    silent = entry(board, "bitmovin")
    assert (silent["first_ms"], silent["last_ms"], silent["trouble"]) == (None, None, None)


def test_a_view_that_is_no_more_never_arrived(board, module_engine) -> None:
    """Rows that only say that a view was joined to another tell nothing of when."""
    from firstframe.engine.rows import VIEW_COLUMNS, view_row

    gone = make_view("gone", NOW_MS - 60 * MINUTE_MS, dialect="pillarbox")
    module_engine.insert("views", VIEW_COLUMNS, [view_row(gone, 2, 0, is_deleted=True)])
    assert entry(board, "pillarbox")["first_ms"] is None


def test_the_latest_trouble_is_told(board) -> None:
    """Of what was refused at the door and what could not be used later, the later one."""
    assert entry(board, "mux")["trouble"]["reason"] == "bad_event"
    refused = {
        "at_ms": NOW_MS,
        "dialect": "mux",
        "project": "default",
        "reason": "unreadable",
        "message": "no JSON",
        "sample": "{",
    }
    board.refusals[:] = [refused, {**refused, "dialect": "native", "project": "other"}]
    trouble = entry(board, "mux")["trouble"]
    assert (trouble["reason"], trouble["is_refused"], trouble["sample"]) == ("unreadable", True, "{")
    assert entry(board, "native")["trouble"] is None
    board.refusals.clear()


def test_the_key_is_one_of_the_project(board) -> None:
    """Any key is good until there is one; then the snippet names it."""
    found = board.data("/v1/setup")
    assert (found["write_key"], found["is_open"]) == ("default", True)
    key = board.accounts.create_write_key().key
    found = board.data("/v1/setup")
    assert (found["write_key"], found["is_open"]) == (key, False)
    assert key in entry(board, "native")["snippet"]


def test_pages_tokens_do_not_see_it(board) -> None:
    """Samples of beacons are for the operator."""
    answer = board.ask("/v1/setup", board.page_token, headers={"Origin": "https://site.example"})
    assert answer.status_code == 403
