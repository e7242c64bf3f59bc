"""What is wrong with a question is said by parameter, with what came and what is allowed."""

import pytest

from firstframe.errors import BadRequest
from firstframe.metrics.query import plan_of, question_of, read_question

NOW_MS = 1_800_000_000_000


@pytest.mark.parametrize(
    ("question", "parameter"),
    [
        ({}, "metrics"),
        ({"metrics": []}, "metrics"),
        ({"metrics": ["rebufer_percentage"]}, "metrics"),
        ({"metrics": ["attempts.p95"]}, "metrics"),
        ({"metrics": ["video_startup_time.p0"]}, "metrics"),
        ({"metrics": ["video_startup_time.p100"]}, "metrics"),
        ({"metrics": ["video_startup_time."]}, "metrics"),
        ({"metrics": ["video_startup_time.pNN"]}, "metrics"),
        ({"metrics": 7}, "metrics"),
        ({"metrics": "attempts", "group_by": "watch_time_ms"}, "group_by"),
        ({"metrics": "attempts", "group_by": "extra."}, "group_by"),
        ({"metrics": "attempts", "group_by": ["country"] + [f"custom_{n}" for n in range(1, 9)]}, "group_by"),
        ({"metrics": "attempts", "from": "soon"}, "from"),
        ({"metrics": "attempts", "from": "now", "to": "-1h"}, "from"),
        ({"metrics": "attempts", "granularity": "fortnight"}, "granularity"),
        ({"metrics": "attempts", "timezone": "Mars/Olympus"}, "timezone"),
        ({"metrics": "attempts", "order_by": "plays"}, "order_by"),
        ({"metrics": "attempts", "order_by": "time"}, "order_by"),
        ({"metrics": "attempts", "order_by": "attempts.previous"}, "order_by"),
        ({"metrics": "attempts", "order_by": "-attempts.weight"}, "order_by"),
        ({"metrics": "attempts", "order_by": "-plays.weight", "weights": True}, "order_by"),
        ({"metrics": "attempts", "from": 20261120}, "from"),
        ({"metrics": "attempts", "limit": 0}, "limit"),
        ({"metrics": "attempts", "limit": "many"}, "limit"),
        ({"metrics": "attempts", "group_limit": 3}, "group_limit"),
        ({"metrics": "attempts", "compare": "next"}, "compare"),
        ({"metrics": "attempts", "compare": "previous", "from": 0, "to": "now"}, "compare"),
        ({"metrics": "attempts", "uniques": "roughly"}, "uniques"),
        ({"metrics": "attempts", "format": "xml"}, "format"),
        ({"metrics": "attempts", "filters": "country"}, "filters"),
        ({"metrics": "attempts", "filters": {"dimension": "country", "op": "eq"}}, "filters"),
        ({"metrics": "attempts", "filter": "country:eq:DE"}, "the question"),
    ],
)
def test_parameter_is_named(question, parameter) -> None:
    """Each mistake is a refusal that names its parameter and says what is allowed."""
    with pytest.raises(BadRequest) as refused:
        plan_of(read_question(question), "default", NOW_MS)
    assert refused.value.detail["parameter"] == parameter
    assert refused.value.detail["allowed"]


def test_wanted_operators_are_told_as_words() -> None:
    """An operator that does not fit is answered with those that do, in plain words."""
    with pytest.raises(BadRequest, match="which is a text, but wanted is one of eq, neq, in"):
        plan_of(read_question({"metrics": "attempts", "filters": "country:gt:x"}), "default", NOW_MS)


def test_near_names_are_suggested() -> None:
    """A name that is nearly right is answered with the right one."""
    with pytest.raises(BadRequest, match="did you mean rebuffer_percentage"):
        plan_of(read_question({"metrics": "rebufer_percentage"}), "default", NOW_MS)


def test_query_string_and_body_ask_the_same() -> None:
    """Lists may be repeated or joined by commas; numbers and flags come as text."""
    text = question_of(
        {
            "metrics": ["attempts,plays"],
            "group_by": ["country", "browser"],
            "filters": ["country:in:DE,FR", "muted:eq:true"],
            "limit": ["5"],
            "fill": ["false"],
            "from": ["-2d"],
        }
    )
    body = read_question(
        {
            "metrics": ["attempts", "plays"],
            "group_by": "country,browser",
            "filters": ["country:in:DE,FR", "muted:eq:true"],
            "limit": 5,
            "fill": False,
            "from": "-2d",
        }
    )
    assert plan_of(text, "p", NOW_MS) == plan_of(body, "p", NOW_MS)


def test_words_that_are_no_truth_values_are_told_what_is() -> None:
    """``fill=no`` is a mistake that many make."""
    with pytest.raises(BadRequest) as refused:
        question_of({"metrics": ["attempts"], "fill": ["no"]})
    assert refused.value.detail["allowed"] == "true or false"
