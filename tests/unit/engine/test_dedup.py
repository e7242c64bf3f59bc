"""A chunk that is inserted again changes nothing."""

from firstframe.beacon import Event
from firstframe.engine import rows

NOW_MS = 1_900_000_000_000


def _rows(count: int):
    return [
        rows.event_row(
            "p",
            "d",
            Event(
                native_view_id="v",
                key=f"{number:032x}",
                at_ms=NOW_MS,
                received_at_ms=NOW_MS,
                name="beat",
                payload={},
            ),
            1,
        )
        for number in range(count)
    ]


def _count(engine) -> int:
    return engine.query("SELECT count() FROM events").rows[0][0]


def test_the_same_token_inserts_once(engine):
    """The same rows under the same token are there once, without any merge."""
    for _ in range(3):
        engine.insert("events", rows.EVENT_COLUMNS, _rows(10), token="0/1/seg/0-100")
    assert _count(engine) == 10


def test_another_token_inserts_again(engine):
    """The token, not the content, says what is the same."""
    engine.insert("events", rows.EVENT_COLUMNS, _rows(10), token="a")
    engine.insert("events", rows.EVENT_COLUMNS, _rows(10), token="b")
    assert _count(engine) == 20


def test_a_longer_block_under_a_known_token_is_dropped(engine):
    """Why a chunk is a fixed range: rows added under a token that was used are lost without a word."""
    engine.insert("events", rows.EVENT_COLUMNS, _rows(10), token="a")
    engine.insert("events", rows.EVENT_COLUMNS, _rows(11), token="a")
    assert _count(engine) == 10


def test_a_large_chunk_is_one_part(engine):
    """A chunk is one block under one token, however many pieces its body came in."""
    engine.insert("events", rows.EVENT_COLUMNS, _rows(60_000), token="a")
    engine.insert("events", rows.EVENT_COLUMNS, _rows(60_000), token="a")
    assert engine.query("SELECT count(), uniq(_part) FROM events").rows == [(60_000, 1)]


def test_every_table_knows_tokens(engine):
    """Each table that chunks are written to has a window of tokens and syncs what it took."""
    answer = engine.query(
        "SELECT name FROM system.tables WHERE database = {d:String} AND name != 'migrations'"
        " AND engine_full LIKE '%non_replicated_deduplication_window = 1000%fsync_after_insert = 1%'"
        " ORDER BY name",
        {"d": engine.target.database},
    )
    assert [name for (name,) in answer.rows] == ["assets", "events", "rejects", "views"]
