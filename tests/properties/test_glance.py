"""What an envelope sees at a glance is what a careful reading finds, whatever comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstframe.dialects import DIALECTS, foreign
from firstframe.dialects.base import Dialect, Envelope, Request
from firstframe.dialects.cmcd.key import read_id
from firstframe.dialects.cmcd.report import glance
from firstframe.dialects.cmcd.syntax import read_dictionary
from firstframe.dialects.mux import MUX
from firstframe.errors import Refusal
from support_law import law
from support_mutation import mutants, seeds_of, with_body

MUTANTS = 4_000
GLANCING = [dialect for dialect in DIALECTS if dialect.name not in ("pillarbox", "cmcd")]


@pytest.mark.parametrize("dialect", GLANCING, ids=lambda dialect: dialect.name)
def test_a_glance_sees_what_a_careful_reading_finds(dialect: Dialect, monkeypatch) -> None:
    """Views, events and key are the same, and what is refused with care is refused at a glance too."""
    seeds = seeds_of(dialect)
    bodies = [(seed.request, body) for seed, body in mutants(seeds, MUTANTS, Random(4))]
    requests = [seed.request for seed in seeds] + [with_body(*each) for each in bodies]
    quick = [told(dialect, request) for request in requests]
    monkeypatch.setattr(foreign, "glance", lambda *_: None)
    assert quick == [told(dialect, request) for request in requests]


@law(2_000)
@given(st.text(alphabet='a,=";() \\sid', max_size=40), st.text(alphabet='a,="sid; ', max_size=20))
def test_a_session_that_is_seen_is_the_one_that_is_read(before: str, behind: str) -> None:
    """CMCD: whatever stands around it, also in texts that look like it, it is the same, or no session is read at all."""
    said = f'{before},sid="S",{behind}'
    assert glance(said, {}) in (None, "S")
    if glance(said, {}) == "S":
        assert read_id(read_dictionary(said)[0].get("sid")) in ("S", None)


@law(500)
@given(
    bodies=st.lists(
        st.dictionaries(
            st.sampled_from(("events", "xid", "x_id_", "view_id", "ake", "a_key_", "env_key", "a")),
            st.sampled_from(("a", "b", " c ", "", "x" * 300, 1, True, None, [], {})),
            max_size=4,
        ),
        max_size=3,
    ),
    route=st.sampled_from(("/", "/events")),
)
def test_a_field_in_another_spelling_is_seen_too(bodies: list[dict[str, Any]], route: str) -> None:
    """Mux's keys can be written in more than one way."""
    request = Request("POST", route, {}, "", {}, json.dumps({"events": bodies}).encode())
    with pytest.MonkeyPatch.context() as patch:
        quick = told(MUX, request)
        patch.setattr(foreign, "glance", lambda *_: None)
        assert quick == told(MUX, request)


@pytest.mark.parametrize("name", ["view_id", "x_id_", "env_key", "a_key_"])
def test_null_in_another_spelling_is_seen_too(name: str, monkeypatch) -> None:
    """What is written last counts, and null says that there is none."""
    body = json.dumps({"events": [{"xid": "a", "ake": "k", name: None}]}).encode()
    request = Request("POST", "/", {}, "", {}, body)
    quick = told(MUX, request)
    monkeypatch.setattr(foreign, "glance", lambda *_: None)
    assert quick == told(MUX, request)


@pytest.mark.parametrize("dialect", GLANCING, ids=lambda dialect: dialect.name)
def test_a_number_of_too_many_digits_costs_itself_only(dialect: Dialect) -> None:
    """Python reads no more than some thousands of digits; the rest of such a beacon is kept, and used."""
    request = next(each.request for each in seeds_of(dialect) if each.request.body.startswith(b"{"))
    digits = b"1" * 5_000
    body = b'{"x": -%s, "y": %s, ' % (digits, digits) + request.body[1:]
    assert told(dialect, with_body(request, body)) == told(dialect, request)
    assert foreign.decode(body) == {"x": None, "y": None} | foreign.decode(request.body)


@pytest.mark.parametrize("dialect", GLANCING, ids=lambda dialect: dialect.name)
def test_what_players_send_is_read_at_a_glance(dialect: Dialect, monkeypatch) -> None:
    """Or nothing would be saved."""
    glances = list(glanced(dialect, monkeypatch))
    assert sum(glances) > 0.9 * len(glances)


def glanced(dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    """Of each played or recorded request that is kept, whether a glance was enough."""
    seen: list[Any] = []

    def glance(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
        seen.append(look(decoder, body))
        return seen[-1]

    look = foreign.glance
    monkeypatch.setattr(foreign, "glance", glance)
    for seed in seeds_of(dialect):
        seen.clear()
        dialect.envelope(seed.request)
        if seen:
            yield seen[0] is not None


def told(dialect: Dialect, request: Request) -> tuple[list[str], int, str | None] | str:
    """What an envelope says, or how it refuses."""
    try:
        found: Envelope = dialect.envelope(request)
    except Refusal as refusal:
        return refusal.message
    return list(found.native_view_ids), found.event_count, found.write_key
