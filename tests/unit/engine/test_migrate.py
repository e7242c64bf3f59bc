"""Migrations are applied once, in order, and may be applied again."""

from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from firstframe.engine.client import Engine
from firstframe.engine.migrate import apply_retention, drop_expired, migrate, migrations, pending, script
from firstframe.view.record import State


def _schema(engine):
    return engine.query(
        "SELECT name, create_table_query FROM system.tables WHERE database = {d:String} ORDER BY name",
        {"d": engine.target.database},
    ).rows


def test_a_second_run_does_nothing(engine):
    """What was applied is recorded, and is not applied again."""
    before = _schema(engine)
    assert migrate(engine) == ()
    assert _schema(engine) == before


def test_statements_may_run_twice(engine):
    """A migration that was cut off before it was recorded is simply run again."""
    before = _schema(engine)
    engine.command("TRUNCATE TABLE migrations")
    assert [each.number for each in migrate(engine)] == [each.number for each in migrations()]
    assert _schema(engine) == before


def test_rows_from_before_have_what_a_migration_adds(engine):
    """A column that came later is computed for the rows that were there already."""
    for column in ("startup_is_ready_time", "held_states", "lasted"):
        engine.command(f"ALTER TABLE views DROP COLUMN {column}")
    columns = ("native_view_text", "approx", "spans.state", "spans.gap_ms", "spans.length_ms")
    rows = [
        ("a", ["startup_is_ready_time"], ["startup", "playing", "startup"], [7, 0, 0], [1, 2, 3]),
        ("b", [], ["playing"], [5], [0]),
        ("c", [], [], [], []),
    ]
    engine.insert("views", columns, rows)
    engine.command("TRUNCATE TABLE migrations")
    migrate(engine)
    found = engine.query(
        "SELECT native_view_text, startup_is_ready_time, held_states, lasted FROM views ORDER BY ALL"
    ).rows
    assert found == [("a", True, 2 + 4, True), ("b", False, 4, False), ("c", False, 0, False)]


def test_states_have_the_numbers_of_their_order(engine):
    """Questions know the bit of a state by its place in `State`."""
    numbers = ", ".join(f"'{state.value}' = {number}" for number, state in enumerate(State))
    assert engine.query("SELECT toTypeName(any(`spans.state`)) FROM views").rows == [
        (f"Array(Enum8({numbers}))",)
    ]


def test_numbers_are_consecutive():
    """No number is missing or used twice."""
    assert [each.number for each in migrations()] == list(range(1, len(migrations()) + 1))


def test_what_is_pending_can_be_read_first(engine_url):
    """Before anything is changed, the statements to come can be printed."""
    engine, other = Engine.connect(f"{engine_url}/nobody_made_this"), Engine.connect(engine_url)
    text = script(pending(engine))
    assert text.startswith("-- 0001 tables\nCREATE TABLE IF NOT EXISTS events")
    assert other.query("SELECT count() FROM system.databases WHERE name = 'nobody_made_this'").rows == [(0,)]
    engine.close()
    other.close()


def test_retention_is_altered_only_where_it_differs(engine):
    """The settings' days become the tables' time to live; a second call finds nothing to do."""
    assert len(apply_retention(engine, event_days=30, view_days=730)) == 3
    assert apply_retention(engine, event_days=30, view_days=730) == ()
    assert apply_retention(engine, event_days=30, view_days=365) == (
        "ALTER TABLE views MODIFY TTL first_hour + toIntervalDay(365)",
    )


def test_days_beyond_their_retention_are_dropped(engine):
    """Whole days only: a row is never gone before its time."""
    days = [1, 30, 31, 32, 400]
    rows = [(f"view-{day}", datetime.now(UTC) - timedelta(days=day)) for day in days]
    engine.insert("views", ("native_view_text", "first_hour"), rows)
    assert len(drop_expired(engine, event_days=30, view_days=30)) == 3
    assert drop_expired(engine, event_days=30, view_days=30) == ()
    left = engine.query("SELECT native_view_text FROM views ORDER BY first_hour DESC").rows
    assert left == [("view-1",), ("view-30",)]


def test_a_clock_that_is_far_ahead_drops_nothing(engine):
    """Days are counted from the newest stored row when the clock says that it is long past."""
    days = [300, 310, 329, 332, 400]
    rows = [(f"view-{day}", datetime.now(UTC) - timedelta(days=day)) for day in days]
    engine.insert("views", ("native_view_text", "first_hour"), rows)
    with capture_logs() as said:
        assert len(drop_expired(engine, event_days=30, view_days=30)) == 2
    (warning,) = said
    assert (warning["table"], warning["days_kept"]) == ("views", 3)
    assert "more than a day ahead" in warning["event"]
    assert engine.query("SELECT count() FROM views").rows == [(3,)]


def test_what_came_last_of_all_tells_the_time(engine):
    """A table that nothing was written to for long loses its days, when another has newer rows."""
    day = datetime.now(UTC) - timedelta(days=400)
    engine.insert("views", ("native_view_text", "first_hour"), [("old", day)])
    engine.insert("events", ("project", "received_at"), [("new", datetime.now(UTC))])
    with capture_logs() as said:
        assert len(drop_expired(engine, event_days=30, view_days=30)) == 1
    assert said == []


def test_there_is_nothing_to_drop_before_the_first_migration(engine_url):
    """The first start of all has no database yet."""
    engine = Engine.connect(f"{engine_url}/nobody_made_this_either")
    assert drop_expired(engine, event_days=30, view_days=30) == ()
    engine.close()
