"""What the dashboard shows where is all in the catalogue, and everything has words."""

import msgspec
import pytest

from firstframe.api.board import (
    BREAKDOWNS,
    COUNTRY,
    DERIVED,
    FIGURES,
    FLAGS,
    HEADLINES,
    LIVE,
    STATES,
    VIDEO,
    VIEWS,
    VOLUME,
    board,
)
from firstframe.metrics.dimension import DIMENSION_BY_ID
from firstframe.metrics.live import FIGURES as LIVE_FIGURES
from firstframe.metrics.query import measure_of
from firstframe.metrics.view import FILTERABLE
from firstframe.view.derived import derive
from firstframe.view.record import Approx, State, ViewRecord

DIMENSIONS = (
    *BREAKDOWNS,
    COUNTRY,
    *LIVE["breakdowns"],
    *VIDEO["dimensions"],
    *VIDEO["facts"],
    *VIDEO["breakdowns"],
)
METRICS = (*HEADLINES, VOLUME, *LIVE["history"], *VIDEO["list"], *VIDEO["headlines"])


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
