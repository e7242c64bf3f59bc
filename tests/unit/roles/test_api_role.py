"""The API as a process: it answers, tells how fresh it is, and ends its streams when it is told to stop."""

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from firstframe.folder import Folder
from firstframe.settings import Settings
from support_engine import free_port

TOKEN = "a-token-of-the-test"
SERVE = """
import sys
from firstframe.roles.api import api
from firstframe.settings import Settings
api(Settings(data=sys.argv[1], api=sys.argv[2], engine=sys.argv[3], api_token=sys.argv[4]))
"""


def get(address, path, token=None):
    """Open a route; a refusal is an answer too."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        return urllib.request.urlopen(
            urllib.request.Request(f"http://{address}{path}", headers=headers), timeout=20
        )
    except urllib.error.HTTPError as error:
        return error


def wait_for(address, process):
    """The first answer of the health route."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return get(address, "/v1/health")
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the API did not answer")


@pytest.mark.engine
def test_streams_end_when_told_to_stop(engine, tmp_path) -> None:
    """It answers, keeps a stream open, and after SIGTERM ends the stream and itself without a fault."""
    target = engine.target
    url = f"clickhouse://{target.user}:{target.password}@{target.host}:{target.port}/{target.database}"
    address = f"127.0.0.1:{free_port()}"
    for worker in range(Settings().journal_partitions):
        Folder(tmp_path).make().progress_file(worker).write_bytes(
            b'{"fresh_as_of_ms": 1767225600000, "lag_beacons": 0}'
        )
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(tmp_path), address, url, TOKEN])
    try:
        health = json.load(wait_for(address, process))
        assert (health["status"], health["fresh_as_of"]) == ("ok", "2026-01-01T00:00:00Z")
        stream = get(address, "/v1/live?interval=60", TOKEN)
        assert stream.status == 200
        lines = iter(stream.readline, b"")
        assert any(line.startswith(b"data:") for line in lines)
        process.send_signal(signal.SIGTERM)
        assert not any(line.startswith(b"data:") for line in lines)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.engine
def test_without_an_engine(tmp_path) -> None:
    """While the engine is away health is 503, and questions are told to come back."""
    address = f"127.0.0.1:{free_port()}"
    url = f"clickhouse://default:x@127.0.0.1:{free_port()}/nothing"
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(tmp_path), address, url, TOKEN])
    try:
        assert wait_for(address, process).status == 503
        answer = get(address, "/v1/query?metrics=attempts", TOKEN)
        assert answer.status == 503
        assert answer.headers["Retry-After"]
        assert json.load(answer)["error"]["code"] == "engine_unavailable"
    finally:
        process.kill()
        process.wait()


@pytest.mark.engine
@pytest.mark.parametrize("database", ["not_made_yet", "default"])
def test_an_engine_without_tables_is_one_to_come_back_to(tmp_path, engine_url, database) -> None:
    """At a first start the API is there a moment before the database is, and that before its tables."""
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path), address, f"{engine_url}/{database}", TOKEN]
    )
    try:
        wait_for(address, process)
        answer = get(address, "/v1/query?metrics=attempts", TOKEN)
        assert (answer.status, json.load(answer)["error"]["code"]) == (503, "engine_unavailable")
    finally:
        process.kill()
        process.wait()
