"""JSON that strict readers refuse, and what is made of it."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstframe.dialects.foreign import decode, named


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, "b", null]}', {"a": [1, "b", None]}),
        (b'{"cut": "\\ud83d", "whole": "\\ud83d\\ude00"}', {"cut": "\ufffd", "whole": "\U0001f600"}),
        (b'{"n": NaN, "i": -Infinity, "big": 1e400}', {"n": None, "i": None, "big": None}),
        (b'{"latin": "\xe9"}', {"latin": "\ufffd"}),
        ('"text"', "text"),
    ],
)
def test_what_can_be_read_is_read(body, value):
    """Only the broken part is lost, and the rest can be encoded again."""
    assert decode(body) == value
    msgspec.json.encode(decode(body))


@pytest.mark.parametrize("body", [b"", b"{", b"undefined", b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_no_json_is_a_value_error(body):
    """Anything else is one kind of error, however deep or short."""
    with pytest.raises(ValueError, match=r"\w"):
        decode(body)


@given(st.binary(max_size=60) | st.text(max_size=60).map(json.dumps).map(str.encode))
def test_bytes_give_a_value_or_a_value_error(body):
    """No bytes raise anything but a ValueError."""
    try:
        decode(body)
    except ValueError:
        return


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"{}", "an object"),
        (b"[]", "an array"),
        (b'"a"', "a string"),
        (b"1", "a number"),
        (b"1.5", "a number"),
        (b"true", "a boolean"),
        (b"null", "null"),
    ],
)
def test_values_are_named_in_the_senders_words(body, name):
    """A refusal speaks of JSON, not of how it is held here."""
    assert named(decode(body)) == name
