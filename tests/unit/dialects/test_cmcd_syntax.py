"""One record as it is written: every kind of value, and what a bad one costs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstframe.dialects.cmcd import CMCD, syntax
from firstframe.dialects.cmcd.key import typed
from firstframe.dialects.cmcd.syntax import read_dictionary
from support_mutation import seeds_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bs", {"bs": True}),
        ("bs=?0,su=?1", {"bs": False, "su": True}),
        ('url="http://a/b?c=\\"d\\"\\\\e,f"', {"url": 'http://a/b?c="d"\\e,f'}),
        ("br=(3000;v 164;a)", {"br": [{"value": 3000, "v": True}, {"value": 164, "a": True}]}),
        ("bl=(2000)", {"bl": [2000]}),
        ("bl=()", {"bl": []}),
        ('nor=("x" "y";r="0-99")', {"nor": ["x", {"value": "y", "r": "0-99"}]}),
        ("lb=(515.9),ts=1", {"lb": [515.9], "ts": 1}),
        ("a=-1 , b=2,\tc=3", {"a": -1, "b": 2, "c": 3}),
        ("e=ps,com.example-key=token*", {"e": "ps", "com.example-key": "token*"}),
        ("a=1;p=2,b", {"a": 1, "b": True}),
        ("a=1,a=2", {"a": 2}),
        ("", {}),
        (" , ,", {}),
    ],
)
def test_values_are_what_the_standard_says(text: str, found: dict[str, Any]) -> None:
    """Booleans, numbers, texts, tokens, lists and their parameters."""
    assert read_dictionary(text) == (found, {})


@pytest.mark.parametrize(
    ("text", "found", "unread"),
    [
        ("br=,a=1", {"a": 1}, {"br": "br="}),
        ("br=@x,a=1", {"a": 1}, {"br": "br=@x"}),
        ('a="open,b=2', {"b": 2}, {"a": 'a="open'}),
        ("ts=1e5,b=2", {"b": 2}, {"ts": "ts=1e5"}),
        ("a=(1 2,b=2", {"b": 2}, {"a": "a=(1 2"}),
        ("a=9999999999999999,b=2", {"b": 2}, {"a": "a=9999999999999999"}),
        ('{"a":1}', {}, {"": '{"a":1}'}),
        ("br%3D3000%2Csid%3D1", {}, {"br": "br%3D3000%2Csid%3D1"}),
        ("a=(12),b=(1;v;2),c=3", {"a": [12], "c": 3}, {"b": "b=(1;v;2)"}),
    ],
)
def test_a_bad_value_costs_itself_only(text: str, found: dict[str, Any], unread: dict[str, str]) -> None:
    """The standard wants values ignored singly."""
    assert read_dictionary(text) == (found, unread)


@pytest.mark.parametrize("separators", [",", " ,", ",\t"])
def test_a_row_of_commas_costs_no_more_than_its_length(separators: str) -> None:
    """Whoever sends a megabyte of them holds nobody up: once, each was tried as the begin of a member."""
    assert read_dictionary(separators * 300_000 + "a=1") == ({"a": 1}, {})
    assert read_dictionary(separators * 300_000) == ({}, {})


@given(st.text(alphabet='ab=,;()" \\?01-.vé\x00', max_size=60))
def test_any_text_is_read_somehow(text: str) -> None:
    """Nothing raises, and nothing of a type that cannot be stored comes out."""
    found, unread = read_dictionary(text)
    assert all(isinstance(value, bool | int | float | str | list) for value in found.values())
    assert all(isinstance(value, str) for value in unread.values())


MEMBERS = (
    *("a=1", "a=-1.5", "b=1.0000000001", "b=123456789012345", "b=1234567890123456", "g=१२", "g=1२", "g=(१)"),
    *(
        'c="x,y"',
        'c="x\\"y"',
        'c=""',
        'h="',
        "d=tok/en",
        "d",
        "d=?1",
        "a-b=*",
        "f;p=1",
        "f=1;p=2",
        "x=@",
        "=1",
        "a=",
    ),
    *(
        "e=(1)",
        "e=(1;v",
        "e=(1;v)",
        "e=()",
        "e=(",
        "e=( ",
        "e=(1 2;a 3;b=4)",
        'e=( "q;r" x;y;z )',
        "e=(1;value)",
    ),
    *("e=(1;value=2 )", "a= 1", "a=1 ", "a=1\nb", "ab\nc", "d\n"),
)
"""Right and wrong ones, usual and unusual."""


@given(
    st.lists(st.sampled_from(MEMBERS), max_size=6), st.sampled_from([",", ",", ", ", " ,\t", ",,", "\n", ""])
)
def test_what_is_usual_is_read_as_it_is_with_care(members: list[str], separator: str) -> None:
    """The quick way saves time only: it says what the careful one says, in the same order."""
    text = separator.join(members)
    read, carefully = read_dictionary(text), _read_carefully(text)
    assert repr(read) == repr(carefully)


@given(st.text(alphabet='ab=,;()" \\?01-.vé२\n\x00', max_size=60))
def test_any_text_is_read_as_it_is_with_care(text: str) -> None:
    """Wherever the quick way gives up, the careful one goes on as if it had read all."""
    assert repr(read_dictionary(text)) == repr(_read_carefully(text))


def _read_carefully(text: str) -> tuple[dict[str, Any], syntax.Unread]:
    found: dict[str, Any] = {}
    return found, syntax._read_with_care(text, 0, found)


def test_what_players_send_is_usual(monkeypatch) -> None:
    """Or nothing would be saved."""
    careful: list[str] = []
    monkeypatch.setattr(syntax, "_read_with_care", lambda text, *_: careful.append(text) or {})
    for seed in seeds_of(CMCD):
        CMCD.parse(seed.beacon(seed.request.body))
    assert not careful


def test_types_are_those_of_the_table() -> None:
    """Lists of numbers have one form, whichever version wrote them; what has the wrong type is named."""
    kept, wrong = typed(
        {"br": 3000, "bl": [1, {"value": 2, "a": True}], "ec": [25, "x"], "sid": "s", "x-y": "z"}
    )
    assert kept == {
        "br": [{"value": 3000}],
        "bl": [{"value": 1}, {"value": 2, "a": True}],
        "ec": [25, "x"],
        "sid": "s",
        "x-y": "z",
    }
    assert wrong == {}
    kept, wrong = typed({"br": "fast", "sid": 5, "bs": "yes", "ts": True, "sta": ["p"], "cid": "x" * 257})
    assert kept == {}
    assert set(wrong) == {"br", "sid", "bs", "ts", "sta", "cid"}
