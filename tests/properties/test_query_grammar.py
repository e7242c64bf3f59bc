"""Any question that the catalogue's grammar allows is answered, and nothing a person wrote stands in its SQL."""

import re

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

import support_engine
from firstframe.errors import BadRequest
from firstframe.metrics.catalogue import METRICS
from firstframe.metrics.compile import compile_plan, keys_of, totals_of
from firstframe.metrics.dimension import DIMENSIONS, FILTERABLE
from firstframe.metrics.filter import OPS
from firstframe.metrics.query import plan_of, read_question
from firstframe.view.record import State
from support_law import law
from support_question import HOUR_MS, NEW_YEAR_MS, NOW_MS, PROJECT, ask, make_view, spans, store

MARK = "zq9"
"""Stands in every text that a person chooses, so that it can be found in SQL where it must not be."""


@st.composite
def measurements(draw):
    """A metric in one of its measurements."""
    metric = draw(st.sampled_from(METRICS))
    choices = [one for one in metric.measurements if one != "pNN"]
    if "pNN" in metric.measurements:
        choices += ["p1", "p95", "p99.9"]
    return metric.id + draw(st.sampled_from(["", *(f".{one}" for one in choices)]))


PLACEHOLDER = re.compile(r"{(\w+):")

texts = st.text(max_size=12).map(lambda text: MARK + text)
extras = texts.map(lambda text: "extra." + "".join(c for c in text if c.isprintable() and c not in ",:"))
groups = st.lists(
    st.one_of(st.sampled_from([one.id for one in DIMENSIONS]), extras.map(str.strip)), max_size=3, unique=True
)


@st.composite
def conditions(draw):
    """A condition with an operator and values that fit its dimension."""
    name = draw(st.one_of(st.sampled_from(sorted(FILTERABLE)), extras))
    dimension = FILTERABLE.get(name)
    kind = "text" if dimension is None else dimension.kind
    op = draw(st.sampled_from([word for word, one in OPS.items() if kind in one.kinds]))
    if op == "exists":
        return {"dimension": name, "op": op, "value": draw(st.booleans())}
    values = {
        "number": st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False)),
        "flag": st.booleans(),
    }.get(kind, texts)
    if dimension is not None and dimension.values is not None and op in ("eq", "neq", "in", "not_in"):
        values = st.sampled_from(dimension.values)
    if op == "matches":
        values = st.just(f"^{MARK}.*$")
    value = draw(st.lists(values, min_size=1, max_size=3) if OPS[op].many else values)
    return {"dimension": name, "op": op, "value": value}


filters = st.recursive(
    conditions(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"and": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"or": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=5,
)


@st.composite
def questions(draw):
    """A whole question."""
    question = {
        "metrics": draw(st.lists(measurements(), min_size=1, max_size=5)),
        "group_by": draw(groups),
        "filters": draw(st.lists(filters, max_size=2)),
        "from": NEW_YEAR_MS - draw(st.integers(0, 40)) * HOUR_MS,
        "to": NEW_YEAR_MS + draw(st.integers(1, 40)) * HOUR_MS,
        "granularity": draw(st.sampled_from(["5m", "hour", "day", "week", "month", "year", "all"])),
        "timezone": draw(st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"])),
        "compare": draw(st.sampled_from([None, "previous"])),
        "limit": draw(st.integers(1, 500)),
        **{
            name: draw(st.booleans())
            for name in ("fill", "totals", "weights", "include_bots", "include_ready_times")
        },
        "uniques": draw(st.sampled_from(["exact", "sketched"])),
        "quantiles": draw(st.sampled_from(["exact", "sketched"])),
    }
    if question["group_by"] and draw(st.booleans()):
        question["group_limit"] = draw(st.integers(1, 3))
    keys = [*question["metrics"], *question["group_by"]]
    if question["granularity"] != "all":
        keys.append("time")
    question["order_by"] = [
        draw(st.sampled_from(["", "-"])) + key
        for key in draw(st.lists(st.sampled_from(keys), max_size=2, unique=True))
    ]
    return question


@pytest.fixture(scope="module")
def filled(engine_url):
    """A few views of several kinds."""
    with support_engine.fresh(engine_url) as engine:
        store(
            engine,
            [
                make_view(
                    f"v{number}",
                    NEW_YEAR_MS + (number - 3) * HOUR_MS,
                    country=("DE", None, "FR")[number % 3],
                    closed=number != 2,
                    bot=number == 5,
                    video_startup_time_ms=float(number) if number % 2 else None,
                    watch_time_ms=61_000.0,
                    content_playing_time_ms=60_000.0,
                    extra={MARK: "x"},
                    spans=spans(
                        NEW_YEAR_MS + (number - 3) * HOUR_MS, (State.STARTUP, 1_000), (State.PLAYING, 60_000)
                    ),
                )
                for number in range(7)
            ],
        )
        yield engine


def planned(question):
    """The plan of a question; a name that was drawn with a comma or blank in it is no name."""
    try:
        return plan_of(read_question(question), PROJECT, NOW_MS)
    except BadRequest:
        return None


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.timeout(300)
@law(60, suppress_health_check=list(HealthCheck))
@given(question=questions())
def test_every_question_is_answered(filled, question) -> None:
    """No question of the grammar gives an error of the engine, and its rows have the keys asked for."""
    plan = planned(question)
    if plan is None:
        return
    found = ask(filled, **question)
    assert all(tuple(row) == keys_of(plan) for row in found.data)
    assert len(found.data) <= plan.limit


@law(300, suppress_health_check=list(HealthCheck))
@given(question=questions())
def test_every_value_is_bound(question) -> None:
    """Text of people is only in parameters, the project is in every statement, and each placeholder has its value."""
    plan = planned(question)
    if plan is None:
        return
    for one in (plan, totals_of(plan)):
        statement = compile_plan(one)
        assert MARK not in statement.sql
        assert set(PLACEHOLDER.findall(statement.sql)) <= set(statement.params)
        assert statement.sql.count("FROM views FINAL") == statement.sql.count("views.project = {")
        assert PROJECT in statement.params.values()
