"""Who watches what, where, on what and through whom: one draw from the world's tables."""

from __future__ import annotations

from collections.abc import Collection
from random import Random

import msgspec

from firstframe.demo.world import Cdn, Client, Network, Place, Speech, Title, World, pick


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """Who is in a story."""

    speech: Speech
    title: Title
    place: Place
    client: Client
    network: Network
    cdn: Cdn


def cast_of(world: World, chance: Random, at_ms: int, dialects: Collection[str]) -> Cast:
    """Who is in a story that begins at a time."""
    speeches = [speech for speech in world.speeches if not dialects or speech.dialect in dialects]
    crowds = [place.weight * world.crowd(place, at_ms) for place in world.places]
    place = chance.choices(world.places, crowds)[0]
    return Cast(
        speech=pick(chance, speeches),
        title=pick(chance, world.titles),
        place=place,
        client=pick(chance, world.clients),
        network=pick(chance, world.networks),
        cdn=pick(chance, world.cdns),
    )
