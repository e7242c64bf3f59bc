"""Roles on machines of their own: nothing is shared but a Kafka topic, the engine's address and the accounts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from firstframe.clock import epoch_ms
from firstframe.errors import ConfigError
from firstframe.folder import Folder
from support_kafka import PARTITIONS, broker
from support_product import TOKEN, free_port

pytestmark = pytest.mark.e2e


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Starts a role on a data folder of its own, which it answers with."""
    with ExitStack() as stack:

        def start(role: str, *arguments: str, machine: str, **shared: str) -> Path:
            data = tmp_path / machine
            stack.enter_context(_running(role, *arguments, data=data, **shared))
            return data

        yield start


@contextmanager
def _running(role: str, *arguments: str, data: Path, **shared: str) -> Iterator[None]:
    data.mkdir(exist_ok=True)
    variables = {f"FIRSTFRAME_{name.upper()}": value for name, value in shared.items()}
    with (data / f"{role}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "firstframe", role, "--data", str(data), *arguments],
            env={**os.environ, **variables},
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def wait_for(found: Callable[[], Any], what: str, seconds: float = 120) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            answer = found()
        except (OSError, ConfigError):
            answer = None
        if answer:
            return answer
        time.sleep(0.2)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def get(api: str, path: str) -> Any:
    request = urllib.request.Request(f"http://{api}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def post(collector: str, view: str, *types: str) -> int:
    now = epoch_ms()
    events = [{"type": kind, "at": now - (len(types) - at) * 1_000} for at, kind in enumerate(types)]
    body = json.dumps({"view_id": view, "context": {"video_id": "trailer"}, "events": events}).encode()
    with urllib.request.urlopen(f"http://{collector}/v1/beacons", data=body, timeout=30) as answer:
        return int(answer.status)


def test_views_of_two_collectors_are_one_answer(tmp_path: Path, started: Callable[..., Path]) -> None:
    """Two collectors, folds on two machines, the engine and the API each on one more; fresh, and asked for."""
    with broker() as kafka:
        home = started("engine", machine="engine-home")
        shared = {
            "journal": kafka.topic("beacons"),
            "journal_partitions": str(PARTITIONS),
            "engine": wait_for(lambda: Folder(home).engine_face().url, "the engine"),
            "accounts": f"sqlite:///{tmp_path / 'accounts.db'}",
            "api_token": TOKEN,
        }
        for partition in range(PARTITIONS):
            machine = f"fold-home-{partition % 2}"
            started("fold", "--partition", str(partition), machine=machine, **shared)
        collectors = [f"127.0.0.1:{free_port()}" for _ in range(2)]
        for number, address in enumerate(collectors):
            name = f"edge-{number}"
            started("edge", "--name", name, "--collector", address, machine=name, **shared)
        api = f"127.0.0.1:{free_port()}"
        started("api", "--api", api, machine="api-home", **shared)
        wait_for(lambda: get(api, "/v1/health")["fresh_as_of"], "every fold worker's word")
        for address in collectors:
            wait_for(lambda at=address: post(at, "hello", "impression") == 202, "the collector")
        views = [f"view-{number}" for number in range(20)]
        for number, view in enumerate(views):
            post(collectors[number % 2], view, "play", "playing")
            post(collectors[1 - number % 2], view, "end")
        sent_ms = epoch_ms()
        wait_for(lambda: _fresh_ms(get(api, "/v1/health")) > sent_ms, "freshness")
        asked = "/v1/query?metrics=attempts,plays&group_by=video_id&from=-1h"
        assert get(api, asked)["data"] == [{"video_id": "trailer", "attempts": 20, "plays": 20}]


def _fresh_ms(health: dict[str, Any]) -> float:
    return datetime.fromisoformat(health["fresh_as_of"]).timestamp() * 1_000
