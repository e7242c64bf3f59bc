"""What is read from user agents and client hints, against a table a person can edit."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstframe.enrich.device import Device, describe
from firstframe.view.record import FIELDS

CASES = json.loads((Path(__file__).parents[2] / "golden" / "device_cases.json").read_text())
WORDS = {"desktop", "phone", "tablet", "tv", "console", "car", "headset", "bot", "other"}


@pytest.mark.parametrize("case", CASES, ids=[case["user_agent"][-60:] or "blank" for case in CASES])
def test_device_case(case):
    """A user agent with its hints gives exactly what the table says; what it does not list is unknown."""
    found = msgspec.to_builtins(describe(case["user_agent"], case["hints"]))
    assert {name: value for name, value in found.items() if value not in (None, False)} == case["expect"]


def test_nothing_said_is_nothing_known():
    """Without user agent and hints every field is None."""
    assert describe(None, {}) == describe("  ", {}) == Device()


def test_hints_alone_are_enough():
    """Hints without a user agent still name the system, the browser and the model."""
    hints = {
        "platform": '"Android"',
        "mobile": "?1",
        "model": '"Pixel 8"',
        "brands": '"Google Chrome";v="130"',
    }
    found = describe(None, hints)
    assert (found.os, found.device_type, found.device_model, found.browser) == (
        "Android",
        "phone",
        "Pixel 8",
        "Chrome",
    )


def test_every_part_is_a_field_of_the_record():
    """What a device says has a place in the record."""
    assert set(Device.__struct_fields__) <= {named.name for named in FIELDS}


@given(
    st.text(max_size=300),
    st.dictionaries(st.sampled_from(("brands", "platform", "model", "mobile", "x")), st.text()),
)
def test_any_text_is_described(agent, hints):
    """No user agent and no hint raises, and the kind is always one of the known words."""
    assert describe(agent, hints).device_type in {*WORDS, None}
