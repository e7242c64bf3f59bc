"""The columns of the tables are the fields of the record, and nothing stores what it cannot hold."""

from firstframe.engine import rows
from firstframe.engine.client import Engine
from firstframe.view.record import FIELDS

WRITTEN, READ = ("",), ("", "ALIAS")


def _columns(engine: Engine, table: str, kinds: tuple[str, ...] = WRITTEN) -> tuple[str, ...]:
    answer = engine.query(
        "SELECT name FROM system.columns WHERE database = {d:String} AND table = {t:String}"
        " AND default_kind IN {k:Array(String)} ORDER BY position",
        {"d": engine.target.database, "t": table, "k": list(kinds)},
    )
    return tuple(name for (name,) in answer.rows)


def test_views_have_one_column_per_field(engine):
    """Each field of the record is written under a name, in its order, and read under its own; there is no other."""
    assert _columns(engine, "views") == rows.VIEW_COLUMNS
    assert set(_columns(engine, "views", READ)) == {*rows.VIEW_COLUMNS, *rows.READ_COLUMNS}


def test_fields_keep_their_names(engine):
    """Only the instants and the spans are called differently in the table."""
    plain = {field.name for field in FIELDS} - set(rows.EPOCH_FIELDS) - {"spans"}
    assert plain <= set(rows.READ_COLUMNS)


def test_other_tables_have_the_columns_that_are_written(engine):
    """The rows that are made for ``events``, ``rejects`` and ``assets`` name exactly their columns."""
    assert _columns(engine, "events") == rows.EVENT_COLUMNS
    assert _columns(engine, "rejects") == rows.REJECT_COLUMNS
    assert _columns(engine, "assets") == rows.ASSET_COLUMNS


def test_nullable_fields_are_nullable_columns(engine):
    """A field that may be unknown is a column that may be NULL, and no other is."""
    answer = engine.query(
        "SELECT name, type FROM system.columns WHERE database = {d:String} AND table = 'views'",
        {"d": engine.target.database},
    )
    nullable = {name for name, kind in answer.rows if "Nullable" in kind and name in rows.READ_COLUMNS}
    wanted = {field.name for field in FIELDS if field.nullable and field.name != "played_ranges"}
    assert nullable == wanted
