"""The voices, one for each dialect, and a quick stream of posts for benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from random import Random
from uuid import UUID

import msgspec

from firstframe.demo import (
    voice_bitmovin,
    voice_cmcd,
    voice_livepeer,
    voice_mux,
    voice_native,
    voice_pillarbox,
)
from firstframe.demo.script import Script
from firstframe.demo.speech import Post
from firstframe.demo.story import tell
from firstframe.demo.tables import world

Voice = Callable[[Script, str], list[Post]]

VOICES: Mapping[str, Voice] = {
    "native": voice_native.speak,
    "mux": voice_mux.speak,
    "bitmovin": voice_bitmovin.speak,
    "pillarbox": voice_pillarbox.speak,
    "livepeer": voice_livepeer.speak,
    "cmcd": voice_cmcd.speak,
}
"""Each dialect's way to put a script on the wire: (script, write key) → posts in the order in which they leave."""

UUID_LENGTH = 36
TEMPLATES = 40
"""Stories that are told once for each dialect; more viewers repeat them under ids of their own."""


def speak(script: Script, key: str) -> list[Post]:
    """A script in its own dialect."""
    return VOICES[script.dialect](script, key)


def posts(
    seed: int, viewers: int, dialects: Collection[str] = (), *, start_ms: int, key: str = ""
) -> Iterator[Post]:
    """The posts of many distinct views, view after view, far more quickly than each can be told.

    All views begin within the minute after ``start_ms`` on the client's clock.
    """
    chance, scene = Random(seed), world()  # noqa: S311 - a play, not a secret
    count = TEMPLATES * (len(dialects) or len(VOICES))
    told: list[tuple[Script, list[Post]]] = []
    for number in range(viewers):
        if number < count:
            script = tell(scene, chance, start_ms + chance.randrange(60_000), dialects=dialects)
            told.append((script, speak(script, key)))
            yield from told[-1][1]
        else:
            script, kept = told[number % count]
            yield from _renamed(script, kept, chance)


def _renamed(script: Script, kept: list[Post], chance: Random) -> Iterator[Post]:
    """The same posts as another view's; the new id is as long as the old one."""
    digits = f"{chance.getrandbits(128):032x}"
    fresh = str(UUID(digits)) if len(script.view_id) == UUID_LENGTH else digits[: len(script.view_id)]
    for each in kept:
        yield msgspec.structs.replace(each, body=each.body.replace(script.view_id.encode(), fresh.encode()))
