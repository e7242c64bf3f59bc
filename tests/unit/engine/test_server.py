"""The process: what it acknowledged survives a kill, it stops when asked, and it shares its folder with nobody."""

import random
import shutil
import signal
import subprocess
import sys
import threading

import httpx
import pytest

import support_engine
from firstframe.engine.client import Engine
from firstframe.engine.server import _check_links, owned, run
from firstframe.errors import ConfigError, EngineError

KILLS = 4
_OWN = """
import sys
from pathlib import Path
from firstframe.engine.server import owned
with owned(Path(sys.argv[1])):
    pass
"""


def _url(port: int, database: str = "default") -> str:
    return f"clickhouse://default:{support_engine.WRITE_PASSWORD}@127.0.0.1:{port}/{database}"


def _insert_until_it_dies(engine: Engine, first: int, acknowledged: list[int]) -> None:
    """Rows in small blocks, each under its token; the numbers of those that were acknowledged."""
    number = first
    while True:
        try:
            engine.insert("kept", ("n",), [(number + index,) for index in range(10)], token=str(number))
        except EngineError:
            return
        acknowledged.extend(range(number, number + 10))
        number += 10


@pytest.mark.faults
def test_what_was_acknowledged_survives_a_kill(tmp_path):
    """After each kill -9 amid inserts, every acknowledged row is there, and none twice even when sent again."""
    chance = random.Random(5)
    acknowledged: list[int] = []
    for turn in range(KILLS):
        port = support_engine.free_port()
        process = support_engine.start(tmp_path, port)
        engine = Engine.connect(_url(port))
        engine.command(
            "CREATE TABLE IF NOT EXISTS kept (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS"
            " non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1"
        )
        for number in acknowledged[-100::10]:
            again = [(number + index,) for index in range(10)]
            engine.insert("kept", ("n",), again, token=str(number))
        rows = [n for (n,) in engine.query("SELECT n FROM kept").rows]
        assert len(rows) == len(set(rows))
        assert set(acknowledged) <= set(rows)
        threads = [
            threading.Thread(
                target=_insert_until_it_dies, args=(engine, (turn * 3 + each) * 10**6, acknowledged)
            )
            for each in range(3)
        ]
        for thread in threads:
            thread.start()
        threading.Event().wait(chance.uniform(0.2, 0.8))
        process.kill()
        process.wait()
        for thread in threads:
            thread.join()
        engine.close()
    assert len(acknowledged) > KILLS * 10


def test_sigterm_lets_a_running_insert_finish(tmp_path):
    """An insert whose body is still coming when the signal arrives is taken whole, and is there afterwards."""
    port = support_engine.free_port()
    process = support_engine.start(tmp_path, port)
    auth = ("default", support_engine.WRITE_PASSWORD)
    url = f"http://127.0.0.1:{port}/"
    httpx.post(url, content="CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n", auth=auth, timeout=30)

    def body():
        yield b"1\n" * 100
        # What is answered later was read later: by then the insert has begun.
        httpx.post(url, content="SELECT 1", auth=auth, timeout=30)
        process.send_signal(signal.SIGTERM)
        for _ in range(5):
            threading.Event().wait(0.1)
            yield b"2\n" * 100

    answer = httpx.post(
        url, params={"query": "INSERT INTO t FORMAT TSV"}, content=body(), auth=auth, timeout=60
    )
    assert answer.status_code == 200
    assert process.wait(60) == 0
    port = support_engine.free_port()
    process = support_engine.start(tmp_path, port)
    try:
        assert Engine.connect(_url(port)).query("SELECT count() FROM t").rows == [(600,)]
    finally:
        assert support_engine.stop(process) == 0


def test_it_stops_while_it_starts(tmp_path):
    """Its supervisor is killed before chDB is loaded: nobody would end it later, and no other could have its folder."""
    process = support_engine.begin(tmp_path, support_engine.free_port())
    try:
        while not (tmp_path / "firstframe.lock").exists():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()


def test_a_folder_has_one_engine(tmp_path):
    """A second one is refused, and told whose the folder is."""
    with owned(tmp_path):
        second = subprocess.run(
            [sys.executable, "-c", _OWN, str(tmp_path)], capture_output=True, text=True, check=False
        )
    assert second.returncode == 1
    assert "is in use by process" in second.stderr
    with owned(tmp_path):
        pass


@pytest.mark.parametrize("host", ["", "192.0.2.1", "example.org", "::"])
def test_it_listens_on_loopback_only(tmp_path, host):
    """The engine is never put where others reach it."""
    with pytest.raises(ConfigError, match="loopback"):
        run(tmp_path, host, 0, write_password="x", read_password="", memory_bytes=1, query_seconds=1)


def test_it_wants_a_password(tmp_path):
    """An empty write password would be an open door."""
    with pytest.raises(ConfigError, match="password"):
        run(tmp_path, "127.0.0.1", 0, write_password="", read_password="", memory_bytes=1, query_seconds=1)


def test_a_copy_that_followed_the_links_is_told_of_and_can_be_mended(tmp_path):
    """A backup by other means than cp -a: the engine says what it is, and what to remove; then every row is there."""
    port = support_engine.free_port()
    process = support_engine.start(tmp_path / "original", port)
    Engine.connect(_url(port)).command("CREATE DATABASE kept")
    Engine.connect(_url(port, "kept")).command("CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n")
    Engine.connect(_url(port, "kept")).insert("kept", ("n",), [(7,)])
    support_engine.stop(process)
    shutil.copytree(tmp_path / "original", tmp_path / "copy")
    columns = tmp_path / "copy" / "columns"
    with pytest.raises(ConfigError, match=f"{columns}/metadata/kept is a folder.* remove"):
        _check_links(columns)
    shutil.rmtree(columns / "metadata" / "kept")
    shutil.rmtree(columns / "data")
    _check_links(columns)
    process = support_engine.start(tmp_path / "copy", port)
    try:
        assert Engine.connect(_url(port, "kept")).query("SELECT n FROM kept").rows == [(7,)]
    finally:
        support_engine.stop(process)
