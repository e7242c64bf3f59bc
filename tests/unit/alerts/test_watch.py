"""The watch, with the real engine, a real database and a real receiver."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import OperationalError

import support_engine
from firstframe.alerts import courier
from firstframe.alerts import watch as watch_module
from firstframe.alerts.courier import Courier
from firstframe.alerts.incident import Reading
from firstframe.alerts.judge import SILENT_MS, Opened
from firstframe.alerts.meter import AlertMeter
from firstframe.alerts.notice import Notice
from firstframe.alerts.store import AlertStore
from firstframe.alerts.watch import (
    AT_ONCE_EACH,
    CLAIM_MS,
    PATIENCE_MS,
    WAITS_MS,
    Watch,
    keep_doing,
    next_try_ms,
)
from firstframe.engine.client import AsyncEngine, Engine
from firstframe.errors import BadRequest
from support_alert import MINUTE_MS, make_rule, reading
from support_question import DAY_MS, NOW_MS, make_view, store
from support_receiver import Receiver, receiving

WINDOW_MS = 10 * MINUTE_MS


class World:
    """All that a watch works with, and the time, which is ours."""

    def __init__(self, engine: Engine, folder: Path, receiver: Receiver, now_ms: int) -> None:
        self.engine = engine
        self.receiver = receiver
        self.now_ms = now_ms
        self.behind_ms: int | None = 2_000
        self.registry = CollectorRegistry()
        self.store = AlertStore(f"sqlite:///{folder / 'accounts.db'}", now_ms=lambda: self.now_ms)
        self.meter = AlertMeter(self.registry)

    def watch(self, engine: AsyncEngine | None = None) -> Watch:
        return Watch(
            self.store,
            engine or AsyncEngine(self.engine, threads=2),
            Courier(None, private_targets=True),
            fresh_ms=lambda: None if self.behind_ms is None else self.now_ms - self.behind_ms,
            meter=self.meter,
            dashboard_url="https://stats.example",
            retention_ms=DAY_MS,
            now_ms=lambda: self.now_ms,
        )

    def stalls(self, count: int, *, ago_ms: int = MINUTE_MS, project: str = "default") -> None:
        """Views that end so long ago and waited half of their time."""
        names = [f"{self.now_ms}-{n}-{project}" for n in range(count)]
        fields = {"watch_time_ms": 20_000.0, "rebuffer_duration_ms": 10_000.0, "length_ms": 20_000}
        start_ms = self.now_ms - ago_ms - 20_000
        store(
            self.engine, [make_view(name, start_ms, project=project, cdn="wide", **fields) for name in names]
        )

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"firstframe_alert_{name}", labels) or 0.0


@pytest.fixture(scope="module")
def module_engine(engine_url: str) -> Iterator[Engine]:
    with support_engine.fresh(engine_url) as engine:
        yield engine


DAYS = count(1)


@pytest.fixture
def world(module_engine: Engine, tmp_path: Path) -> Iterator[World]:
    """Each on a day of its own, where no other's views are."""
    with receiving() as receiver:
        made = World(module_engine, tmp_path, receiver, NOW_MS + next(DAYS) * DAY_MS)
        yield made
        made.store.close()


def run(*steps: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """One step after the other, in one event loop."""

    async def all_of_them() -> None:
        for step in steps:
            await step()

    asyncio.run(all_of_them())


def hook(world: World, **fields: object) -> list[dict[str, str]]:
    return [{"kind": "webhook", "to": world.receiver.url()}]


def test_what_goes_wrong_is_told_once_and_its_end_too(world: World) -> None:
    alert = world.store.create("default", make_rule(notify=hook(world), group_by=["cdn"]))
    watch = world.watch()
    run(watch.look, watch.send)
    assert world.receiver.posted == []
    world.now_ms += MINUTE_MS
    world.stalls(30)
    run(watch.look, watch.send)
    world.now_ms += MINUTE_MS
    run(watch.look, watch.send)
    (told,) = world.receiver.posted
    assert told.json["type"] == "incident.opened"
    assert told.json["data"]["group"] == {"cdn": "wide"}
    assert told.json["data"]["value"] == 0.5
    world.now_ms += 2 * WINDOW_MS
    run(watch.look, watch.send)
    assert len(world.receiver.posted) == 1, "nothing is heard, which is no recovery"
    good = [
        make_view(
            f"good-{n}", world.now_ms - MINUTE_MS, cdn="wide", watch_time_ms=1.0, rebuffer_duration_ms=0.0
        )
        for n in range(30)
    ]
    world.now_ms += MINUTE_MS
    store(world.engine, good)
    run(watch.look, watch.send)
    over = world.receiver.posted[1].json
    assert (over["type"], over["data"]["reason"]) == ("incident.closed", "recovered")
    assert over["data"]["worst"] == 0.5
    (incident,) = world.store.incidents("default")
    assert incident.alert_id == alert.id
    assert (
        world.counted("incidents_total", event="opened")
        == world.counted("incidents_total", event="closed")
        == 1
    )
    assert world.counted("notices_total", kind="webhook", result="delivered") == 2


def test_a_project_is_watched_for_itself(world: World) -> None:
    world.stalls(30, project="other")
    world.store.create("default", make_rule())
    mine = world.store.create("other", make_rule())
    run(world.watch().look)
    assert [one.alert_id for one in world.store.incidents("other")] == [mine.id]
    assert world.store.incidents("default") == []


def test_a_project_with_slow_alerts_keeps_no_other_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on where it was, and comes to all of them."""
    monkeypatch.setattr(watch_module, "TURN_SECONDS", 0)
    mine = [world.store.create("default", make_rule()) for _ in range(3)]
    other = world.store.create("other", make_rule())
    watch = world.watch()
    for looks in (1, 2, 3):
        run(watch.look)
        checked = [world.store.alert("default", one.id).checked_ms for one in mine]
        assert sum(at is not None for at in checked) == looks
        assert world.store.alert("other", other.id).checked_ms == world.now_ms - 2_000
        seen = world.now_ms - 2_000 if looks == len(mine) else 0
        assert world.counted("seen_timestamp_seconds") == seen / 1000


def test_what_cannot_be_told_any_more_stops_nobody(world: World) -> None:
    world.stalls(30)
    world.store.create("default", make_rule(notify=hook(world)))
    world.store.create("default", make_rule(notify=hook(world), name="Fine"))
    watch = world.watch()
    run(watch.look)
    gone = next(one for one in world.store.incidents("default") if one.rule.name != "Fine")
    rule = msgspec.structs.replace(gone.rule, metric="of_another_version")
    with world.store._engine.begin() as connection:
        world.store._write(connection, msgspec.structs.replace(gone, rule=rule))
    run(watch.send)
    assert [one.json["data"]["name"] for one in world.receiver.posted] == ["Fine"]
    (notice,) = world.store.incident("default", gone.id)[1]
    assert "of_another_version" in (notice.fault or "")


def test_a_paused_alert_is_not_looked_at(world: World) -> None:
    world.stalls(30)
    alert = world.store.create("default", make_rule(is_paused=True))
    run(world.watch().look)
    assert world.store.alert("default", alert.id).checked_ms is None


def test_it_looks_up_to_what_can_be_seen(world: World) -> None:
    world.stalls(30)
    alert = world.store.create("default", make_rule())
    world.behind_ms = None
    watch = world.watch()
    run(watch.look)
    assert world.store.alert("default", alert.id).checked_ms is None
    world.behind_ms = 90_000
    run(watch.look)
    checked = world.store.alert("default", alert.id).checked_ms
    assert checked == world.now_ms - 90_000
    assert world.store.incidents("default") == [], "those views ended after that"
    assert world.counted("seen_timestamp_seconds") == checked / 1000


def test_a_clock_that_is_set_back_blinds_nobody(world: World) -> None:
    alert = world.store.create("default", make_rule())
    watch = world.watch()
    run(watch.look)
    world.now_ms -= 60 * MINUTE_MS
    world.stalls(30)
    run(watch.look)
    assert world.store.alert("default", alert.id).checked_ms == world.now_ms - 2_000
    assert len(world.store.incidents("default")) == 1


def test_an_alert_that_cannot_be_asked_stops_no_other(world: World) -> None:
    world.stalls(30)
    broken = world.store.create("default", make_rule(filters=["video_title:matches:["]))
    fine = world.store.create("default", make_rule())
    run(world.watch().look)
    assert "RE2" in (world.store.alert("default", broken.id).fault or "")
    assert [one.alert_id for one in world.store.incidents("default")] == [fine.id]
    assert world.counted("looks_total", result="failed") == 1
    world.store.replace("default", broken.id, make_rule())
    assert world.store.alert("default", broken.id).fault is None


def test_an_alert_that_cannot_be_asked_for_long_leaves_nothing_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is heard of it, as of one without views."""

    async def too_big(*_: object) -> list[Reading]:
        raise BadRequest("the question is too big")

    world.stalls(30)
    alert = world.store.create("default", make_rule())
    watch = world.watch()
    run(watch.look)
    checked_ms = world.store.alert("default", alert.id).checked_ms
    monkeypatch.setattr(watch_module, "read", too_big)
    world.now_ms += SILENT_MS - 1
    run(watch.look)
    assert [one.is_open for one in world.store.incidents("default")] == [True]
    world.now_ms += 1
    run(watch.look)
    assert [one.reason for one in world.store.incidents("default")] == ["no_data"]
    now = world.store.alert("default", alert.id)
    assert (now.fault, now.checked_ms) == ("the question is too big", checked_ms)


def test_while_the_engine_is_away_nothing_changes(world: World) -> None:
    world.stalls(30)
    alert = world.store.create("default", make_rule())
    away = AsyncEngine.connect(f"clickhouse://default@127.0.0.1:{support_engine.free_port()}/x", 2)
    run(world.watch(away).look)
    assert world.store.alert("default", alert.id) == alert
    run(world.watch().look)
    assert len(world.store.incidents("default")) == 1


def test_a_notice_that_is_not_taken_is_sent_again_until_it_is(world: World) -> None:
    world.stalls(30)
    world.store.create("default", make_rule(notify=hook(world)))
    world.receiver.status = 500
    watch = world.watch()
    run(watch.look, watch.send, watch.send)
    (incident,) = world.store.incidents("default")
    (notice,) = world.store.incident("default", incident.id)[1]
    assert (notice.tries, notice.fault) == (1, "answered with 500")
    assert notice.due_ms == world.now_ms + WAITS_MS[0]
    world.receiver.status = 200
    world.now_ms += WAITS_MS[0]
    run(watch.send)
    first, second = world.receiver.posted
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    (notice,) = world.store.incident("default", incident.id)[1]
    assert (notice.tries, notice.fault, notice.delivered_ms) == (2, None, world.now_ms)


def test_patience_with_a_receiver_begins_when_it_is_told(world: World) -> None:
    """The numbers are a day behind after an outage of the fold; a notice of then is not given up at its first try."""
    world.stalls(30, ago_ms=PATIENCE_MS + MINUTE_MS)
    world.store.create("default", make_rule(notify=hook(world)))
    world.receiver.status, world.behind_ms = 500, PATIENCE_MS
    watch = world.watch()
    run(watch.look, watch.send)
    ((notice,),) = [world.store.incident("default", one.id)[1] for one in world.store.incidents("default")]
    assert (notice.tries, notice.due_ms) == (1, world.now_ms + WAITS_MS[0])


def test_who_died_while_sending_is_followed_by_another(world: World) -> None:
    world.stalls(30)
    world.store.create("default", make_rule(notify=hook(world)))
    run(world.watch().look)
    ((notice, _),) = world.store.due(10)
    assert world.store.claim(notice, world.now_ms + CLAIM_MS)
    run(world.watch().send)
    assert world.receiver.posted == []
    world.now_ms += CLAIM_MS
    run(world.watch().send)
    assert len(world.receiver.posted) == 1


def crowd(world: World, count: int) -> None:
    """So many incidents of one alert, told to a receiver that does not answer in time."""
    alert = world.store.create("default", make_rule(notify=hook(world)))
    world.store.record(
        alert, [Opened(reading(0.5, group={"cdn": str(n)})) for n in range(count)], world.now_ms
    )


def test_who_never_answers_keeps_nobody_else_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many notices are due to the one, the other's goes out beside them."""
    monkeypatch.setattr(courier, "SECONDS", 0.3)
    monkeypatch.setattr(watch_module, "SLOW_SECONDS", 0.2)
    world.receiver.wait_seconds = 1
    crowd(world, 40)
    world.now_ms += 1
    with receiving() as other:
        rule = make_rule(notify=[{"kind": "webhook", "to": other.url()}])
        alert = world.store.create("default", rule)
        world.store.record(alert, [Opened(reading(0.5))], world.now_ms)
        began = time.monotonic()
        run(world.watch().send)
        assert len(other.posted) == 1
    assert len(world.receiver.posted) == AT_ONCE_EACH, "then it is left alone"
    assert time.monotonic() - began < 1.5


def test_what_is_being_sent_is_not_broken_off_where_the_database_fails_for_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = world.store.settle

    def settle_some(notice: Notice, **how: Any) -> None:
        if notice.channel.to != world.receiver.url():
            raise OperationalError("", {}, Exception("database is locked"))
        settle(notice, **how)

    monkeypatch.setattr(world.store, "settle", settle_some)
    world.receiver.wait_seconds = 0.3
    with receiving() as quick:
        notify = [*hook(world), {"kind": "webhook", "to": quick.url()}]
        alert = world.store.create("default", make_rule(notify=notify))
        world.store.record(alert, [Opened(reading(0.5))], world.now_ms)
        with pytest.raises(OperationalError):
            run(world.watch().send)
    (incident,) = world.store.incidents("default")
    slow, other = world.store.incident("default", incident.id)[1]
    if slow.channel.to != world.receiver.url():
        slow, other = other, slow
    assert slow.delivered_ms == world.now_ms
    assert other.delivered_ms is None


def test_who_is_told_to_stop_does_not_send_all_that_is_due_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "STOP_SECONDS", 0.1)
    world.receiver.wait_seconds = 0.2
    crowd(world, 40)

    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.3, stop.set)
        await keep_doing(world.watch().send, 1, stop)

    began = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began < 1
    assert 0 < len(world.receiver.posted) < 20


def test_two_watches_tell_it_once(world: World) -> None:
    world.stalls(30)
    world.store.create("default", make_rule(notify=hook(world)))
    one, other = world.watch(), world.watch()

    async def both(what: str) -> None:
        await asyncio.gather(getattr(one, what)(), getattr(other, what)())

    run(lambda: both("look"), lambda: both("send"))
    assert len(world.store.incidents("default")) == len(world.receiver.posted) == 1


def test_tries_become_rarer_and_end_after_a_day() -> None:
    notice = Notice(
        id="n",
        incident_id="i",
        event="opened",
        channel={"kind": "webhook", "to": "x"},  # type: ignore[arg-type]
        signing_secret="",
        created_ms=0,
        due_ms=0,
    )
    now_ms, tries = 0, 0
    waits = []
    while (again := next_try_ms(msgspec.structs.replace(notice, tries=tries), now_ms)) is not None:
        waits.append(again - now_ms)
        now_ms, tries = again, tries + 1
    assert waits == sorted(waits)
    assert waits[0] == 10_000
    assert PATIENCE_MS <= now_ms <= PATIENCE_MS + WAITS_MS[-1]


def test_what_is_kept_doing_goes_on_while_the_database_is_away(tmp_path: Path) -> None:
    store, tries = AlertStore(f"sqlite:///{tmp_path / 'accounts.db'}"), []
    store._engine.dispose()
    (tmp_path / "accounts.db").write_bytes(b"no database" * 1_000)

    async def main() -> None:
        stop = asyncio.Event()

        async def work() -> None:
            tries.append(1)
            if len(tries) == 3:
                stop.set()
            await asyncio.to_thread(store.alerts)

        await keep_doing(work, 0.01, stop)

    asyncio.run(main())
    assert len(tries) == 3
