"""Filters: which views each operator keeps, how they combine, and what is refused."""

import pytest

import support_engine
from firstframe.errors import BadRequest
from firstframe.metrics.bind import Binder
from firstframe.metrics.filter import OPS, read_filters, where
from firstframe.view.record import Outcome
from support_question import NEW_YEAR_MS, make_view, store, value

VIEWS = (
    make_view(
        "one", country="DE", page_url="https://a.example/x", asn=1, muted=True, approx=["clock_shifted"]
    ),
    make_view(
        "two", country="FR", page_url="https://b.example/%_'\\", asn=20, muted=False, watch_time_ms=1500.5
    ),
    make_view("three", country=None, page_url="https://A.example/Y", asn=None, muted=None, viewer_id="v,w"),
)


@pytest.fixture(scope="module")
def three(engine_url):
    """An engine that holds the three views."""
    with support_engine.fresh(engine_url) as engine:
        store(engine, VIEWS)
        yield engine


@pytest.mark.engine
@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ([], 3),
        ("country:eq:DE", 1),
        ("country:neq:DE", 2),
        ("country:in:DE,FR", 2),
        ("country:not_in:DE,FR", 1),
        ("country:exists", 2),
        ("country:exists:false", 1),
        ("page_url:contains:a.example", 1),
        ("page_url:contains:%_'\\", 1),
        ("page_url:starts_with:https://b", 1),
        ("page_url:matches:(?i)a\\.EXAMPLE", 2),
        ("page_url:eq:https://a.example/x", 1),
        ("asn:gt:1", 1),
        ("asn:gte:1", 2),
        ("asn:lt:20", 1),
        ("asn:lte:20", 2),
        ("asn:eq:20", 1),
        ("asn:in:1,20", 2),
        ("asn:neq:1", 2),
        ("watch_time_ms:eq:1500.5", 1),
        ("muted:eq:true", 1),
        ("muted:neq:true", 2),
        ("muted:in:true,false", 2),
        ("muted:exists", 2),
        ("viewer_id:in:v\\,w,x", 1),
        ("outcome:eq:exited", 3),
        ("approx:eq:clock_shifted", 1),
        ("approx:exists:false", 2),
        (f"view_start_ms:gte:{NEW_YEAR_MS}", 3),
        (["country:eq:DE", "asn:eq:20"], 0),
        ({"or": ["country:eq:DE", "asn:eq:20"]}, 2),
        ({"not": {"or": ["country:eq:DE", "asn:eq:20"]}}, 1),
        ({"and": []}, 3),
        ({"or": []}, 0),
        ({"dimension": "country", "op": "in", "value": ["DE", "FR"]}, 2),
        ({"and": [{"not": "muted:eq:true"}, {"dimension": "asn", "op": "gt", "value": 1}]}, 1),
        ('{"or": ["country:eq:DE", "country:exists:false"]}', 2),
    ],
)
def test_what_is_kept(three, filters, kept) -> None:
    """Each operator keeps the views it says; what is not known is equal to nothing."""
    assert value(three, "impressions", filters=filters) == kept


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ("contry:eq:DE", "did you mean country"),
        ("country", "dimension:op:value"),
        ("country:is:DE", "does not exist"),
        ("country:gt:DE", "is a text"),
        ("asn:eq:many", "a number"),
        ("asn:eq:nan", "a number"),
        ("asn:contains:1", "is a number"),
        ("muted:eq:perhaps", "true or false"),
        ("outcome:eq:exploded", "does not exist"),
        ("approx:eq:event_lost", "did you mean events_lost"),
        ({"xor": []}, '"and"'),
        ({"and": "country:eq:DE"}, "a list of filters"),
        ({"dimension": "country", "op": "in", "value": []}, "1 to"),
        ({"dimension": "country", "op": "eq", "value": ["DE"]}, "one value"),
        ("[", "no JSON"),
        (17, "a list"),
        (["country:eq:DE"] * 201, "201 conditions"),
    ],
)
def test_what_is_refused(filters, says) -> None:
    """A refusal names the parameter, what came and what is allowed."""
    with pytest.raises(BadRequest) as refused:
        read_filters(filters)
    assert says in refused.value.message
    assert refused.value.detail["parameter"].startswith("filters")
    assert "allowed" in refused.value.detail


def test_depth_is_bounded() -> None:
    """A tree without end is refused before it is walked."""
    tree = "country:eq:DE"
    for _ in range(50):
        tree = {"not": tree}
    with pytest.raises(BadRequest, match="nested"):
        read_filters(tree)


@pytest.mark.parametrize("op", OPS)
def test_values_are_bound(op) -> None:
    """No text of a person stands in the SQL of any operator."""
    text = "x') OR 1=1 --"
    name = "page_url" if "text" in OPS[op].kinds else "asn"
    given = {"exists": True}.get(op, text if name == "page_url" else 12345)
    binder = Binder()
    sql = where(read_filters({"dimension": name, "op": op, "value": given}), binder)
    assert "1=1" not in sql
    assert "12345" not in sql
    assert op == "exists" or binder.params


STALLED = {"rebuffer_duration_ms": 500.0, "rebuffer_count": 1, "watch_time_ms": 10_000.0}
OWN = (
    make_view("stalled", **STALLED, outcome=Outcome.DROPPED),
    make_view("smooth", rebuffer_duration_ms=0.0, rebuffer_count=0, watch_time_ms=10_000.0),
    make_view("unknown", watch_time_ms=10_000.0, outcome=Outcome.START_BLOCKED, started=False),
)


@pytest.mark.engine
@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ("metric.rebuffer_percentage:gte:0.05", 1),
        ("metric.rebuffer_percentage:gt:0.05", 0),
        ("metric.rebuffer_percentage:lte:0.05", 2),
        ("metric.rebuffer_percentage:exists:false", 1),
        ("metric.rebuffer_count:eq:1", 1),
        ("metric.watch_time:gte:10000", 3),
        ("metric.stalled_plays_percentage:eq:1", 1),
        ("dropped:eq:true", 1),
        ("blocked:eq:true", 1),
        ("failed:eq:false", 3),
    ],
)
def test_what_a_view_has_of_a_metric_and_how_it_went(engine, filters, kept) -> None:
    """A view's own number of a metric can be filtered on, and so can each way in which it may have gone."""
    store(engine, OWN)
    assert value(engine, "impressions", filters=filters) == kept


@pytest.mark.parametrize("name", ["metric.attempts", "metric.concurrent_viewers", "metric.unique_viewers"])
def test_what_only_many_views_have_is_no_filter(name) -> None:
    """No single view has it."""
    with pytest.raises(BadRequest, match="no single view"):
        read_filters(f"{name}:gte:1")


@pytest.mark.parametrize("name", ["metric.", "metric.none", "rebuffer_percentage"])
def test_a_metric_that_there_is_not_is_no_filter(name) -> None:
    """A metric must be named as one."""
    with pytest.raises(BadRequest, match="does not exist"):
        read_filters(f"{name}:gte:1")
