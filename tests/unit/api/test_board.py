"""What the dashboard shows where is all in the catalogue, and everything has words."""

import json
from pathlib import Path

import msgspec
import pytest

from firstframe.api.board import (
    BREAKDOWN_METRIC,
    BREAKDOWNS,
    COUNTRY,
    DERIVED,
    FIGURES,
    FLAGS,
    HEADLINES,
    LIVE,
    OUTCOMES,
    STATES,
    VIDEO,
    VIEWS,
    VOLUME,
    board,
)
from firstframe.metrics.dimension import DIMENSION_BY_ID, FILTERABLE
from firstframe.metrics.live import FIGURES as LIVE_FIGURES
from firstframe.metrics.query import measure_of
from firstframe.view.derived import derive
from firstframe.view.record import Approx, Outcome, State, ViewRecord

DIMENSIONS = (
    *BREAKDOWNS,
    COUNTRY,
    *LIVE["breakdowns"],
    *VIDEO["dimensions"],
    *VIDEO["facts"],
    *VIDEO["breakdowns"],
)
METRICS = (*HEADLINES, BREAKDOWN_METRIC, VOLUME, *LIVE["history"], *VIDEO["list"], *VIDEO["headlines"])


@pytest.mark.parametrize("name", sorted(set(DIMENSIONS)))
def test_every_dimension_exists(name) -> None:
    """And can be grouped by."""
    assert DIMENSION_BY_ID[name].groupable


@pytest.mark.parametrize("name", sorted(set(METRICS)))
def test_every_metric_exists(name) -> None:
    """In the measurement that is asked for."""
    assert measure_of(name).key == name


def test_every_live_figure_has_words() -> None:
    """In the order in which the API gives them."""
    assert tuple(one.key for one in FIGURES) == LIVE_FIGURES


def test_every_flag_and_state_has_words() -> None:
    """A flag that is added must be said in words too."""
    assert set(FLAGS) == set(Approx)
    assert set(STATES) == set(State)
    assert set(OUTCOMES) == set(Outcome)


def test_what_the_front_end_is_tested_with_is_what_the_api_says() -> None:
    """Its tests read a copy of the table."""
    copy = Path(__file__).parents[3] / "web" / "dashboard" / "test" / "golden" / "traces.json"
    assert json.loads(copy.read_text()) == json.loads(msgspec.json.encode(board()["traces"]))


def test_every_derived_number_has_words() -> None:
    """And nothing that is not derived has."""
    assert set(DERIVED) == set(derive(ViewRecord()))


def test_columns_of_the_list_can_be_sorted_by() -> None:
    """Each is a scalar field of the record."""
    assert set(VIEWS["columns"]) <= set(FILTERABLE)


def test_the_board_is_json() -> None:
    """All of it, with every field of a view that the API gives."""
    decoded = msgspec.json.decode(msgspec.json.encode(board()))
    names = [field["name"] for field in decoded["fields"]]
    assert len(names) == len(set(names))
    assert {"view_id", "approx", "completion_ratio"} <= set(names)
    assert set(VIEWS["summary"]) <= set(names)
