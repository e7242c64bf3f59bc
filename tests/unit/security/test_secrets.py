"""What a neighbour on the machine sees of a running product: no file, no argument, no line of the log with a secret."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firstframe.errors import ConfigError
from firstframe.folder import Folder
from support_product import TOKEN, Product

pytestmark = [pytest.mark.engine, pytest.mark.slow]

DATABASE_PASSWORD = "hunter2-of-the-database"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Everything running, on a folder that it made itself under the laxest of usual masks; with a view stored."""
    data = tmp_path_factory.mktemp("secrets") / "data"
    data.parent.chmod(0o755)
    mask = os.umask(0o022)
    try:
        running = Product(data)
        running.data = data.parent / "log"  # its log is the test's own, outside of what is looked at
        running.data.mkdir()
        running._arguments = ("--data", str(data))
        running.start(120)
    finally:
        os.umask(mask)
    try:
        body = json.dumps(
            {"view_id": "v1", "events": [{"type": "play", "at": int(time.time() * 1000)}]}
        ).encode()
        running.wait_until(lambda: running.post("/v1/beacons", body) == 202, 60, "the collector to listen")
        assert running.post("/v1/beacons", b"refused") == 400
        running.wait_until(lambda: running.get("/v1/views")["data"], 60, "the view")
        running.wait_until(lambda: list(data.glob("run/refusals-*.json")), 20, "the list of refusals")
        session = [
            *_curl(running),
            "-X",
            "POST",
            "-d",
            json.dumps({"token": TOKEN}),
            f"http://{running.api}/v1/session",
        ]
        subprocess.run(session, check=True, capture_output=True)
        running.data_folder = data  # type: ignore[attr-defined]
        yield running
    finally:
        running.stop()


def _curl(running: Product) -> list[str]:
    return ["curl", "-sf", "-H", f"Origin: http://{running.api}", "-H", "Sec-Fetch-Site: same-origin"]


def test_nobody_else_reads_what_is_kept(product: Any) -> None:
    """Journal, engine, accounts, keys, refusals and secrets are for the owner alone, each folder and each file."""
    data = product.data_folder
    everything = [data, *data.rglob("*")]
    names = {path.name for path in everything}
    assert {
        "accounts.db",
        "secrets.json",
        "session.key",
        "engine.json",
        "keys.json",
        "journal",
        "engine",
    } <= names
    loose = [
        f"{stat.filemode(path.lstat().st_mode)} {path.relative_to(data.parent)}"
        for path in everything
        if not path.is_symlink() and path.exists() and path.lstat().st_mode & 0o077
    ]
    assert loose == []


def _family(product: Product) -> list[int]:
    assert product.process is not None
    return [product.process.pid, *product.roles().values()]


def test_the_list_of_processes_tells_no_secret(product: Any) -> None:
    """Neither the API token nor the engine's passwords stand in the arguments of any role."""
    known = Folder(product.data_folder).passwords()
    family = _family(product)
    assert len(family) >= 5
    for pid in family:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
        environment = Path(f"/proc/{pid}/environ")
        for secret in (TOKEN, known.writer, known.reader):
            assert secret.encode() not in arguments
        assert environment.stat().st_mode & 0o077 == 0


def test_no_secret_is_logged(product: Any) -> None:
    """Neither tokens, nor passwords, nor the key of the sessions, nor a viewer's address."""
    log = (product.data / "serve.log").read_bytes()
    known = Folder(product.data_folder).passwords()
    key = (product.data_folder / "session.key").read_bytes()
    assert b"firstframe is running" in log
    for secret in (TOKEN.encode(), known.writer.encode(), known.reader.encode(), key, key.hex().encode()):
        assert secret not in log


def test_a_folder_that_is_made_is_private(tmp_path) -> None:
    """Whatever the mask of who starts it."""
    mask = os.umask(0)
    try:
        folder = Folder(tmp_path / "new").make()
        folder.passwords()
    finally:
        os.umask(mask)
    assert [
        path.name for path in (tmp_path / "new", folder.journal, folder.run) if path.stat().st_mode & 0o077
    ] == []
    assert (folder.path / "secrets.json").stat().st_mode & 0o077 == 0


def test_messages_about_wrong_addresses_hold_no_password(tmp_path) -> None:
    """What is wrong with the address of a database or an engine is told without its password."""
    from firstframe.accounts.store import Accounts
    from firstframe.engine.client import Engine
    from firstframe.errors import EngineError

    for url in (
        f"sqlite+nothing://user:{DATABASE_PASSWORD}@host/db",
        f"postgresql://user:{DATABASE_PASSWORD}@127.0.0.1:1/db",
        f"nonsense://user:{DATABASE_PASSWORD}@[",
    ):
        with pytest.raises((ConfigError, ValueError)) as refused:
            Accounts(url)
        assert DATABASE_PASSWORD not in str(refused.value)
    for url in (
        f"clickhouse://u:{DATABASE_PASSWORD}@127.0.0.1:1/db",
        f"http://u:{DATABASE_PASSWORD}@host/db",
    ):
        with pytest.raises((ConfigError, EngineError)) as failed:
            Engine.connect(url).query("SELECT 1")
        assert DATABASE_PASSWORD not in str(failed.value)


def test_settings_are_shown_without_secrets(tmp_path) -> None:
    """`firstframe settings` says that a secret is set, not what it is."""
    environment = {
        **os.environ,
        "FIRSTFRAME_API_TOKEN": TOKEN,
        "FIRSTFRAME_ENGINE": f"clickhouse://u:{DATABASE_PASSWORD}@h/d",
        "FIRSTFRAME_ACCOUNTS": f"postgresql://u:{DATABASE_PASSWORD}@h/d",
    }
    command = [sys.executable, "-m", "firstframe", "settings"]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert shown.count("(set)") == 3
    assert TOKEN not in shown
    assert DATABASE_PASSWORD not in shown
