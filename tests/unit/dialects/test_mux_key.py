"""Abbreviated keys and the names they stand for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from firstframe.dialects.mux.key import decode, decode_fields, encode

KEYS: dict[str, str] = json.loads((Path(__file__).parents[2] / "golden" / "mux" / "keys.json").read_text())


@pytest.mark.parametrize(("key", "name"), KEYS.items(), ids=KEYS.values())
def test_every_known_field_round_trips(key, name):
    """Each field the SDK knows is read from its key, and written back to it."""
    assert decode(key) == name
    assert encode(name) == key


@pytest.mark.parametrize("name", KEYS.values())
def test_a_name_written_out_stands_for_itself(name):
    """A body with full names means the same on the SDK's route."""
    assert decode(name) == name


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("my__unknown_ke", "my_unknown_key"),  # an unknown first word, then an unknown and a known one
        ("v_unknownword_", "video_unknownword"),
        ("c21", "custom_21"),
        ("x_foo_ti_bar_co", "view_foo_time_bar_count"),
    ],
)
def test_unknown_words_are_kept(key, name):
    """Words without an abbreviation come through whole, both ways."""
    assert decode(key) == name
    assert encode(name) == key


@pytest.mark.parametrize("key", ["", "z", "vqq", "v_open", "Vid", "hello", "é", "a" * 5000])
def test_what_is_no_key_is_left_alone(key):
    """Text that stands for no field is a name of its own."""
    assert list(decode_fields({key: 1})) == [key]
