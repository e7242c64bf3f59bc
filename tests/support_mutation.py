"""Beacons that went wrong on purpose: what players really sent, with bytes, values, keys and events changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, MutableMapping, MutableSequence, Sequence
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from firstframe.beacon import KEPT_HEADERS, Beacon, Event, Place
from firstframe.demo.voice import posts
from firstframe.dialects import DIALECTS
from firstframe.dialects.base import Dialect, Request
from firstframe.edge.route import Router
from support_recorded import read_recording, route_of

GOLDEN = Path(__file__).parent / "golden"
ROUTER = Router(DIALECTS)
NOW_MS = 1_795_300_000_000
DEMO_VIEWERS = 60
LATEST_SEEDS = 400
"""Of one dialect."""
BIG = 1e18

NASTY: Sequence[Any] = (
    None,
    True,
    False,
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "x\udfffy",
    "\U0001f3ac\u202e\u0000",
    "x" * 5_000,
    "NaN",
    "-Infinity",
    "1e999",
    "true",
    "null",
    "' OR 1=1 --",
    "\\",
    "{x:String}",
    "[" * 3_000,
    '{"a":' * 3_000,
    '["1:2","\\ud800:3"]',
    "[1,2",
    "http://[::1",
    "https://user:pass@host:99999/%zz?a=b#c",
    "2026-13-45T99:99:99Z",
    "0x10",
    "१२३",  # digits, but no ASCII
    0,
    -1,
    -0.0,
    1e-320,
    0.1,
    1e17,
    1e308,
    -1e308,
    2**31,
    2**53 + 1,
    2**63,
    2**64,
    -(2**63) - 1,
    10**40,
    10**400,
    253_402_300_800_000,
    float("nan"),
    float("inf"),
    [],
    {},
    [None] * 50,
    {"": ""},
    {"__proto__": {"constructor": 1}},
    [[[[[[]]]]]],
)
TOKENS = (
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"1e999",
    b"\\ud800",
)
VALUES = (
    *(b'0 -1 1e999 9999999999999999 99999999999999 0.001 p k r f e q s a w ?0 ?1 () ( ) "" "'.split()),
    b"(1 2 3)",
    b'(1;v "x";a p;av)',
    b"(" + b"7 " * 300 + b")",
    b'"' + b"x" * 5_000 + b'"',
    b'"\\"',
    b"\n",
    b'"\xed\xa0\x80"',
)
"""Values of structured fields, right and wrong."""

Step = Callable[[Any, Random, Sequence[str]], Any]


class Seed(msgspec.Struct, frozen=True):
    """One request that a player made, and the other events of its view."""

    dialect: Dialect
    path: str
    request: Request
    received_at_ms: int
    others: Sequence[Event] = ()

    def beacon(self, body: bytes) -> Beacon:
        """The same request with another body, as the journal keeps it."""
        headers = {name: value for name, value in self.request.headers.items() if name in KEPT_HEADERS}
        return Beacon(
            self.received_at_ms,
            self.dialect.name,
            self.request.route,
            "default",
            self.path,
            self.request.query,
            headers,
            Place(),
            body,
        )


def seeds_of(dialect: Dialect) -> list[Seed]:
    """Recorded and played requests of a dialect, of several views."""
    found = [*_recorded(dialect), *_played(dialect)]
    by_view: dict[str, list[Event]] = {}
    for seed in found:
        for event in dialect.parse(seed.beacon(seed.request.body)).events:
            by_view.setdefault(event.native_view_id, []).append(event)
    return [_with_others(seed, by_view) for seed in found[:LATEST_SEEDS]]


def with_body(request: Request, body: bytes) -> Request:
    """The same request with another body."""
    return msgspec.structs.replace(request, body=body)


def mutants(seeds: Sequence[Seed], count: int, chance: Random) -> Iterator[tuple[Seed, bytes]]:
    """So many requests gone wrong, the same for the same seed of chance."""
    words = sorted({word for seed in seeds for word in _words(_decoded(seed.request.body))}) or [""]
    for _ in range(count):
        seed = chance.choice(seeds)
        yield seed, mutate(seed.request.body, chance, words, chance.choice(seeds).request.body)


def mutate(body: bytes, chance: Random, words: Sequence[str], other: bytes) -> bytes:
    """One body gone wrong: in its values (mostly), in its keys, or in its bytes."""
    value = _decoded(body)
    if chance.random() < 0.25:
        return _scrambled(body, chance, other)
    if value is None:
        return _retold(body, chance, other)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 10))):
        value = chance.choice(STEPS)(value, chance, words)
    text = json.dumps(value, ensure_ascii=chance.random() < 0.7, separators=(",", ":"))
    if chance.random() < 0.1:
        text = _repeated_key(text, chance, words)
    return text.encode("utf-8", "surrogatepass")


def _recorded(dialect: Dialect) -> Iterator[Seed]:
    for file in sorted((GOLDEN / dialect.name).glob("*.jsonl")):
        for request in read_recording(file):
            if request.get("kind", "http") not in ("http", "ws-message"):
                continue
            found = route_of(dialect, request)
            if found is not None and found[0].kind != "answer" and found[1].body:
                yield Seed(dialect, request["url"].partition("?")[0], found[1], request["epoch_ms"])


def _played(dialect: Dialect) -> Iterator[Seed]:
    for post in posts(3, DEMO_VIEWERS, (dialect.name,), start_ms=NOW_MS):
        path, _, query = post.path.partition("?")
        match = ROUTER.find(path)
        assert match is not None
        target = match.methods["POST"]
        if target.route.kind == "collect":
            request = Request("POST", target.route.path, match.params, query, post.headers, post.body)
            yield Seed(dialect, path, request, post.at_ms)


def _with_others(seed: Seed, by_view: dict[str, list[Event]]) -> Seed:
    events = seed.dialect.parse(seed.beacon(seed.request.body)).events
    own = {event.key for event in events}
    others = [each for event in events[:1] for each in by_view[event.native_view_id] if each.key not in own]
    return msgspec.structs.replace(seed, others=others)


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _words(value: Any) -> Iterator[str]:
    """Every key that stands anywhere in a value."""
    if isinstance(value, dict):
        yield from value
    for inner in _inner(value):
        yield from _words(inner)


def _inner(value: Any) -> list[Any]:
    return list(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key or index) within a value."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        keys = list(each) if isinstance(each, dict) else range(len(each)) if isinstance(each, list) else ()
        found += [(each, key) for key in keys]
        waiting += _inner(each)
    return found


def _nasty(chance: Random) -> Any:
    return deepcopy(chance.choice(NASTY))


def _replace(value: Any, chance: Random, words: Sequence[str]) -> Any:
    places = _places(value)
    if not places:
        return _nasty(chance)
    container, key = chance.choice(places)
    container[key] = _nasty(chance)
    return value


def _drop(value: Any, chance: Random, words: Sequence[str]) -> Any:
    if places := _places(value):
        container, key = chance.choice(places)
        del container[key]
    return value


def _swap(value: Any, chance: Random, words: Sequence[str]) -> Any:
    """Two values in each other's place; never a container into itself."""
    leaves = [(c, k) for c, k in _places(value) if not isinstance(c[k], dict | list)]
    if len(leaves) > 1:
        (one, here), (two, there) = chance.sample(leaves, 2)
        one[here], two[there] = two[there], one[here]
    return value


def _rename(value: Any, chance: Random, words: Sequence[str]) -> Any:
    named = [(c, k) for c, k in _places(value) if isinstance(c, MutableMapping)]
    if named:
        container, key = chance.choice(named)
        container[chance.choice(words)] = container.pop(key)
    return value


def _add(value: Any, chance: Random, words: Sequence[str]) -> Any:
    containers = [c for c, _ in _places(value)]
    if containers:
        container = chance.choice(containers)
        if isinstance(container, MutableSequence):
            container.insert(chance.randrange(len(container) + 1), _nasty(chance))
        else:
            container[chance.choice([*words, "\x00", "x" * 300])] = _nasty(chance)
    return value


def _reorder(value: Any, chance: Random, words: Sequence[str]) -> Any:
    """A list (of events, mostly) shuffled, with one repeated."""
    lists = [c for c, _ in _places(value) if isinstance(c, list)]
    if lists:
        items = chance.choice(lists)
        items.append(json.loads(json.dumps(chance.choice(items))))
        chance.shuffle(items)
    return value


def _scale(value: Any, chance: Random, words: Sequence[str]) -> Any:
    """A number (a time, mostly) that is off by a factor or a little."""
    numbers = [(c, k) for c, k in _places(value) if type(c[k]) in (int, float) and abs(c[k]) < BIG]
    if numbers:
        container, key = chance.choice(numbers)
        container[key] = chance.choice((-1, 1_000, 0.001, 1e6)) * container[key] + chance.choice(
            (0, 1, -3_600_000)
        )
    return value


STEPS: Sequence[Step] = (_replace, _replace, _replace, _drop, _swap, _rename, _add, _reorder, _scale)


def _repeated_key(text: str, chance: Random, words: Sequence[str]) -> str:
    """An object that names a key twice."""
    at = text.find("{", chance.randrange(len(text)))
    if at < 0:
        return text
    return f"{text[: at + 1]}{json.dumps(chance.choice(words))}:{json.dumps(_nasty(chance))},{text[at + 1 :]}"


def _retold(body: bytes, chance: Random, other: bytes) -> bytes:
    """What is no JSON is members between commas: some with another's value, in another place, twice, or gone."""
    members, others = body.split(b","), other.split(b",")
    for _ in range(chance.choice((1, 1, 2, 4, 10))):
        at = chance.randrange(len(members))
        key = members[at].partition(b"=")[0]
        match chance.randrange(5):
            case 0:
                members[at] = key + b"=" + chance.choice(VALUES)
            case 1:
                members[at] = key + b"=" + chance.choice(others).partition(b"=")[2]
            case 2:
                members[at] = chance.choice(others)
            case 3:
                members.insert(at, members[chance.randrange(len(members))])
            case _:
                members[at] = key
    return b",".join(members)


def _scrambled(body: bytes, chance: Random, other: bytes) -> bytes:
    """Bits flipped, parts cut out, doubled, filled with others' bytes; or cut off."""
    data = bytearray(body)
    for _ in range(chance.choice((1, 1, 2, 5))):
        if not data:
            return bytes(data)
        at = chance.randrange(len(data))
        to = min(len(data), at + chance.choice((1, 4, 30, 300)))
        match chance.randrange(6):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                del data[at:]
            case 2:
                del data[at:to]
            case 3:
                data[at:at] = data[at:to]
            case 4:
                data[at:at] = chance.choice(TOKENS)
            case _:
                data[at:to] = other[at:to]
    return bytes(data)
