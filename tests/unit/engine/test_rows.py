"""What is written comes back the same."""

import math
from datetime import timedelta
from typing import get_args

from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from firstframe.beacon import Context, Event, Place, view_id_of
from firstframe.engine import rows
from firstframe.engine.client import Engine
from firstframe.engine.twin import TWINS
from firstframe.view.record import FIELDS, EndReason, Outcome, Span, State, ViewRecord
from firstframe.view.score import fill_scores
from support_law import law
from support_stored import load_events

NOW_MS = 1_900_000_000_000
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.floats(-1e15, 1e15, allow_nan=False)
WHOLE = st.integers(-(2**53), 2**53)
INSTANTS = st.integers(0, rows.LATEST_MS)
TEXTS = st.dictionaries(TEXT, TEXT, max_size=3)
SPANS = st.lists(st.builds(Span, st.sampled_from(State), WHOLE, WHOLE), max_size=4)
READ = ", ".join(f"`{column}`" for column in rows.READ_COLUMNS)
JSON = st.recursive(
    st.none() | st.booleans() | WHOLE | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
BY_NAME = {
    **dict.fromkeys(rows.EPOCH_FIELDS, INSTANTS),
    "ordinal": st.integers(0, 2**32 - 1),
    "played_ranges": st.none() | st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=3),
    "custom": TEXTS,
    "extra": TEXTS,
    "approx": st.lists(TEXT, max_size=3),
    "spans": SPANS,
}
BY_TYPE = {
    str: TEXT,
    bool: st.booleans(),
    int: WHOLE,
    float: NUMBERS,
    Outcome: st.sampled_from(Outcome),
    EndReason: st.sampled_from(EndReason),
}


def _values(field):
    if field.name in BY_NAME:
        return BY_NAME[field.name]
    kinds = [kind for kind in get_args(field.type) or (field.type,) if kind is not type(None)]
    return st.none() | BY_TYPE[kinds[0]] if field.nullable else BY_TYPE[field.type]


RECORDS = st.builds(ViewRecord, **{field.name: _values(field) for field in FIELDS})
EVENTS = st.builds(
    Event,
    native_view_id=st.just("view"),
    key=st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}"),
    seq=st.none() | WHOLE,
    at_ms=INSTANTS,
    received_at_ms=st.integers(NOW_MS, NOW_MS + 10**10),
    name=TEXT,
    payload=st.dictionaries(TEXT, JSON, max_size=4),
    context=st.builds(Context, place=st.builds(Place, country=st.none() | TEXT), user_agent=st.none() | TEXT),
)
IN_ENGINE = law(
    15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(records=st.lists(RECORDS, min_size=1, max_size=4))
@IN_ENGINE
def test_a_record_comes_back_as_it_was(engine: Engine, records):
    """Any record, written to ``views`` and read again, is equal to what was written."""
    engine.command("TRUNCATE TABLE views")
    written = []
    for number, record in enumerate(records):
        record.ordinal = number
        record.view_id = view_id_of(record.project, record.dialect, record.native_view_id, number)
        written.append(rows.view_row(record, version=number + 1, first_hour=NOW_MS // 1000))
    engine.insert("views", rows.VIEW_COLUMNS, written)
    answer = engine.query(f"SELECT {READ} FROM views FINAL ORDER BY ordinal")
    assert [rows.record_from(answer.columns, row) for row in answer.rows] == records


@given(events=st.lists(EVENTS, min_size=1, max_size=4, unique_by=lambda event: event.key))
@IN_ENGINE
def test_an_event_comes_back_as_it_was(engine: Engine, events):
    """Any events, written to ``events`` and loaded again, are equal to what was written."""
    engine.command("TRUNCATE TABLE events")
    engine.insert("events", rows.EVENT_COLUMNS, [rows.event_row("p", "d", event, 1) for event in events])
    key = view_id_of("p", "d", "view")
    by_key = sorted(events, key=lambda event: event.key)
    assert sorted(load_events(engine, [key])[key], key=lambda event: event.key) == by_key


def test_what_no_column_can_hold_is_made_to_fit(engine):
    """Numbers that are none, instants beyond every clock and broken text are stored as something near them."""
    record = ViewRecord(
        view_id="v",
        view_start_ms=-5,
        view_end_ms=10**18,
        watch_time_ms=math.nan,
        rebuffer_duration_ms=math.inf,
        error_count=10**30,
        page_url="broken \ud800 text",
        custom={"\udfff": "a"},
    )
    engine.insert("views", rows.VIEW_COLUMNS, [rows.view_row(record, 1, NOW_MS // 1000)])
    answer = engine.query(f"SELECT {READ} FROM views FINAL")
    back = rows.record_from(answer.columns, answer.rows[0])
    assert (back.view_start_ms, back.view_end_ms) == (0, rows.LATEST_MS)
    assert (back.watch_time_ms, back.rebuffer_duration_ms, back.error_count) == (0, None, 2**63 - 1)
    assert (back.page_url, back.custom) == ("broken ? text", {"?": "a"})


def test_the_key_of_a_split_view_is_that_of_its_first_part(engine):
    """``view_key`` is the id of ordinal 0, whatever the row's own ordinal."""
    first = ViewRecord(project="p", dialect="d", native_view_id="n", view_id=view_id_of("p", "d", "n"))
    second = ViewRecord(
        project="p", dialect="d", native_view_id="n", ordinal=1, view_id=view_id_of("p", "d", "n", 1)
    )
    engine.insert("views", rows.VIEW_COLUMNS, [rows.view_row(record, 1, 0) for record in (first, second)])
    assert engine.query("SELECT DISTINCT view_key FROM views").rows == [(first.view_id,)]
    ids = engine.query("SELECT view_id FROM views ORDER BY ordinal").rows
    assert ids == [(first.view_id,), (second.view_id,)]


ODD_IDS = st.sampled_from(
    (
        *("", "short", "61f0c404-5cb3-11e7-907b-a6006ad3dba0", "61F0C404-5CB3-11E7-907B-A6006AD3DBA0"),
        *("00000000-0000-0000-0000-000000000000", "61f0c4045cb311e7907ba6006ad3dba0", "a\x00b"),
        *("61f0c404-5cb3-11e7-907b-a6006ad3dba0 ", "{61f0c404-5cb3-11e7-907b-a6006ad3dba0}"),
    )
)


@given(native=ODD_IDS, session=st.none() | ODD_IDS, viewer=st.none() | ODD_IDS)
@IN_ENGINE
def test_an_id_of_any_form_comes_back_as_it_was(engine: Engine, native, session, viewer):
    """A UUID in the usual form takes 16 bytes; all that only looks like one is kept as it is written."""
    engine.command("TRUNCATE TABLE views")
    record = ViewRecord(
        project="p", dialect="d", native_view_id=native, session_id=session, viewer_id=viewer, ordinal=2
    )
    record.view_id = view_id_of("p", "d", native, 2)
    engine.insert("views", rows.VIEW_COLUMNS, [rows.view_row(record, 1, NOW_MS // 1000)])
    answer = engine.query(f"SELECT {READ} FROM views FINAL")
    assert rows.record_from(answer.columns, answer.rows[0]) == record


@given(
    number=st.floats(allow_nan=False, allow_infinity=False), other=st.none() | st.integers(-(2**70), 2**70)
)
@IN_ENGINE
def test_a_number_with_or_without_a_fraction_comes_back_as_it_was(engine: Engine, number, other):
    """Of any size, to the last bit."""
    engine.command("TRUNCATE TABLE views")
    record = ViewRecord(
        watch_time_ms=number, bitrate_x_ms=number, max_playhead_ms=None if other is None else float(other)
    )
    engine.insert("views", rows.VIEW_COLUMNS, [rows.view_row(record, 1, NOW_MS // 1000)])
    back = engine.query("SELECT watch_time_ms, bitrate_x_ms, max_playhead_ms FROM views").rows[0]
    assert back == (number, number, record.max_playhead_ms)


def test_usual_numbers_and_ids_take_the_short_form(engine):
    """Whole numbers leave nothing beside them, UUIDs no text."""
    uuid = "61f0c404-5cb3-11e7-907b-a6006ad3dba0"
    record = ViewRecord(
        native_view_id=uuid, session_id=uuid, viewer_id=uuid, watch_time_ms=17.0, max_playhead_ms=5.0
    )
    engine.insert("views", rows.VIEW_COLUMNS, [rows.view_row(record, 1, NOW_MS // 1000)])
    kept = "native_view_text, session_text, viewer_text, rest_watch_time_ms, rest_max_playhead_ms"
    assert engine.query(f"SELECT {kept} FROM views").rows == [("", "", "", 0, 0)]


@given(
    startup=st.none() | st.floats(0, 1e7),
    rebuffer=st.none() | st.floats(0, 1e6),
    stalls=st.none() | st.integers(0, 50),
    upscale=st.floats(0, 3),
    outcome=st.sampled_from(Outcome),
)
@IN_ENGINE
def test_what_follows_from_other_numbers_takes_no_room(engine, startup, rebuffer, stalls, upscale, outcome):
    """The usual record stores none of the numbers that a rule gives, and they are read to the last bit."""
    engine.command("TRUNCATE TABLE views")
    record = ViewRecord(
        view_id=view_id_of("", "", ""),
        started=True,
        attempted=True,
        closed=True,
        outcome=outcome,
        video_startup_time_ms=startup,
        content_startup_time_ms=startup,
        startup_wait_ms=startup or 0.0,
        watch_time_ms=2e6,
        rebuffer_duration_ms=rebuffer,
        rebuffer_count=stalls,
        content_playing_time_ms=1.5e6 / 7,
        media_time_ms=1.5e6 / 7,
        bitrate_ms=1.5e6 / 7,
        scale_ms=1.5e6 / 7,
        upscale_x_ms=upscale * 1e5,
        max_upscale=upscale,
    )
    fill_scores(record)
    engine.insert("views", rows.VIEW_COLUMNS, [rows.view_row(record, 1, NOW_MS // 1000)])
    answer = engine.query(f"SELECT {READ} FROM views FINAL")
    assert rows.record_from(answer.columns, answer.rows[0]) == record
    own = ", ".join(f"own_{name}" for name in TWINS)
    assert set(engine.query(f"SELECT {own} FROM views FINAL").rows[0]) == {None}


def test_an_instant_is_read_from_a_date_or_a_number(engine):
    """Milliseconds survive the way through a datetime, which holds microseconds."""
    value = engine.query("SELECT toDateTime64('2026-01-02 03:04:05.678', 3, 'UTC')").rows[0][0]
    assert value.utcoffset() == timedelta(0)
    assert rows.epoch_ms(value) == rows.epoch_ms(1767323045678) == 1767323045678
