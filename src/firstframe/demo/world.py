"""What there is in the demo's world, as shapes; the tables that fill them are in `tables`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

import msgspec

HOUR_MS = 3_600_000


class Weighted(Protocol):
    """Anything that is picked by how frequent it is."""

    @property
    def weight(self) -> float: ...


Thing = TypeVar("Thing", bound=Weighted)


class Title(msgspec.Struct, frozen=True, kw_only=True):
    """Something to watch."""

    id: str
    name: str
    weight: float
    duration_ms: int
    """0 for the live channel."""
    finish: float
    """The share of its viewers who stay to the end."""
    series: str | None = None
    has_ads: bool = False
    barred_region: str | None = None
    """Where its rights do not reach."""
    asset: str = ""
    """Its path on a CDN, where it is not the usual one."""

    @property
    def live(self) -> bool:
        return self.duration_ms == 0


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where viewers are."""

    city: str
    country: str
    continent: str
    region: str
    """The part of the world that shares delivery."""
    time_zone: str
    language: str
    address: str
    """The beginning of an address of a large access network there: three numbers."""
    weight: float


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A browser on a device."""

    name: str
    user_agent: str
    screen: tuple[int, int]
    player: tuple[int, int]
    """Size of the player on the page."""
    slowness: float
    """1 is a good desktop: how much longer the player takes, and how many more frames it drops."""
    weight: float
    hints: Mapping[str, str] = {}


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """How a viewer is connected."""

    name: str
    bps: int
    latency_ms: int
    startup_ms: int
    """The usual wait for a first frame."""
    stalls_per_hour: float
    weight: float


class Cdn(msgspec.Struct, frozen=True, kw_only=True):
    """Who delivers."""

    name: str
    host: str
    slowness: float
    """On startup and stalls; 1 is good."""
    failures: float
    """The share of attempts that fail on it."""
    weight: float


class Rendition(msgspec.Struct, frozen=True):
    """One step of the ladder."""

    bitrate_bps: int
    width: int
    height: int


class Fault(msgspec.Struct, frozen=True):
    """Something that goes wrong, in each dialect's words: (code, message)."""

    name: str
    business: bool
    words: Mapping[str, tuple[str, str]]


class Player(msgspec.Struct, frozen=True, kw_only=True):
    """What plays and reports."""

    name: str
    version: str
    software: str
    software_version: str
    sdk_version: str


class Speech(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks a dialect, and what of a view it has words for."""

    dialect: str
    player: Player
    weight: float
    ads: bool
    business: bool
    """Knows rules that forbid the playing from failures."""


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One CDN in one region, broken for a while."""

    cdn: str
    region: str
    begin_ms: int
    end_ms: int
    slowness: float
    failures: float
    fault: str


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that viewers are made of."""

    titles: Sequence[Title]
    places: Sequence[Place]
    clients: Sequence[Client]
    networks: Sequence[Network]
    cdns: Sequence[Cdn]
    ladder: Sequence[Rendition]
    faults: Mapping[str, Fault]
    speeches: Sequence[Speech]
    day: Sequence[float]
    """How many watch in each hour of the local day; 1 is the busiest."""
    experiments: Sequence[str]
    plans: Sequence[str]
    page: str
    """Where the player stands."""
    incident: Incident | None = None

    def struck_by(self, cdn: Cdn, place: Place, at_ms: int) -> Incident | None:
        """The incident, where it is what this viewer meets."""
        found = self.incident
        if found is None or (cdn.name, place.region) != (found.cdn, found.region):
            return None
        return found if found.begin_ms <= at_ms < found.end_ms else None

    def busy(self, at_ms: int, region: str | None = None) -> float:
        """How much of the greatest crowd of all places watches now, everywhere or in one region."""
        total = sum(place.weight for place in self.places)
        here = [place for place in self.places if region in (None, place.region)]
        return sum(place.weight * self.crowd(place, at_ms) for place in here) / total

    def crowd(self, place: Place, at_ms: int) -> float:
        """How many of a place's viewers watch now, by its local time."""
        local = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(place.time_zone))
        now, then = self.day[local.hour], self.day[(local.hour + 1) % len(self.day)]
        return now + (then - now) * local.minute / 60


def pick(chance: Random, things: Sequence[Thing]) -> Thing:
    """One of them, by weight."""
    return chance.choices(things, [thing.weight for thing in things])[0]
