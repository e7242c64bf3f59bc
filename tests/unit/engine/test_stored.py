"""What is loaded of a view is what was stored of it: each delivery once, each row in its last version."""

import msgspec
import pytest

from firstframe.beacon import Event, view_id_of
from firstframe.engine import rows, stored
from firstframe.engine.stored import load_heads, load_portions
from firstframe.engine.survey import NativeView
from firstframe.errors import EngineError
from firstframe.view.record import ViewRecord
from support_stored import ALL_EVENTS, load_events

NOW_MS = 1_900_000_000_000
HOUR = NOW_MS // 3_600_000 * 3600


def _event(view: str, key: int, received_at_ms: int = NOW_MS, **payload) -> Event:
    return Event(
        native_view_id=view,
        key=f"{key:032x}",
        at_ms=NOW_MS,
        received_at_ms=received_at_ms,
        name="beat",
        payload=payload,
    )


def _store(engine, *events: Event) -> None:
    engine.insert("events", rows.EVENT_COLUMNS, [rows.event_row("p", "d", event, 1) for event in events])


def _head(engine, view: str, version: int, *, ordinal: int = 0, hour: int = HOUR, is_deleted: bool = False):
    record = ViewRecord(project="p", dialect="d", native_view_id=view, ordinal=ordinal)
    record.view_id = view_id_of("p", "d", view, ordinal)
    engine.insert("views", rows.VIEW_COLUMNS, [rows.view_row(record, version, hour, is_deleted)])


def _key(view: str) -> str:
    return view_id_of("p", "d", view)


def _name(view: str) -> NativeView:
    return NativeView(_key(view), "p", "d", view)


def test_events_are_loaded_by_view(engine):
    """Each view has its own events; a view that has none is not in the answer."""
    _store(engine, _event("a", 1), _event("b", 2), _event("a", 3))
    loaded = load_events(engine, [_key("a"), _key("b"), _key("c"), _key("a")])
    assert {key: [event.key[-1] for event in events] for key, events in loaded.items()} == {
        _key("a"): ["1", "3"],
        _key("b"): ["2"],
    }


def test_of_equal_deliveries_the_earliest_receipt_stays(engine):
    """The order in which they were inserted does not matter, nor does the day they came on."""
    _store(engine, _event("a", 1, NOW_MS + 5))
    _store(engine, _event("a", 1, NOW_MS))
    _store(engine, _event("a", 1, NOW_MS + 100_000_000))
    assert [event.received_at_ms for event in load_events(engine, [_key("a")])[_key("a")]] == [NOW_MS]


def test_no_views_is_no_question(engine):
    """Nothing asked for is nothing loaded."""
    assert load_events(engine, []) == {}
    assert load_heads(engine, []) == {}


def test_thousands_of_views_are_asked_for_at_once(engine):
    """More keys than fit into one statement, or into a URL, are loaded all the same."""
    names = [f"view-{number}" for number in range(2500)]
    _store(engine, *(_event(name, number) for number, name in enumerate(names)))
    assert len(load_events(engine, [_key(name) for name in names])) == 2500


def test_a_head_is_the_last_version(engine):
    """Version, hour and ordinal are those of the row that was written last."""
    _head(engine, "a", 1)
    _head(engine, "a", 3)
    _head(engine, "a", 2)
    _head(engine, "a", 4, ordinal=1)
    heads = load_heads(engine, [_name("a")])[_key("a")]
    assert [(head.ordinal, head.version, head.first_hour) for head in heads] == [(0, 3, HOUR), (1, 4, HOUR)]


def test_a_tombstone_is_still_a_head(engine):
    """A deleted row is no longer read, but its hour and version are known."""
    _head(engine, "a", 1, ordinal=1)
    _head(engine, "a", 2, ordinal=1, is_deleted=True)
    head = load_heads(engine, [_name("a")])[_key("a")][0]
    assert (head.version, head.is_deleted) == (2, True)
    assert engine.query("SELECT count() FROM views FINAL").rows[0][0] == 0


def test_a_newer_version_replaces_the_row(engine):
    """Under FINAL there is one row per view, in its highest version."""
    _head(engine, "a", 2)
    _head(engine, "a", 1)
    assert engine.query("SELECT version FROM views FINAL").rows == [(2,)]


@pytest.mark.slow
def test_rows_of_any_number_of_days_are_written_at_once(engine):
    """Late events of views of half a year come in one batch, however the tables are parted."""
    records = []
    for day in range(180):
        record = ViewRecord(project="p", dialect="d", native_view_id=f"of day {day}")
        record.view_id = view_id_of("p", "d", record.native_view_id)
        records.append(rows.view_row(record, 1, HOUR - day * 86_400, is_deleted=False))
    engine.insert("views", rows.VIEW_COLUMNS, records)
    assert engine.query("SELECT count() FROM views FINAL WHERE native_view_id LIKE 'of day %'").rows == [
        (180,)
    ]


@pytest.mark.slow
def test_rows_of_any_number_of_days_are_one_insert(engine):
    """Views that began on more days than ClickHouse usually allows in one insert are written at once."""
    written = []
    for day in range(150):
        record = ViewRecord(project="p", dialect="d", native_view_id=str(day), view_id=_key(str(day)))
        written.append(rows.view_row(record, 1, HOUR - day * 86_400))
    engine.insert("views", rows.VIEW_COLUMNS, written)
    assert len(load_heads(engine, [_name(str(day)) for day in range(150)])) == 150


def test_a_head_is_that_of_its_project_and_dialect(engine):
    """Equal ids of two SDKs, or of two tenants, are different views; a broken id is found as it is stored."""
    for project, dialect, view in (("p", "d", "a"), ("p", "e", "a"), ("q", "d", "a"), ("p", "d", "a\ud800")):
        record = ViewRecord(project=project, dialect=dialect, native_view_id=view)
        engine.insert("views", rows.VIEW_COLUMNS, [rows.view_row(record, 1, HOUR)])
    assert set(load_heads(engine, [_name("a"), _name("a\ud800")])) == {_key("a"), _key("a\ud800")}


def _left_of(engine, views: list[str], most_events: int = ALL_EVENTS):
    """(portions, what was left)."""
    left: dict[str, EngineError] = {}
    portions = list(load_portions(engine, [_key(view) for view in views], most_events, left.__setitem__))
    return portions, left


def test_of_a_crowded_view_the_earliest_events_are_loaded(engine):
    """By client time, and one more than are used; the first receipt is that of all of them."""
    for number in range(10):
        event = _event("a", number, NOW_MS + number, note="x")
        _store(engine, msgspec.structs.replace(event, at_ms=NOW_MS - number))
    _store(engine, _event("b", 1), _event("b", 2))
    ((portion,), left) = _left_of(engine, ["a", "b"], most_events=3)
    assert [event.at_ms for event in portion.events[_key("a")]] == [NOW_MS - n for n in (9, 8, 7, 6)]
    assert len(portion.events[_key("b")]) == 2
    assert portion.received_first_ms == {_key("a"): NOW_MS}
    assert portion.weights[_key("a")] == 4 * len('{"note":"x"}')
    assert not left


@pytest.mark.parametrize("limited", ["result", "memory"])
def test_views_that_are_too_much_together_are_loaded_in_parts(engine, monkeypatch, limited):
    """One that is too much even alone is left, and nothing else."""
    for view, size in (("a", 40_000), ("b", 40_000), ("giant", 120_000), ("c", 10)):
        _store(engine, *(_event(view, number, note=f"{number}" * size) for number in range(1, 10)))
    if limited == "result":
        monkeypatch.setattr(stored, "LOAD_BYTES", 1_000_000)
    else:
        ask = engine.query

        def query(sql, params, settings=None):
            giant = _key("giant") in params["keys"] or len(params["keys"]) > 3
            more = {"max_memory_usage": "1"} if giant and "FINAL" in sql else {}
            return ask(sql, params, settings={**(settings or {}), **more})

        monkeypatch.setattr(engine, "query", query)
    portions, left = _left_of(engine, ["a", "b", "c", "giant", "none"])
    assert {key: len(events) for portion in portions for key, events in portion.events.items()} == {
        _key(view): 9 for view in ("a", "b", "c")
    }
    assert sorted(key for portion in portions for key in portion.keys) == sorted(
        _key(view) for view in ("a", "b", "c", "none")
    )
    assert {key: error.code for key, error in left.items()} == {
        _key("giant"): 396 if limited == "result" else 241
    }


def test_an_engine_that_is_away_is_not_a_view_that_is_too_much(engine, monkeypatch):
    """Any other error is everybody's: nothing is left out because of it."""

    def query(*_, **__):
        raise EngineError("the engine did not answer")

    monkeypatch.setattr(engine, "query", query)
    with pytest.raises(EngineError):
        _left_of(engine, ["a"])
