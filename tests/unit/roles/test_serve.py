"""What `serve` finds and leaves around its roles."""

import os
import shutil
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from firstframe.errors import ConfigError
from firstframe.folder import Folder
from firstframe.roles.serve import _answers, _check_apart, _counters
from firstframe.roles.supervisor import Role, Supervisor, environment_of
from firstframe.settings import Settings, load


def test_counters_that_a_killed_supervisor_left_are_removed(tmp_path: Path) -> None:
    """The next start on the same folder sees to them."""
    folder = Folder(tmp_path).make()
    with _counters(folder) as left:
        Path(left, "counter_1.db").touch()
        with _counters(folder) as made:
            assert not Path(left).exists()
        assert not Path(made).exists()


def test_a_copy_of_the_folder_leaves_the_counters_of_the_original(tmp_path: Path) -> None:
    """Who starts a copy beside it, as to look into a backup, takes nothing from what runs."""
    folder = Folder(tmp_path / "original").make()
    with _counters(folder) as running:
        shutil.copytree(folder.path, tmp_path / "copy")
        with _counters(Folder(tmp_path / "copy").make()):
            assert Path(running).is_dir()


@pytest.mark.parametrize("left", [b"\xff\xfe", b"\0" * 40, b""])
def test_a_damaged_note_of_counters_stops_nobody(tmp_path: Path, left: bytes) -> None:
    """It only tells what to remove."""
    folder = Folder(tmp_path).make()
    (folder.run / "counters").write_bytes(left)
    with _counters(folder) as made:
        assert Path(made).is_dir()


def test_a_role_starts_though_the_counters_are_gone(tmp_path: Path) -> None:
    """Who empties shared memory takes the counts, not the product."""
    counters = tmp_path / "counters"
    supervisor = Supervisor(
        [Role("settings", ("settings",))], {"PROMETHEUS_MULTIPROC_DIR": str(counters)}, clock=lambda: 0.0
    )
    supervisor.tend()
    process = supervisor.roles[0].process
    assert process is not None
    assert process.wait(60) == 0
    assert counters.is_dir()


def test_roles_do_not_read_the_settings_file_again(tmp_path: Path, monkeypatch) -> None:
    """They are told what the supervisor was told, whatever became of the file since."""
    file = tmp_path / "firstframe.toml"
    file.write_text("edges = 3\n")
    monkeypatch.setenv("FIRSTFRAME_CONFIG", str(file))
    settings = load()
    told = environment_of(settings, Folder(tmp_path), "")
    file.write_text("not_yet_known = 1\n")
    assert load(environ={**os.environ, **told}).edges == 3


def test_a_proxy_is_not_asked_whether_the_api_answers(monkeypatch) -> None:
    """Or the welcome, and with it the first token, would never be shown where `http_proxy` is set."""

    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert _answers(f"127.0.0.1:{server.server_port}")


@pytest.mark.parametrize(
    ("collector", "api"), [("127.0.0.1:8080", "127.0.0.1:8080"), (":8080", "127.0.0.1:8080")]
)
def test_two_listeners_want_two_addresses(collector: str, api: str) -> None:
    """That is said at the start, not by a role that dies of it."""
    with pytest.raises(ConfigError, match="two are wanted"):
        _check_apart(Settings(collector=collector, api=api))
    _check_apart(Settings(collector="127.0.0.1:0", api="127.0.0.1:0"))
    _check_apart(Settings(collector="127.0.0.1:8080", api="127.0.0.2:8080"))


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_closed_streams_stop_nobody(tmp_path: Path, closed: str) -> None:
    """A role without anywhere to speak to works, and none of its files gets the number of a standard stream."""
    script = f'exec "$0" -m firstframe fold --data "$1" {closed}'
    process = subprocess.Popen(["/bin/sh", "-c", script, sys.executable, str(tmp_path)])
    try:
        stream = Path(f"/proc/{process.pid}/fd/2")
        end = time.monotonic() + 60
        while not (stream.is_symlink() and (tmp_path / "run").is_dir()):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)
        assert stream.readlink() == Path(os.devnull)
    finally:
        process.kill()
        process.wait()
