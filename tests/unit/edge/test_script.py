"""The collector's script is served with a long cache, zipped, from every origin."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from firstframe import __version__
from firstframe.edge import script
from firstframe.errors import MethodNotAllowed, NotFound

PACKAGE = Path(__file__).parents[3] / "web" / "collector" / "package.json"


@pytest.fixture(autouse=True)
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with built files."""
    for name in script.NAMES:
        (tmp_path / name).write_text(f"// {name}")
    monkeypatch.setattr(script, "FOLDER", tmp_path)
    script._script.cache_clear()


def ask(path: str, method: str = "GET", **headers: str) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"path": path, "method": method, "headers": raw}
    asyncio.run(script.serve_script(scope, None, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


@pytest.mark.parametrize("suffix", ["js", "mjs"])
def test_the_script_and_its_version(suffix: str) -> None:
    """The plain path is kept for an hour, that of a version for ever; both are the same file."""
    status, headers, body = ask(f"/collector.{suffix}")
    assert (status, body) == (200, f"// collector.{suffix}".encode())
    assert b"max-age=3600" in headers[b"cache-control"]
    _, lasting, same = ask(f"/collector/{__version__}.{suffix}")
    assert b"immutable" in lasting[b"cache-control"]
    assert same == body
    assert headers[b"access-control-allow-origin"] == b"*"


def test_zipped_and_not_modified() -> None:
    """A browser that takes gzip gets it; one that has the file gets nothing."""
    _, headers, body = ask("/collector.js", accept_encoding="gzip, br")
    assert (headers[b"content-encoding"], gzip.decompress(body)) == (b"gzip", b"// collector.js")
    status, _, body = ask("/collector.js", if_none_match=headers[b"etag"].decode())
    assert (status, body) == (304, b"")


def test_other_paths_and_methods_are_refused() -> None:
    """Only the known addresses are served, and only read."""
    with pytest.raises(NotFound):
        ask("/collector/9.9.9.js")
    with pytest.raises(MethodNotAllowed):
        ask("/collector.js", "POST")


def test_what_was_not_built_says_so(tmp_path: Path) -> None:
    """An installation without the script names the command that makes it."""
    (tmp_path / "collector.mjs").unlink()
    with pytest.raises(NotFound, match="make web"):
        ask("/collector.mjs")


def test_the_package_has_the_version_of_the_server() -> None:
    """One version, or the versioned path would lie."""
    assert json.loads(PACKAGE.read_text())["version"] == __version__
