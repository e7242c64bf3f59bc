"""Roles frozen, an engine away, disks that fill up and are freed: the collector stays honest, nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

import support_disk
from firstframe.engine.client import Engine
from firstframe.errors import ConfigError, EngineError
from firstframe.folder import Folder
from support_attack import HOW_HARD, seen
from support_disk import fill, mounted, reserve_file
from support_load import Load
from support_product import Product
from support_proof import Proof, settle

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3_000)]

SPARE_FILES = 25
"""A kept connection or a segment more is no growth."""
LARGE_MIB, SMALL_MIB = 600, 128
BALLAST_MIB = 64
PADDING_BYTES = 48 * 2**10


def posting(product: Product, threads: int = 2, pause: float = 0.02, padding_bytes: int = 0) -> Load:
    return Load(
        lambda path, body: product.post(path, body, timeout=10),
        threads=threads,
        pause=pause,
        padding_bytes=padding_bytes,
    ).start()


def await_views(product: Product) -> None:
    """Wait until something that was sent can be asked about: then everything has been started to its end."""

    def stored() -> bool:
        with (
            suppress(EngineError, ConfigError),
            closing(Engine.connect(Folder(product.data).engine_face().url)) as engine,
        ):
            return engine.query("SELECT count() > 0 FROM views").rows == [(1,)]
        return False

    product.wait_until(stored, 120, "the first view")


def keeping(product: Product) -> Callable[[str, bytes], int]:
    """Posts over one connection of each thread: as fast as it goes, one for each beacon would use up all ports."""
    host, _, port = product.collector.partition(":")
    own = threading.local()

    def post(path: str, body: bytes) -> int:
        connection = getattr(own, "connection", None) or HTTPConnection(host, int(port), timeout=10)
        own.connection = None
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            connection.close()
            return 0
        own.connection = connection
        return answer.status

    return post


def test_a_frozen_role_costs_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Each role in turn is frozen under load and wakes up again: nothing is lost, and no file stays open for it."""
    product = Product(tmp_path / "data").start()
    load = posting(product)
    try:
        await_views(product)
        before = product.open_files()
        for role in ("engine", "fold", "fold-1", "api", "edge"):
            product.signal(role, signal.SIGSTOP)
            time.sleep(HOW_HARD.frozen_seconds)
            product.signal(role, signal.SIGCONT)
            taken = load.accepted
            product.wait_until(lambda taken=taken: load.accepted > taken, 60, "beacons to be taken")
        proof = settle(product, load, 300)
        product.wait_until(lambda: not grown(before, product.open_files()), 120, "files to be closed")
    finally:
        load.stop()
        product.stop()
    seen(
        "roles frozen",
        seconds_each=HOW_HARD.frozen_seconds,
        beacons_acknowledged=load.accepted,
        beacons_not_answered=load.refused,
        events_proved=proof.acknowledged,
        views_recomputed=proof.views,
    )


def test_the_collector_accepts_while_the_engine_is_away(tmp_path: Path) -> None:
    """With the engine frozen, then dying whenever it starts, every beacon is answered 2xx and seen afterwards."""
    product = Product(tmp_path / "data").start()
    load = Load(keeping(product), threads=4, pause=0).start()
    try:
        time.sleep(2)
        before = load.accepted
        product.signal("engine", signal.SIGSTOP)
        time.sleep(HOW_HARD.away_seconds / 2)
        back = time.monotonic() + HOW_HARD.away_seconds / 2
        deaths = 0
        while time.monotonic() < back:
            deaths += product.kill("engine")
            time.sleep(0.5)
        load.stop()
        assert load.accepted > before
        assert load.refused == 0, load.statuses
        returned = time.monotonic()
        proof = settle(product, load, 900)
    finally:
        load.stop()
        product.stop()
    seen(
        "engine away",
        seconds=HOW_HARD.away_seconds,
        deaths=deaths,
        beacons_acknowledged=load.accepted,
        beacons_refused=load.refused,
        seconds_to_catch_up_and_prove=round(time.monotonic() - returned),
        events_proved=proof.acknowledged,
        views_recomputed=proof.views,
    )


def grown(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """The roles that hold many more files open than before; the engine's level is measured by the soak."""
    return {
        role: count - before[role]
        for role, count in after.items()
        if role != "engine" and count > before.get(role, 0) + SPARE_FILES
    }


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Makes one file system of its own, small enough to fill."""
    with ExitStack() as stack:
        yield lambda mib: stack.enter_context(mounted(tmp_path / "disk", mib))


@contextmanager
def running(product: Product, load: Callable[[], Load]) -> Iterator[Load]:
    """The product under load, both ended afterwards."""
    try:
        product.start()
        under = load()
        try:
            yield under
        finally:
            under.stop()
    finally:
        product.stop()


def refused_then_free(product: Product, load: Load, ballast: Path, wait_seconds: float) -> None:
    """Wait for refusals, free the disk, wait until beacons are taken again."""
    empty = b'{"view_id": "x", "events": []}'
    product.wait_until(lambda: product.post("/v1/beacons", empty) == 503, wait_seconds, "a refusal")
    refused = load.refused
    product.wait_until(lambda: load.refused > refused + 5, 30, "more refusals")
    time.sleep(5)
    taken = load.accepted
    ballast.unlink()
    product.wait_until(lambda: load.accepted > taken + 20, 60, "the collector to take beacons again")


@contextmanager
def on_a_full_disk(disk: Callable[[int], Path]) -> Iterator[tuple[Product, Load, Path]]:
    """The product under load on a disk that something else has filled, and what filled it."""
    folder = disk(LARGE_MIB)
    product = Product(folder / "data")
    with running(product, lambda: posting(product)) as load:
        product.wait_until(lambda: len(load.acknowledged) > 25, 60, "some views to be taken")
        fill(folder / "ballast")
        yield product, load, folder / "ballast"


def test_a_full_disk_is_said_and_nothing_acknowledged_is_lost(disk: Callable[[int], Path]) -> None:
    """On a disk that others fill the collector answers 503, takes beacons again with room, and lost none it took."""
    with on_a_full_disk(disk) as (product, load, ballast):
        refused_then_free(product, load, ballast, 30)
        show("a disk that others fill", load, settle(product, load))


def test_a_start_on_a_full_disk_waits_for_room(disk: Callable[[int], Path]) -> None:
    """No role dies of it; with room again all goes on, and what was taken before is there."""
    with on_a_full_disk(disk) as (product, load, ballast):
        product.stop()
        product.start()
        product.wait_until(lambda: {"fold", "fold-1"} <= product.roles().keys(), 60, "both fold workers")
        roles = product.roles()
        time.sleep(10)
        assert product.roles() == roles
        refused_then_free(product, load, ballast, 30)
        show("a start on a full disk", load, settle(product, load))


@pytest.mark.parametrize("mib", [SMALL_MIB])
def test_a_disk_that_we_fill_ourselves_is_never_filled_to_the_brim(
    disk: Callable[[int], Path], mib: int
) -> None:
    """A small disk that the load itself fills: refused in time for the engine to store what was taken."""
    folder = disk(mib)
    reserve_file(folder / "ballast", mib * BALLAST_MIB // SMALL_MIB)
    product = Product(folder / "data")
    with running(product, lambda: posting(product, pause=0.01, padding_bytes=PADDING_BYTES)) as load:
        refused_then_free(product, load, folder / "ballast", 90)
        show("a disk that the load fills", load, settle(product, load))


def show(attack: str, load: Load, proof: Proof) -> None:
    """What was taken and refused, and what was proved of it."""
    seen(
        attack,
        beacons_acknowledged=load.accepted,
        beacons_refused=load.refused,
        events_proved=proof.acknowledged,
        views_recomputed=proof.views,
    )


def test_fewer_days_of_retention_make_room_on_a_full_disk(disk: Callable[[int], Path]) -> None:
    """What the product itself filled is let go at the next start, though merges rest, and beacons are taken again."""
    folder = disk(LARGE_MIB)
    product = Product(folder / "data")
    with running(product, lambda: posting(product)) as load:
        await_views(product)
        engine = Engine.connect(Folder(product.data).engine_face().url)
        # Else the files of what is dropped stay for eight minutes.
        engine.command("ALTER TABLE views MODIFY SETTING old_parts_lifetime = 1")
        for day in range(40, 46):
            engine.command(
                "INSERT INTO views (native_view_text, first_hour, error_message) SELECT toString(number),"
                f" toStartOfHour(now('UTC') - INTERVAL {day} DAY), randomPrintableASCII(400) FROM numbers(50000)"
            )
        days = "SELECT countIf(toDate(first_hour) < yesterday()) > 0 FROM views"
        assert engine.query(days).rows == [(1,)]
        left = os.statvfs(folder)
        reserve_file(folder / "ballast", left.f_bavail * left.f_frsize // 2**20 - 8)
        refused = load.refused
        product.wait_until(lambda: load.refused > refused + 5, 60, "refusals")
        product.stop()
        product.environment["FIRSTFRAME_VIEW_RETENTION_DAYS"] = "30"
        product.start()
        taken = load.accepted
        product.wait_until(lambda: load.accepted > taken + 20, 240, "the collector to take beacons again")
        settle(product, load)
        engine.close()
        engine = Engine.connect(Folder(product.data).engine_face().url)
        assert engine.query(days).rows == [(0,)]
        engine.close()


CHANGE_WITHOUT_ROOM = """
import os, sys
from pathlib import Path
from firstframe.engine.keeper import Keeper
from firstframe.engine.session import Sessions
from support_disk import fill

folder, ballast, amid = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
sessions = Sessions(folder / "columns")
session = sessions.open()
keeper = Keeper(folder, sessions.open)
keeper.with_definitions(lambda: session.whole(b"CREATE DATABASE one", "Null"))
keeper.with_definitions(lambda: session.whole(b"CREATE TABLE one.two (a Int64) ENGINE = MergeTree ORDER BY a", "Null"))
keeper.with_room(lambda: session.whole(b"INSERT INTO one.two VALUES (7)", "Null"))

def change():
    fill(ballast)
    session.whole(b"ALTER TABLE one.two ADD COLUMN b Bool", "Null")
    print("changed", flush=True)
    if amid == "killed":
        os._exit(9)

keeper.with_definitions(change)
"""
READ_AGAIN = """
import sys
from pathlib import Path
from firstframe.engine.definition import Definitions
from firstframe.engine.session import Sessions

folder = Path(sys.argv[1])
Definitions(folder).restore()
sessions = Sessions(folder / "columns")
session = sessions.open()
print(session.ask("SELECT * FROM one.two", {}).strip())
session.whole(b"ALTER TABLE one.two ADD COLUMN b Bool", "Null")
print(session.ask("SELECT * FROM one.two", {}).strip())
"""


@pytest.mark.parametrize(("amid", "code"), [("killed", 9), ("short of room", 75)])
def test_a_table_outlives_a_change_without_room(disk: Callable[[int], Path], amid: str, code: int) -> None:
    """A disk that others fill while a table is altered costs the change and the process, never the table."""
    folder = disk(LARGE_MIB)
    engine, ballast = folder / "engine", folder / "ballast"
    engine.mkdir()
    broken = script(CHANGE_WITHOUT_ROOM, engine, ballast, amid)
    assert "changed" in broken.stdout, broken.stderr
    assert broken.returncode == code, broken.stderr
    ballast.unlink()
    whole = script(READ_AGAIN, engine)
    assert whole.stdout.splitlines() == ["7", "7\tfalse"], whole.stderr


def script(text: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A process of its own: the embedded engine is opened once in each."""
    command = [sys.executable, "-c", text, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(Path(support_disk.__file__).parent)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
