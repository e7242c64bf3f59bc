"""Text that strangers choose stays text: in SQL, headers, logs, files, paths, spreadsheets and parsers."""

from __future__ import annotations

import csv
import io
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from firstframe.errors import BadRequest
from firstframe.metrics.table import to_csv
from support_edge import Clerk
from support_question import MINUTE_MS, NOW_MS, make_view, store
from support_tenants import MARK, SITE, THEM, US, fill

SQL = (
    "' OR 1=1 --",
    "\\' OR 1=1 --",
    "') OR project != '' --",
    "{p1:String}",
    "`; DROP TABLE views; --",
    "\x00\ud83d' UNION ALL SELECT 1",
)
FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "|calc",
    "%0",
    "＝1+1",
    "＠SUM(1)",
    '=HYPERLINK("x")',
)
NAMES = ("a`b", "a'b", 'a"b', "a\\b", "a) OR (1=1", "a] , (SELECT 1) --", "{p1:String}", "=1+1")
"""Keys of one's own dimensions, as a hostile player may name them."""


@pytest.fixture(scope="module")
def attacked(tenants: Any) -> Any:
    """Both tenants have views; some of ours were sent by somebody who tries things."""
    fill(tenants.engine, THEM, MARK)
    records = [
        make_view(
            f"formula-{number}",
            NOW_MS - MINUTE_MS,
            project=US,
            video_title=text,
            page_host=text,
            extra={text.strip() or "x": text},
        )
        for number, text in enumerate(FORMULAS)
    ]
    records.append(make_view("names", NOW_MS - MINUTE_MS, project=US, extra=dict.fromkeys(NAMES, "found")))
    store(tenants.engine, records)
    return tenants


def text_parameters(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(path, where, name) of every parameter that takes text, from the OpenAPI document."""
    for path, verbs in document["paths"].items():
        for parameter in verbs.get("get", {}).get("parameters", ()):
            kinds = json.dumps(parameter["schema"])
            if '"string"' in kinds and path != "/v1/live":
                yield path, parameter["in"], parameter["name"]


@pytest.mark.engine
@pytest.mark.parametrize("payload", SQL, ids=range(len(SQL)))
def test_no_parameter_reaches_the_statement(attacked: Any, payload: str) -> None:
    """Whatever is put where text goes, nothing of another tenant comes back and the server has no fault."""
    text = quote(payload.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), safe="")
    document = attacked.ask("nobody", "GET", "/schema/openapi.json").json()
    found = list(text_parameters(document))
    assert len(found) > 20
    for path, where, name in found:
        there = "/".join(text if part.startswith("{") else part for part in path.split("/"))
        query = f"?{name}={text}" if where == "query" else ""
        query += "&metrics=attempts" if path == "/v1/query" and name != "metrics" else ""
        answer = attacked.ask("secret", "GET", there + query)
        assert answer.status_code in (200, 400, 404), (path, name, answer.text)
        assert MARK not in answer.text, (path, name)
    assert attacked.ask("other", "GET", "/v1/query?metrics=attempts").json()["data"] == [{"attempts": 3}]


@pytest.mark.engine
@pytest.mark.parametrize("payload", SQL, ids=range(len(SQL)))
@pytest.mark.parametrize("op", ["eq", "neq", "in", "contains", "starts_with", "matches"])
def test_no_value_of_a_filter_reaches_the_statement(attacked: Any, op: str, payload: str) -> None:
    """Values are bound by every operator; a filter narrows one's own views and never widens them."""
    body = {"metrics": "attempts", "filters": [{"dimension": "video_title", "op": op, "value": payload}]}
    if "\ud83d" in payload:
        body["filters"][0]["value"] = payload.replace("\ud83d", "")
    answer = attacked.ask("secret", "POST", "/v1/query", json=body)
    assert answer.status_code in (200, 400)
    whole = attacked.ask("secret", "GET", "/v1/query?metrics=attempts").json()["data"][0]["attempts"]
    if answer.status_code == 200:
        assert answer.json()["data"][0]["attempts"] == (whole if op == "neq" else 0)


@pytest.mark.engine
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["json", "csv", "arrow", "parquet"])
def test_names_that_players_choose_are_bound(attacked: Any, name: str, form: str) -> None:
    """A key of a player's own metadata can be asked for in every format, whatever characters it has."""
    body = {"metrics": "attempts", "group_by": [f"extra.{name}"], "format": form}
    answer = attacked.ask("secret", "POST", "/v1/query", json=body)
    if "," in name:
        assert answer.status_code == 400
        return
    assert answer.status_code == 200, answer.text
    assert b"found" in answer.content
    narrowed = {**body, "format": "json", "filters": [f"extra.{name}:eq:found"]}
    (row,) = attacked.ask("secret", "POST", "/v1/query", json=narrowed).json()["data"]
    assert row == {f"extra.{name}": "found", "attempts": 1}


@pytest.mark.engine
@pytest.mark.parametrize("dimension", ["video_title", "page_host", "extra.=1+1"])
def test_no_cell_of_an_export_is_a_formula(attacked: Any, dimension: str) -> None:
    """What viewers and players said is text for a spreadsheet, in values and in headings."""
    body = {"metrics": "attempts", "group_by": [dimension], "format": "csv"}
    answer = attacked.ask("secret", "POST", "/v1/query", json=body)
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert len(rows) > 1
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＠")), cell


def test_headings_are_defused_too() -> None:
    """A name of a column is a cell like any other."""
    for name in FORMULAS:
        (heading,) = csv.reader(io.StringIO(to_csv((name,), []).decode(), newline=""))
        assert heading == [f"'{name}"]


DEEP = b"[" * 200_000
BODIES = [
    ("POST", "/v1/query", DEEP),
    ("POST", "/v1/query", b'{"metrics":"attempts","filters":' + DEEP),
    ("POST", "/v1/query", b'{"filters":' * 50_000),
    ("PUT", "/v1/assets", DEEP),
    ("PUT", "/v1/assets/x", b'{"tags":' * 50_000),
    ("POST", "/v1/shares", DEEP),
    ("POST", "/v1/alerts", DEEP),
    ("PUT", "/v1/alerts/x", b'{"filters":' * 50_000),
    ("POST", "/v1/alerts/preview", b'{"filters":' + DEEP),
    ("POST", "/v1/session", DEEP),
]


@pytest.mark.engine
@pytest.mark.parametrize(("method", "path", "body"), BODIES)
def test_depth_is_no_fault(tenants: Any, method: str, path: str, body: bytes) -> None:
    """JSON that is nested without end is refused, by the API as by the collector."""
    assert tenants.ask("secret", method, path, content=body).status_code == 400


@pytest.mark.engine
def test_filters_in_the_address_are_not_deep_either(tenants: Any) -> None:
    """A filter that is a tree has a limit of depth wherever it comes from."""
    for text in ("[" * 10_000, '{"not":' * 3_000, "[" * 30 + "]" * 30):
        answer = tenants.ask("secret", "GET", f"/v1/query?metrics=attempts&filters={quote(text)}")
        assert answer.status_code == 400


@pytest.mark.engine
@pytest.mark.parametrize("path", ["/v1/query", "/v1/assets", "/v1/shares", "/v1/session", "/v1/alerts"])
def test_bodies_have_an_end(tenants: Any, path: str) -> None:
    """More than a megabyte is refused wherever a body is taken."""
    method = "PUT" if path == "/v1/assets" else "POST"
    assert tenants.ask("secret", method, path, content=b" " * 1_000_001).status_code == 413


@pytest.mark.engine
@pytest.mark.parametrize(
    "path",
    [
        "/v1/query?metrics=attempts&format=csv%0d%0aX-Evil:%201",
        "/v1/query?metrics=attempts%0d%0aX-Evil:%201",
        "/v1/views/a%0d%0aX-Evil:%201",
        "/%0d%0aX-Evil:%201",
        "/static/a%0d%0aX-Evil:%201",
        "/v1/live?interval=1&filters=video_id:eq:a%0d%0aevent:%20evil",
        "/data/views/query/total/a%0d%0aX-Evil:%201",
    ],
)
def test_nothing_asked_for_stands_in_a_header(tenants: Any, path: str) -> None:
    """Line breaks of a path or a parameter end up in no header of the answer, and begin no event of a stream."""
    answer = tenants.ask("secret", "GET", path)
    assert "x-evil" not in answer.headers
    for name, value in answer.headers.multi_items():
        assert (name + value).isprintable()
    assert "event: evil" not in answer.text.splitlines()


@pytest.mark.engine
@pytest.mark.parametrize("named", ["query_id=a%0d%0aX-Evil:%201", "default_format=CSV%0d%0aX-Evil:%201"])
def test_the_engine_says_back_no_line_breaks(engine_url: str, named: str) -> None:
    """What a client calls its query or its format stands in a header of the answer, on one line."""
    place = engine_url.rpartition("@")[2]
    host, port = place.split(":")
    password = engine_url.partition("//default:")[2].partition("@")[0]
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        head = f"GET /?query=SELECT+1&{named} HTTP/1.1\r\nHost: x\r\nX-ClickHouse-User: default\r\n"
        raw.sendall(f"{head}X-ClickHouse-Key: {password}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(4_096), b""))
    lines = answer.partition(b"\r\n\r\n")[0].lower().split(b"\r\n")
    assert lines[0].startswith(b"http/1.1 ")
    assert not any(line.startswith(b"x-evil") for line in lines)


@pytest.mark.engine
def test_the_engine_serves_no_page(engine_url: str) -> None:
    """A path that is told back is plain text: a browser that is led there runs nothing."""
    host, port = engine_url.rpartition("@")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(b"GET /<script>alert(1)</script> HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: raw.recv(4_096), b"")).lower()
    assert answer.startswith(b"http/1.1 404")
    assert b"content-type: text/plain" in answer


LOGGING = """
import logging, sys, structlog
from firstframe.logs import configure
configure("info", as_json=sys.argv[1] == "json")
evil = "a\\x1b[2Jb\\x9bc\\r\\n2026-01-01T00:00:00Z [info     ] all is well\\u2028\\u202ed\\x00"
log = structlog.get_logger()
log.warning("one", path=evil)
log.warning("two", list=[evil], text=evil.replace(" ", ""))
try:
    raise ValueError(evil)
except ValueError as error:
    log.error("three", error=repr(error), exc_info=error)
logging.getLogger("library").warning("four %s", evil)
"""


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_strangers_say_cannot_pass_for_a_log_entry(form: str) -> None:
    """Line breaks, terminal commands and characters nobody sees are spelled out; only our own lines begin at the margin."""
    done = subprocess.run([sys.executable, "-c", LOGGING, form], capture_output=True, check=True, timeout=60)
    text = done.stderr.decode()
    assert not any(character in text for character in "\x1b\x9b\r\x00\u2028\u202e")
    entries = [line for line in text.split("\n") if line and not line.startswith(" ")]
    assert len(entries) == 4, text
    assert entries[3].startswith("WARNING library four")
    if form == "json":
        assert [json.loads(line)["event"] for line in entries[:3]] == ["one", "two", "three"]
    else:
        assert all(f" {word} " in line for word, line in zip(("one", "two", "three"), entries, strict=False))


NATIVE_IDS = ("../../etc/passwd", "/etc/passwd", "..\\..\\x", "a\x00b", "%2e%2e%2f", "." * 200)


def test_no_name_that_came_in_becomes_a_path(tmp_path) -> None:
    """Ids of views, keys and projects name no file: the data folder holds what it always holds."""
    clerk = Clerk(tmp_path)
    before = {path.name.split("-")[0] for path in (tmp_path / "journal").rglob("*")}
    for name in NATIVE_IDS:
        body = json.dumps({"views": [name], "key": name}).encode()
        assert clerk.ask("POST", "/v1/beacons", content=body).status_code == 204
        assert clerk.ask("POST", f"/tiny/{quote(name, safe='')}/events", content=body).status_code < 500
    beside = {path.name for path in tmp_path.iterdir()}
    assert beside <= {"journal", "refusals-test.json"}
    files = [path for path in (tmp_path / "journal").rglob("*") if path.is_file()]
    assert files
    assert all("passwd" not in path.name and ".." not in path.name for path in files)
    assert before <= {path.name.split("-")[0] for path in (tmp_path / "journal").rglob("*")}


@pytest.mark.parametrize("name", ["../x", "a/b", "..", ".", "A", "a\n", "a\x00", "-a", "x" * 65, ""])
def test_a_project_is_named_by_harmless_characters(tmp_path, name) -> None:
    """Names stand in logs, keys and answers; what could mean something there is refused."""
    from firstframe.accounts.store import Accounts

    accounts = Accounts(f"sqlite:///{tmp_path / 'accounts.db'}")
    with pytest.raises(BadRequest):
        accounts.create_project(name)
    with pytest.raises(BadRequest):
        accounts.create_write_key(key=name + "/")
    accounts.close()


@pytest.mark.engine
@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2faccounts.db",
        "%2e%2e/accounts.db",
        "....//accounts.db",
        "app-1.js%2f..",
        "%00",
        "..%5caccounts.db",
    ],
)
def test_no_file_but_those_that_were_built_is_served(tenants: Any, name: str) -> None:
    """By the dashboard and by the collector's script alike."""
    for path in (f"/static/{name}", f"/{name}"):
        answer = tenants.ask("session", "GET", path)
        assert answer.status_code in (401, 404)
        assert "SQLite" not in answer.text


@pytest.mark.parametrize(
    "name", ["/collector/..%2f..%2fsettings.py", "/collector.js%2f..", "/collector../x", "/collector/%2e%2e"]
)
def test_the_collectors_script_is_one_of_two_files(tmp_path, name) -> None:
    """Its addresses are a table; any other is unknown."""
    from firstframe.dialects import DIALECTS
    from firstframe.edge.script import MOUNTS

    clerk = Clerk(tmp_path, dialects=DIALECTS)
    clerk.app._mounts = tuple(MOUNTS.items())
    assert clerk.ask("GET", name).status_code == 404


@pytest.mark.engine
def test_an_origin_with_line_breaks_opens_nothing(tenants: Any) -> None:
    """A token for pages compares origins as a whole."""
    for origin in (
        f"{SITE}\t",
        f" {SITE} x",
        f"{SITE},https://evil.example",
        f"{SITE}#@evil.example",
        f"{SITE}/",
    ):
        answer = tenants.ask("pages", "GET", "/v1/metrics", headers={"Origin": origin})
        assert answer.status_code in (200, 403)
        if origin.strip() != SITE:
            assert answer.status_code == 403, origin
