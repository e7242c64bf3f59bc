"""ClickHouse's own client for Node works with the embedded engine as with any server."""

import json
import subprocess
from pathlib import Path

import pytest

import support_engine

CLIENTS = Path(__file__).parent / "clients"


@pytest.fixture(scope="module")
def seen(shared):
    """What the script saw, as it says itself."""
    if not (CLIENTS / "node_modules" / "@clickhouse").exists():
        subprocess.run(["npm", "ci", "--no-fund", "--no-audit"], cwd=CLIENTS, check=True, capture_output=True)
    url = f"http://127.0.0.1:{shared.target.port}"
    arguments = [url, "default", support_engine.WRITE_PASSWORD, shared.target.database]
    done = subprocess.run(
        ["node", "flow.mjs", *arguments],
        cwd=CLIENTS,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_connects(seen):
    """Both kinds of ping, and a query id."""
    assert (seen["ping"], seen["selectPing"], seen["hasQueryId"]) == (True, True, True)


def test_parameters_are_bound(seen):
    """Text with quotes and tabs, lists, booleans, nulls and dates."""
    assert seen["json"] == [{"one": 1, "name": "it's\ttabbed \\ ü"}]
    assert seen["params"] == [
        {"list": [1, 2], "flag": True, "nothing": None, "at": "2026-01-02 03:04:05.678"}
    ]


def test_inserts_arrive(seen):
    """Values, streams and CSV, compressed and not, are all there."""
    assert (seen["written"], seen["count"]) == ("2", "5005")


def test_answers_arrive(seen):
    """Streams, text, settings and sessions."""
    assert seen["streamed"] == 300_000
    assert seen["csv"] == '"1","2"\n1,2\n'
    assert seen["settings"] == [{"value": "1234"}]
    assert seen["session"] == [{"id": 7}]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("syntax", "62"),
        ("unknownTable", "60"),
        ("badRow", "27"),
        ("badPassword", "516"),
        ("midStream", "395"),
    ],
)
def test_errors_have_codes(seen, name, code):
    """The client reads the code out of each refusal, also amid a stream."""
    assert seen[name]["code"] == code
