"""The supervisor and the command line, as an operator meets them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support_product import Product

pytestmark = pytest.mark.e2e


def firstframe(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """One command, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "firstframe", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "COLUMNS": "200", **environment},
    )


def test_one_life(tmp_path: Path) -> None:
    """A product starts, refuses a second one on its folder, says how it is, and stops cleanly on SIGTERM."""
    product = Product(tmp_path / "data").start()
    try:
        product.wait_until(lambda: product.health()["fresh_as_of"], 60, "the fold to have begun")
        second = firstframe(
            "serve", "--data", str(product.data), "--api", "127.0.0.1:0", "--collector", "127.0.0.1:0"
        )
        assert second.returncode == 2
        assert "in use by another firstframe" in second.stderr
        told = firstframe(
            "doctor", "--data", str(product.data), "--collector", product.collector, "--api", product.api
        )
        assert told.returncode == 0, told.stdout
        assert "the engine answers" in told.stdout
        assert "no write key yet" in told.stdout
        assert set(product.roles()) == {"engine", "fold", "fold-1", "alert", "api", "edge"}
    finally:
        assert product.stop() == 0


def test_without_a_given_token_one_is_shown_once(tmp_path: Path) -> None:
    """The first start makes a token that opens the API and shows it; the second start does not know it any more."""
    first = Product(tmp_path / "data", environment={"FIRSTFRAME_API_TOKEN": ""}).start()
    first.wait_until(lambda: "firstframe is running" in log(first), 20, "the welcome")
    first.stop()
    shown = re.search(r"API token\s+(\S+)\s+shown this once", log(first))
    assert shown
    again = Product(tmp_path / "data", environment={"FIRSTFRAME_API_TOKEN": ""}).start()
    try:
        again.token = shown[1]
        assert again.get("/v1/metrics")["data"]
        again.wait_until(lambda: log(again).count("firstframe is running") == 2, 20, "the welcome")
        assert log(again).count(shown[1]) == 1
    finally:
        again.stop()


def log(product: Product) -> str:
    return (product.data / "serve.log").read_text()


def test_keys_close_the_door(tmp_path: Path) -> None:
    """The first write key ends the time when any key is good; a revoked one is refused."""
    product = Product(tmp_path / "data").start()
    body = b'{"view_id": "a", "events": [{"type": "play", "at": 1780000000000}]}'
    try:
        assert product.post("/native/anything/v1/beacons", body) == 202
        made = firstframe("keys", "create", "--kind", "write", "--data", str(product.data))
        key = made.stdout.strip()
        product.wait_until(
            lambda: product.post("/native/anything/v1/beacons", body) in (401, 403), 10, "a refusal"
        )
        assert product.post(f"/native/{key}/v1/beacons", body) == 202
        assert firstframe("keys", "revoke", key, "--data", str(product.data)).returncode == 0
        product.wait_until(
            lambda: product.post(f"/native/{key}/v1/beacons", body) in (401, 403), 10, "a refusal"
        )
        assert "revoked" in firstframe("keys", "list", "--data", str(product.data)).stdout
    finally:
        product.stop()


def test_a_role_that_dies_is_restarted(tmp_path: Path) -> None:
    """Another process takes the place of one that was killed."""
    product = Product(tmp_path / "data").start()
    try:
        before = product.roles()["fold"]
        os.kill(before, signal.SIGKILL)
        product.wait_until(lambda: product.roles().get("fold", before) != before, 30, "another fold worker")
    finally:
        product.stop()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("serve", "--collector", "nowhere"), "HOST:PORT is wanted"),
        (("serve", "--edges", "two"), "--edges"),
        (("serve", "--geo", "/no/such.mmdb"), "/no/such.mmdb"),
        (("serve", "--tls-cert", "/no/such.pem", "--tls-key", "/no/such.key"), "/no/such.pem"),
        (("serve", "--trusted-proxies", "my proxy"), "trusted_proxies is 'my proxy'"),
        (("replay", "--since", "-1h", "--until", "-2h"), "is not before --until"),
        (("refold", "--since", "yesterday"), "yesterday"),
        (("refold", "--dialect", "latin"), "latin"),
        (("keys", "revoke", "nothing"), "no firstframe installation at"),
        (("keys", "list"), "no firstframe installation at"),
        (("migrate",), "no engine runs on"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2, a sentence that names what was wrong, and no traceback."""
    done = firstframe(*arguments, "--data", str(tmp_path / "data"))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_help_reads_well() -> None:
    """Every verb is listed with a sentence, and each has help of its own."""
    told = firstframe("--help").stdout
    for verb in (
        "serve",
        "engine",
        "fold",
        "edge",
        "api",
        "settings",
        "doctor",
        "migrate",
        "refold",
        "replay",
        "keys",
    ):
        assert verb in told
        assert firstframe(verb, "--help").returncode == 0


def take(port: int) -> socket.socket:
    """Listen on a port as soon as who was killed has let go of it."""
    for _ in range(500):
        with suppress(OSError):
            return socket.create_server(("127.0.0.1", port))
        time.sleep(0.02)
    raise AssertionError(f"port {port} does not get free")


def test_an_engine_whose_port_is_taken_is_found_elsewhere(tmp_path: Path) -> None:
    """Another program may get the port in the moment that the engine is down; fold and API follow it to the next one."""
    product = Product(tmp_path / "data").start()
    try:
        assert product.process is not None
        face = product.data / "run" / "engine.json"
        port = json.loads(face.read_bytes())["port"]
        product.process.send_signal(
            signal.SIGSTOP
        )  # or it would start the engine sooner than the port can be had
        product.kill("engine")
        with take(port):
            product.process.send_signal(signal.SIGCONT)
            product.wait_until(
                lambda: json.loads(face.read_bytes())["port"] != port, 60, "the engine to go elsewhere"
            )
        product.wait_until(lambda: product.health() is not None, 60, "the API to ask it there")
        since = datetime.now(UTC)
        product.wait_until(lambda: product.shows(since), 60, "the fold to store there")
    finally:
        assert product.stop() == 0
