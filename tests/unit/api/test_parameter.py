"""A misspelt parameter is refused on every route, never silently ignored."""

import pytest

import support_dashboard
from support_question import make_view, store

pytestmark = pytest.mark.engine

SCOPE = "from=-24h&to=now&timezone=UTC&filters=country:eq:DE&filters=live:eq:false"
DASHBOARD = (
    f"/v1/query?{SCOPE}&metrics=attempts&group_by=country&order_by=-attempts&limit=5&totals=true&weights=true"
    "&compare=previous&format=csv",
    f"/v1/errors?{SCOPE}&limit=200",
    f"/v1/audience?{SCOPE}",
    f"/v1/views?{SCOPE}&order_by=-view_start_ms&limit=50",
    f"/v1/dimensions/country/values?{SCOPE}&search=d&limit=60",
    "/v1/live/now?filters=live:eq:false&minutes=5&group_by=country&limit=50",
    "/v1/refusals?dialect=mux&from=-1h&limit=5",
    "/v1/assets?search=a&after=b&limit=5",
    "/v1/views?include_bots=false",
    "/?from=-7d&whatever=1",
    "/errors?f=country:eq:DE",
    "/v1/health?probe=1",
    "/metrics?scrape=1",
)
"""What the dashboard, people's programs and monitors send."""


@pytest.fixture(scope="module")
def board(module_engine, tmp_path_factory):
    """The API with the dashboard's routes."""
    store(module_engine, [make_view("a", country="DE")])
    folder = tmp_path_factory.mktemp("parameter")
    (folder / "site").mkdir()
    with support_dashboard.running(module_engine, folder, folder / "site") as running:
        yield running


@pytest.mark.parametrize(
    ("path", "given", "meant"),
    [
        ("/v1/errors", "filter", "filters"),
        ("/v1/audience", "granularity", None),
        ("/v1/audience", "filter", "filters"),
        ("/v1/live/now", "filter", "filters"),
        ("/v1/live", "intervall", "interval"),
        ("/v1/dimensions/country/values", "filter", "filters"),
        ("/v1/dimensions/country/values", "serach", "search"),
        ("/v1/assets", "serach", "search"),
        ("/v1/refusals", "dialects", "dialect"),
        ("/v1/views", "filter", "filters"),
        ("/v1/views/abc", "events", None),
        ("/v1/query", "metric", "metrics"),
        ("/v1/metrics", "search", None),
        ("/v1/board", "v", None),
    ],
)
def test_unknown_parameters_are_refused(board, path, given, meant) -> None:
    """With the name that came, those there are, and the nearest of them."""
    answer = board.ask(f"{path}?{given}=country:eq:XX")
    assert answer.status_code == 400, answer.text
    detail = answer.json()["error"]["detail"]
    assert (detail["parameter"], detail["got"]) == ("the query string", given)
    assert meant is None or meant in detail["did_you_mean"]
    assert set(detail["did_you_mean"]) <= set(detail["allowed"])


@pytest.mark.parametrize(
    "path",
    [
        "/v1/query?metrics=attempts&from=-24h&from=-7d",
        "/v1/query?metrics=attempts&timezone=UTC&timezone=Europe/Berlin",
        "/v1/query?metrics=attempts&totals=true&totals=false",
        "/v1/views?order_by=-view_start_ms&order_by=country",
        "/v1/views?limit=5&limit=5",
        "/v1/errors?from=-1h&from=-2h",
        "/v1/live/now?minutes=5&minutes=6",
    ],
)
def test_what_means_one_thing_is_given_once(board, path) -> None:
    """Nobody's choice between two instants, zones or orders is right."""
    answer = board.ask(path)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert f"{error['detail']['parameter']} is given 2 times" in error["message"]
    assert len(error["detail"]["got"]) == 2


@pytest.mark.parametrize(
    "path",
    [
        "/v1/query?metrics=attempts&metrics=plays&group_by=country&group_by=browser&order_by=country&order_by=plays",
        "/v1/errors?filters=country:eq:DE&filters=live:eq:false",
    ],
)
def test_lists_are_given_one_by_one(board, path) -> None:
    """As many as one likes."""
    answer = board.ask(path)
    assert answer.status_code == 200, answer.text


def test_a_body_is_asked_without_a_query_string(board) -> None:
    """What stands beside a body would be ignored, so it is refused too."""
    answer = board.ask("/v1/query?limit=1", method="POST", json={"metrics": "attempts"})
    assert answer.status_code == 400


@pytest.mark.parametrize("call", DASHBOARD)
def test_what_is_sent_today_is_known(board, call) -> None:
    """No call that the dashboard makes is refused, nor what monitors add to public routes."""
    answer = board.ask(call)
    assert answer.status_code == 200, answer.text


def test_who_may_not_ask_learns_no_names(board) -> None:
    """Without a token the answer is that one is wanted, whatever the query string."""
    assert board.client.get("/v1/errors?filter=x").status_code == 401
