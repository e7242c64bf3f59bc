"""One viewer's script: who watches what, and what happens when, in the timeline's own words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import msgspec

from firstframe.demo.world import Cdn, Client, Network, Place, Player, Title
from firstframe.view.event import Kind, TimelineEvent
from firstframe.view.record import State


class Stretch(msgspec.Struct, frozen=True):
    """A time in one state, and where the playhead stood when it began."""

    state: State
    start_ms: int
    end_ms: int
    playhead_ms: int

    def within(self, since_ms: float, until_ms: float) -> int:
        """How much of it lies between two times."""
        return max(0, int(min(self.end_ms, until_ms) - max(self.start_ms, since_ms)))


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """One view, before any SDK has put it into words."""

    dialect: str
    view_id: str
    session_id: str
    viewer_id: str
    title: Title
    place: Place
    client: Client
    network: Network
    cdn: Cdn
    player: Player
    experiment: str
    plan: str
    page: str
    frames_lost_per_minute: float
    autoplay: bool
    steps: Sequence[TimelineEvent]
    stretches: Sequence[Stretch]
    """The same as states, from the page request to the end, without gaps."""
    cut_ms: int | None = None
    """When the viewer's machine fell silent for good, without a word."""
    is_past: bool = False
    """It is delivered long after it happened."""
    address: str | None = None
    """Where the request says it comes from, if it says so."""

    @property
    def start_ms(self) -> int:
        return self.steps[0].at_ms

    @property
    def end_ms(self) -> int:
        return self.stretches[-1].end_ms

    @property
    def source(self) -> str:
        """The manifest's address."""
        path = self.title.asset or f"hls/{self.title.id}/index.m3u8"
        return f"https://{self.cdn.host}/{path}"

    @property
    def page_url(self) -> str:
        return f"{self.page}/{self.title.id}"

    def first(self, kind: Kind) -> TimelineEvent | None:
        """The first step of a kind."""
        return next((step for step in self.steps if step.kind is kind), None)

    def at(self, kind: Kind) -> int | None:
        """When the first step of a kind is."""
        found = self.first(kind)
        return found.at_ms if found else None

    @property
    def startup_ms(self) -> int:
        """The wait for the first frame of ad or content, or until there was none to wait for."""
        startups = [stretch for stretch in self.stretches if stretch.state is State.STARTUP]
        return startups[0].end_ms - startups[0].start_ms if startups else 0


class Tape:
    """What had happened by any instant of a script."""

    def __init__(self, script: Script) -> None:
        self._stretches = script.stretches
        self._starts = [stretch.start_ms for stretch in script.stretches]
        self._sums: dict[State, list[int]] = {}  # time in a state before each stretch
        self._begins: dict[State, list[int]] = {}
        for number, each in enumerate(script.stretches):
            self._begins.setdefault(each.state, []).append(each.start_ms)
            self._sums.setdefault(each.state, [0] * number)
            for state, sums in self._sums.items():
                spent = self._stretches[number - 1] if number else None
                more = spent.end_ms - spent.start_ms if spent and spent.state is state else 0
                sums.append((sums[-1] if sums else 0) + more)
        self._lost = script.frames_lost_per_minute
        self._shown = _Steps(script, Kind.RENDITION)
        self._delays = _Steps(script, Kind.LATENCY)

    def stretch(self, at_ms: float) -> Stretch:
        """The stretch that an instant falls in; at a border the later one."""
        return self._stretches[max(0, bisect_right(self._starts, at_ms) - 1)]

    def state(self, at_ms: float) -> State:
        return self.stretch(at_ms).state

    def playhead(self, at_ms: float) -> int:
        """Where the playhead stands."""
        found = self.stretch(at_ms)
        moved = found.within(found.start_ms, at_ms) if found.state is State.PLAYING else 0
        return found.playhead_ms + moved

    def spent(self, *states: State, since_ms: float = float("-inf"), until_ms: float = float("inf")) -> int:
        """Time in any of the states between two instants."""
        return sum(self._until(state, until_ms) - self._until(state, since_ms) for state in states)

    def _until(self, state: State, at_ms: float) -> int:
        """Time in a state up to an instant."""
        sums = self._sums.get(state)
        number = bisect_right(self._starts, at_ms) - 1
        if sums is None or number < 0:
            return 0
        found = self._stretches[number]
        return sums[number] + (found.within(found.start_ms, at_ms) if found.state is state else 0)

    def begun(self, state: State, since_ms: float, until_ms: float) -> int:
        """How many stretches of a state begin in (since, until]."""
        begins = self._begins.get(state, ())
        return bisect_right(begins, until_ms) - bisect_right(begins, since_ms)

    def ranges(self, until_ms: float) -> list[tuple[int, int]]:
        """Media played by then, what overlaps joined."""
        played: list[tuple[int, int]] = []
        for each in self._stretches:
            length = each.within(each.start_ms, until_ms) if each.state is State.PLAYING else 0
            if length:
                played.append((each.playhead_ms, each.playhead_ms + length))
        return union(played)

    def frames_lost(self, until_ms: float) -> int:
        """Frames dropped by then."""
        return int(self.spent(State.PLAYING, until_ms=until_ms) / 60_000 * self._lost)

    def rendition(self, at_ms: float) -> TimelineEvent | None:
        """What is shown then."""
        return self._shown.last(at_ms)

    def latency(self, at_ms: float) -> TimelineEvent | None:
        """The last measurement of a live picture's delay."""
        return self._delays.last(at_ms)


class _Steps:
    """The steps of one kind, to be looked up by time."""

    def __init__(self, script: Script, kind: Kind) -> None:
        self._steps = [step for step in script.steps if step.kind is kind]
        self._times = [step.at_ms for step in self._steps]

    def last(self, at_ms: float) -> TimelineEvent | None:
        """The last one up to an instant."""
        number = bisect_right(self._times, at_ms)
        return self._steps[number - 1] if number else None


def union(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same media without overlap, in order."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def beats(start_ms: int, end_ms: int, every_ms: int) -> range:
    """The ticks of a timer that starts then, up to the end."""
    return range(start_ms + every_ms, end_ms, every_ms)


def heartbeats(script: Script, every_ms: int) -> list[TimelineEvent]:
    """A beat every so often while the viewer tries to watch, for those who speak in events."""
    tape = Tape(script)
    quiet = (State.IDLE, State.PAUSE, State.FAILED)
    taken = {step.at_ms for step in script.steps}
    return [
        TimelineEvent(kind=Kind.HEARTBEAT, at_ms=at_ms, playhead_ms=tape.playhead(at_ms))
        for at_ms in beats(script.start_ms, script.end_ms, every_ms)
        if tape.state(at_ms) not in quiet and at_ms not in taken
    ]
