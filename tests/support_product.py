"""The running product, for tests that treat it as its operator would: started, queried, killed."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from process import role_name

PORTS = (15_000, 32_000)
"""Below those that the kernel gives to outgoing connections."""
TOKEN = "test-token-of-the-operator"


def free_port() -> int:
    """A port of loopback that nobody uses, and that no outgoing connection gets while the product is down."""
    while True:
        port = random.randrange(*PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Product:
    """`firstframe serve` on a folder of its own."""

    def __init__(self, data: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self.data = data
        self.collector = f"127.0.0.1:{free_port()}"
        self.api = f"127.0.0.1:{free_port()}"
        self._arguments = arguments
        self.environment = environment or {}
        """Variables of its next start."""
        self.process: subprocess.Popen[bytes] | None = None
        self.token = TOKEN

    def start(self, wait_seconds: float = 240) -> Product:
        self.data.mkdir(parents=True, exist_ok=True)
        log = (self.data / "serve.log").open("ab")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "firstframe", "serve", "--data", str(self.data)),
                *("--collector", self.collector, "--api", self.api, "--engine-port", "0"),
                *self._arguments,
            ],
            env={**os.environ, "FIRSTFRAME_API_TOKEN": TOKEN, **self.environment},
            stdout=log,
            stderr=log,
        )
        log.close()
        try:
            self.wait_until(lambda: self.health() is not None, wait_seconds, "the API to answer")
        except AssertionError:
            self.stop()  # nobody else knows of it yet
            raise
        return self

    def health(self) -> dict[str, Any] | None:
        try:
            return self.get("/v1/health")
        except (OSError, ValueError):
            return None

    def shows(self, before: datetime) -> bool:
        """Whether everything accepted before an instant can be seen."""
        health = self.health()
        fresh = health and health["fresh_as_of"]
        return bool(fresh) and datetime.fromisoformat(fresh) > before

    def get(self, path: str) -> Any:
        """JSON of the API, as the operator."""
        request = urllib.request.Request(
            f"http://{self.api}{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """JSON that the API answers to the operator, or None where it has nothing to say."""
        request = urllib.request.Request(
            f"http://{self.api}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer) if answer.status != 204 else None

    def post(
        self,
        path: str,
        body: bytes,
        content_type: str = "application/json",
        timeout: float = 15,
        headers: Mapping[str, str] | None = None,
    ) -> int:
        """The collector's status; 0 where the connection failed."""
        request = urllib.request.Request(
            f"http://{self.collector}{path}",
            data=body,
            headers={**(headers or {}), "Content-Type": content_type},
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def roles(self) -> dict[str, int]:
        """Process ids of the roles by name, as the kernel sees them now; the second fold worker is `fold-1`."""
        assert self.process is not None
        found: dict[str, int] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                words = (entry / "cmdline").read_bytes().decode().split("\0")
            except (OSError, ValueError, IndexError):
                continue
            if parent == self.process.pid and "firstframe" in words:
                found[role_name(words[words.index("firstframe") + 1 :])] = int(entry.name)
        return found

    def open_files(self) -> dict[str, int]:
        """How many files and connections each role has open now."""
        return {name: len(os.listdir(f"/proc/{pid}/fd")) for name, pid in self.roles().items()}  # noqa: PTH208

    def signal(self, role: str, number: int) -> None:
        os.kill(self.roles()[role], number)

    def kill(self, role: str) -> int:
        """Kill -9 of one role, of ``serve`` itself, or of ``all`` at once; how many were killed."""
        assert self.process is not None
        running = {"serve": self.process.pid, **self.roles()}
        killed = 0
        for name, pid in running.items():
            if role in (name, "all"):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
        return killed

    def restart(self) -> None:
        """Start again after ``serve`` was killed."""
        assert self.process is not None
        self.process.wait(60)
        self.start()

    def stop(self, wait_seconds: float = 60) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(wait_seconds)

    def wait_until(self, holds: Any, seconds: float, what: str) -> None:
        """Poll until it holds; says what was waited for, with the end of the log, when it never does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if holds():
                return
            time.sleep(0.1)
        tail = (self.data / "serve.log").read_text(errors="replace")[-10_000:]
        raise AssertionError(f"waited {seconds} s in vain for {what}\n{tail}")
