"""A chunk that is inserted again changes nothing: rejects by their token, events by their keys."""

from firstframe.beacon import Event
from firstframe.engine import rows

NOW_MS = 1_900_000_000_000


def _rejects(count: int):
    return [
        rows.reject_row(NOW_MS, "p", "d", reason="malformed", message=f"{number}", sample="")
        for number in range(count)
    ]


def _events(count: int):
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


def _count(engine, table: str = "rejects") -> int:
    return engine.query(f"SELECT count() FROM {table}").rows[0][0]


def test_the_same_token_inserts_once(engine):
    """The same rows under the same token are there once, without any merge."""
    for _ in range(3):
        engine.insert("rejects", rows.REJECT_COLUMNS, _rejects(10), token="0/1/seg/0-100")
    assert _count(engine) == 10


def test_another_token_inserts_again(engine):
    """The token, not the content, says what is the same."""
    engine.insert("rejects", rows.REJECT_COLUMNS, _rejects(10), token="a")
    engine.insert("rejects", rows.REJECT_COLUMNS, _rejects(10), token="b")
    assert _count(engine) == 20


def test_a_longer_block_under_a_known_token_is_dropped(engine):
    """Why a chunk is a fixed range: rows added under a token that was used are lost without a word."""
    engine.insert("rejects", rows.REJECT_COLUMNS, _rejects(10), token="a")
    engine.insert("rejects", rows.REJECT_COLUMNS, _rejects(11), token="a")
    assert _count(engine) == 10


def test_a_large_chunk_is_one_part(engine):
    """A chunk is one block under one token, however many pieces its body came in."""
    engine.insert("rejects", rows.REJECT_COLUMNS, _rejects(60_000), token="a")
    engine.insert("rejects", rows.REJECT_COLUMNS, _rejects(60_000), token="a")
    assert engine.query("SELECT count(), uniq(_part) FROM rejects").rows == [(60_000, 1)]


def test_events_are_the_same_by_their_keys(engine):
    """No insert of events is dropped for looking like an earlier one, and what is repeated is read once."""
    engine.insert("events", rows.EVENT_COLUMNS, _events(10))
    engine.command("TRUNCATE TABLE events")
    for _ in range(2):
        engine.insert("events", rows.EVENT_COLUMNS, _events(10))
    assert engine.query("SELECT count() FROM events FINAL").rows == [(10,)]


def test_every_table_keeps_what_it_took(engine):
    """Each table syncs what it took, and keeps merged parts so that a broken merge can be taken back."""
    answer = engine.query(
        "SELECT name FROM system.tables WHERE database = {d:String} AND name != 'migrations'"
        " AND engine_full LIKE '%old_parts_lifetime = 480, fsync_after_insert = 1%' ORDER BY name",
        {"d": engine.target.database},
    )
    assert [name for (name,) in answer.rows] == ["assets", "events", "rejects", "views"]


def test_tables_whose_keys_make_repeats_harmless_know_no_tokens(engine):
    """A token that outlived a failed insert would make the next try a loss."""
    answer = engine.query(
        "SELECT name FROM system.tables WHERE database = {d:String}"
        " AND engine_full LIKE '%deduplication_window%' ORDER BY name",
        {"d": engine.target.database},
    )
    assert [name for (name,) in answer.rows] == ["assets", "rejects"]
