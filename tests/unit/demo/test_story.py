"""Stories: the same for the same seed, true to the timeline's rules, and like life in their proportions."""

from __future__ import annotations

from random import Random

import pytest

import support_demo as demo
from firstframe.demo.arrival import past
from firstframe.demo.incident import with_incident
from firstframe.demo.story import tell
from firstframe.demo.tables import world
from firstframe.demo.world import HOUR_MS
from firstframe.view.event import Kind

DAY_MS = 24 * HOUR_MS


@pytest.mark.parametrize("seed", range(40))
def test_a_story_and_the_timeline_agree_on_every_state(seed: int):
    """The stretches that voices speak from are what the product's state machine makes of the steps."""
    script = demo.script_of(seed, "native", demo.STORMY)
    states = [(each.state, each.start_ms, each.end_ms) for each in script.stretches]
    spans = [(each.state, each.start_ms, each.end_ms) for each in demo.truth_of(script).spans]
    assert spans[:-1] == states[: len(spans) - 1]
    assert spans[-1][:2] == states[len(spans) - 1][:2]


@pytest.mark.parametrize("seed", range(40))
def test_time_only_goes_forward_and_leaves_no_gap(seed: int):
    """No two steps share an instant, and each stretch begins where the one before ends."""
    script = demo.script_of(seed, "mux", demo.STORMY)
    times = [step.at_ms for step in script.steps]
    assert times == sorted(times)
    assert len(set(times)) == len(times)
    ends = [each.end_ms for each in script.stretches]
    assert [each.start_ms for each in script.stretches[1:]] == ends[:-1]


def test_the_same_seed_tells_the_same_story():
    """Nothing but the world, the seed and the time is in a story."""
    assert demo.script_of(11, "livepeer") == demo.script_of(11, "livepeer")


def test_titles_end_where_they_end():
    """Nobody plays beyond the end of a title, and the live channel has none."""
    for seed in range(60):
        script = demo.script_of(seed, "native")
        if not script.title.live:
            assert max(step.playhead_ms for step in script.steps) <= script.title.duration_ms + 1


def test_the_incident_strikes_one_cdn_in_one_region_for_its_time():
    """While it lasts, attempts there fail with its one code and start late; elsewhere and later all is well."""
    scene = with_incident(world(), demo.START_MS - 5 * HOUR_MS, demo.START_MS)
    struck_ms = scene.incident.begin_ms
    chance = Random(5)
    struck, spared = [], []
    for _ in range(900):
        script = tell(scene, chance, struck_ms, dialects=("native",))
        here = (script.cdn.name, script.place.region) == (scene.incident.cdn, scene.incident.region)
        (struck if here else spared).append(script)
    assert "EDGE_504" in codes(struck)
    assert "EDGE_504" not in codes(spared)
    assert mean_startup(struck) > 2 * mean_startup(spared)
    later = [tell(scene, chance, scene.incident.end_ms, dialects=("native",)) for _ in range(300)]
    assert "EDGE_504" not in codes(later)


def test_the_incident_lies_in_the_past_that_is_sent_or_soon():
    """With hours of past it is within them, where the crowd is; without, it comes minutes after the start."""
    for hours in (0.1, 4, 23):
        begin = demo.START_MS - round(hours * HOUR_MS)
        found = with_incident(world(), begin, demo.START_MS).incident
        assert begin < found.begin_ms < found.end_ms < demo.START_MS
    assert with_incident(world(), demo.START_MS, demo.START_MS).incident.begin_ms > demo.START_MS


def test_as_many_watch_at_once_as_asked_for_at_the_busiest_hour():
    """The crowd of the busiest hours comes near the wanted number, and that of the quietest does not."""
    begin = demo.START_MS
    told = list(
        past(world(), Random(4), (begin, begin + DAY_MS), viewers=12, dialects=(), with_address=False)
    )
    counts = [
        sum(script.start_ms <= at_ms < script.end_ms for script in told)
        for at_ms in range(begin + HOUR_MS, begin + DAY_MS, HOUR_MS // 4)
    ]
    busiest = sorted(counts)[-len(counts) // 8 :]
    assert 8 <= sum(busiest) / len(busiest) <= 22
    assert sum(counts) / len(counts) < 12


def codes(scripts) -> set[str]:
    errors = [script.first(Kind.ERROR) for script in scripts]
    return {error.code for error in errors if error}


def mean_startup(scripts) -> float:
    started = [script.startup_ms for script in scripts if script.at(Kind.PLAYING)]
    return sum(started) / len(started)


def test_a_day_has_its_busy_evening_and_its_quiet_night():
    """Over the hours of a day the arrivals follow the crowd of the places, in order of time."""
    scene = world()
    span = (demo.START_MS, demo.START_MS + DAY_MS)
    told = list(past(scene, Random(3), span, viewers=8, dialects=("bitmovin",), with_address=True))
    starts = [script.start_ms for script in told]
    assert starts == sorted(starts)
    assert all(span[0] <= start < span[1] for start in starts)
    assert all(script.is_past and script.address for script in told)
    hours = [sum((start - span[0]) // HOUR_MS == hour for start in starts) for hour in range(24)]
    busy = [scene.busy(span[0] + hour * HOUR_MS + HOUR_MS // 2) for hour in range(24)]
    quiet = sorted(range(24), key=busy.__getitem__)
    assert sum(hours[hour] for hour in quiet[:8]) < sum(hours[hour] for hour in quiet[-8:])
