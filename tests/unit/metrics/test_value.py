"""The values of dimensions, with counts and search."""

import pytest

from firstframe.metrics.dimension import DIMENSIONS, find_dimension
from firstframe.metrics.filter import EVERYTHING, read_filters
from firstframe.metrics.value import values_of
from support_question import NEW_YEAR_MS, NOW_MS, PROJECT, make_view, store, wait

pytestmark = pytest.mark.engine


def counted(engine, name, **asked):
    """Values and counts of a dimension, and whether there are more."""
    given = {"found": EVERYTHING, "search": "", "limit": 100, "bots": False, **asked}
    dimension = find_dimension(name, "dimension_id", groupable=True)
    values, more = wait(
        engine,
        lambda wrapped: values_of(wrapped, PROJECT, dimension, start_ms=NEW_YEAR_MS, end_ms=NOW_MS, **given),
    )
    return [(one.value, one.views) for one in values], more


def test_values_and_search(engine) -> None:
    """The commonest first, null among them; a search ignores case; filters and the limit hold."""
    store(
        engine,
        [
            *(make_view(f"a{number}", video_title="Alpha", country="DE") for number in range(3)),
            *(make_view(f"b{number}", video_title="beta", country="FR") for number in range(2)),
            make_view("n"),
            make_view("r", video_title="Robot", bot=True),
            make_view("x", video_title="Theirs", project="other"),
            make_view("o", NEW_YEAR_MS - 1, video_title="Old"),
        ],
    )
    assert counted(engine, "video_title") == ([("Alpha", 3), ("beta", 2), (None, 1)], False)
    assert counted(engine, "video_title", search="BET") == ([("beta", 2)], False)
    assert counted(engine, "video_title", limit=1) == ([("Alpha", 3)], True)
    assert counted(engine, "video_title", found=read_filters("country:eq:FR")) == ([("beta", 2)], False)


def test_every_dimension_can_be_listed(engine) -> None:
    """No dimension's SQL fails, whatever its type."""
    store(engine, [make_view("v", player_width_px=640, player_height_px=360, custom={"custom_2": "c"})])
    found = {dimension.id: counted(engine, dimension.id)[0] for dimension in DIMENSIONS}
    assert found["player_size"] == [("640×360", 1)]
    assert found["custom_2"] == [("c", 1)]
    assert found["attempted"] == [(True, 1)]
    assert found["asset_title"] == [(None, 1)]
    assert all(sum(count for _, count in values) == 1 for values in found.values())
