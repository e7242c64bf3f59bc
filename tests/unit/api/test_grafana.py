"""Grafana's dashboards: every statement runs on the engine as the reader, and its numbers are the API's."""

import json
import re
from pathlib import Path

import pytest

import support_engine
from firstframe.engine.client import Engine
from firstframe.view.record import Outcome, State
from support_question import HOUR_MS, NOW_MS, ask, make_view, spans, store

pytestmark = pytest.mark.engine

FOLDER = Path(__file__).parents[3] / "deploy" / "grafana"
START_S, END_S = (NOW_MS - 24 * HOUR_MS) // 1000, NOW_MS // 1000
BOARDS = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("dashboards/*.json"))]
VARIABLES = {
    f"{board['title']}: {variable['name']}": variable["query"]
    for board in BOARDS
    for variable in board["templating"]["list"]
}
STATEMENTS = {
    f"{board['title']}: {panel['title']}": target["rawSql"]
    for board in BOARDS
    for panel in board["panels"]
    for target in panel["targets"]
}
SAME = {
    "Attempts": "attempts",
    "Unique viewers": "unique_viewers",
    "Startup time, median": "video_startup_time.median",
    "Rebuffer percentage": "rebuffer_percentage",
    "Playback failures": "playback_failure_percentage",
    "Exits before start": "exit_before_video_start_percentage",
}
"""Single numbers and the metrics that they must equal."""


def expanded(sql: str, project: str = "default") -> str:
    """The statement as the plug-in sends it for the last day of the tests, in steps of an hour."""
    sql = re.sub(
        r"\$__timeFilter\((\w+)\)", rf"\1 >= toDateTime({START_S}) AND \1 <= toDateTime({END_S})", sql
    )
    sql = re.sub(
        r"\$__timeInterval\((\w+)\)", r"toStartOfInterval(toDateTime(\1), INTERVAL 3600 second)", sql
    )
    return sql.replace("${project:singlequote}", f"'{project}'")


@pytest.fixture(scope="module")
def reader(module_engine, engine_url):
    """The read-only user on a database with a few views and a reject."""
    at = NOW_MS - 5 * HOUR_MS
    common = {"viewer_id": "ann", "cdn": "one", "country": "DE", "video_title": "Film", "device_type": "tv"}
    watched = {"watch_time_ms": 60_000.0, "rebuffer_duration_ms": 3_000.0, "rebuffer_count": 1}
    store(
        module_engine,
        [
            make_view("a", at, video_startup_time_ms=800.0, **common, **watched),
            make_view(
                "b",
                at + HOUR_MS,
                video_startup_time_ms=1_200.0,
                spans=spans(at, (State.PLAYING, 60_000)),
                **common,
            ),
            make_view(
                "c", at, started=False, outcome=Outcome.START_FAILED, error_count=1, error_code="E", **common
            ),
            make_view("d", at, started=False, outcome=Outcome.EXITED_BEFORE_START, viewer_id="bob"),
            make_view("e", at, bot=True),
            make_view("f", at, closed=False),
        ],
    )
    columns = ("received_at", "project", "dialect", "reason", "message", "sample")
    module_engine.insert("rejects", columns, [(at, "default", "mux", "bad_event", "no time", "{}")])
    database = module_engine.query("SELECT currentDatabase()").rows[0][0]
    host = engine_url.rpartition("@")[2]
    connected = Engine.connect(f"clickhouse://reader:{support_engine.READ_PASSWORD}@{host}/{database}")
    yield connected
    connected.close()


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_has_values(reader, name) -> None:
    """Its statement runs as the reader; every panel of its dashboard runs with each of them."""
    title, _, variable = name.partition(": ")
    assert variable == "project"
    values = [value for (value,) in reader.query(VARIABLES[name]).rows]
    assert values == ["default"]
    for value in values:
        for panel, sql in STATEMENTS.items():
            if panel.startswith(f"{title}: "):
                reader.query(expanded(sql, value))


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_panel_has_rows(reader, name) -> None:
    """Its statement runs as the reader and finds something; a series has a time."""
    found = reader.query(expanded(STATEMENTS[name]))
    assert found.rows
    if "$__timeInterval" in STATEMENTS[name]:
        assert found.columns[0] == "time"


@pytest.mark.parametrize("title", SAME)
def test_single_numbers_equal_the_metrics(reader, module_engine, title) -> None:
    """The same views, the same definition, the same number."""
    ((shown,),) = reader.query(expanded(STATEMENTS[f"Video quality: {title}"])).rows
    question = {"from": START_S * 1000, "to": END_S * 1000}
    (row,) = ask(module_engine, metrics=[SAME[title]], **question).data
    assert shown == pytest.approx(row[SAME[title]])


def test_panels_name_the_provisioned_source() -> None:
    """Every panel and variable reads the data source that is provisioned."""
    provisioned = (FOLDER / "provisioning" / "datasources" / "firstframe.yaml").read_text()
    for path in FOLDER.glob("dashboards/*.json"):
        found = set(re.findall(r'"uid": "([^"]+)"', path.read_text()))
        sources = {uid for uid in found if not uid.startswith("firstframe-")}
        assert sources == {"firstframe"}
        assert "uid: firstframe" in provisioned


def test_only_views_of_the_chosen_project_are_read() -> None:
    """No statement leaves the project out."""
    assert all("${project:singlequote}" in sql for sql in STATEMENTS.values())


def test_titles_are_unique() -> None:
    """No panel hides another from these tests."""
    panels = [
        panel for path in FOLDER.glob("dashboards/*.json") for panel in json.loads(path.read_text())["panels"]
    ]
    assert len(panels) == len(STATEMENTS)
