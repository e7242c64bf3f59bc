"""The golden vectors: the generic cases, driven as events through both cores, give the rows of the server's fold."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from firstframe.dialects.native import NATIVE
from firstframe.sdk.core import Core, Options
from support_cases import Case, beacon_of, load_cases, run_case
from support_sdk import calls_of, cut, received_at

PACKAGE = Path(__file__).parents[3] / "web" / "collector"
CASES = load_cases("generic")
NAMES = [case["name"] for case in CASES]
Body = dict[str, Any]


def python_bodies(case: Case) -> list[Body]:
    """What the Python core sends."""
    sent: list[str] = []
    for player, calls in calls_of(case).items():
        core = Core(player, Options("http://127.0.0.1:9", "k"), sent.append, calls[0][2])
        for batch in cut(case, calls):
            for name, data, at_ms in batch:
                core.emit(name, data, at_ms)
            core.flush()
    return [json.loads(body) for body in sent]


@pytest.fixture(scope="module")
def browser_bodies() -> dict[str, list[Body]]:
    """What the browser's core sends, for all cases, driven by Node."""
    if not (PACKAGE / "dist" / "core.js").exists():
        pytest.fail("web/collector is not built; `make web` builds it")
    players, owners = [], []
    for case in CASES:
        for player, calls in calls_of(case).items():
            steps: list[Any] = []
            for batch in cut(case, calls):
                steps += [*batch, ["$flush"]]
            players.append({"player": player, "calls": steps})
            owners.append(case["name"])
    node = shutil.which("node")
    assert node
    done = subprocess.run(
        [node, "test/drive.mjs"],
        cwd=PACKAGE,
        input=json.dumps(players),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[Body]] = {name: [] for name in NAMES}
    for name, bodies in zip(owners, json.loads(done.stdout), strict=True):
        found[name] += bodies
    return found


def folds_as_expected(case: Case, bodies: list[Body]) -> None:
    """Delivered twice and in the wrong order, the bodies give the rows that the case expects."""
    beacons = [beacon_of(json.dumps(body).encode(), received_at(case, body)) for body in bodies]
    readings = [NATIVE.parse(beacon) for beacon in [*reversed(beacons), *beacons]]
    assert [reject for reading in readings for reject in reading.rejects] == []
    run_case(case, [event for reading in readings for event in reading.events], NATIVE)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_python_core_gives_the_rows_of_the_fold(case: Case) -> None:
    """What a Python integration emits comes out as worked out by hand."""
    folds_as_expected(case, python_bodies(case))


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_browser_core_gives_the_rows_of_the_fold(
    case: Case, browser_bodies: dict[str, list[Body]]
) -> None:
    """What an integration in a page emits comes out as worked out by hand."""
    folds_as_expected(case, browser_bodies[case["name"]])


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_both_cores_send_the_same_events(case: Case, browser_bodies: dict[str, list[Body]]) -> None:
    """Event for event, number for number; only ids and the names of the SDKs differ."""
    events = [
        [body["events"] for body in bodies] for bodies in (python_bodies(case), browser_bodies[case["name"]])
    ]
    assert events[0] == events[1]
