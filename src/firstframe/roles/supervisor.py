"""The one-machine product: starts the roles, restarts what dies, stops them in order.

The supervisor holds no state and touches no data: each role is a process of its own (`firstframe edge`, `engine`,
`fold`, `alert`, `api`) and survives the death of any other.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog
from prometheus_client.multiprocess import mark_process_dead

from firstframe.folder import OWNER_ONLY, Folder
from firstframe.settings import SETTINGS, Settings

log = structlog.get_logger()

BACK_OFF_SECONDS = (0.2, 5.0)
"""First wait before a restart, and the longest; it doubles in between."""
STEADY_SECONDS = 30.0
"""A role that lived this long starts again without the waits of its past."""
ENGINE_NICENESS, FOLD_NICENESS, ALERT_NICENESS = 9, 12, 12
STOP_SECONDS = 25.0
"""A role that has not stopped by then is killed: the journal makes that safe."""


@dataclass
class Role:
    """One process: what to run, and how it has been doing."""

    name: str
    arguments: Sequence[str]
    niceness: int = 0
    """How far it stands back when the processor is short: an answer to a player cannot wait, a fold can."""
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    wait: float = BACK_OFF_SECONDS[0]
    starts: int = 0


@dataclass
class Supervisor:
    """Keeps the roles alive until told to stop. ``roles`` are started in order and stopped in reverse order."""

    roles: Sequence[Role]
    environment: Mapping[str, str]
    clock: Callable[[], float] = time.monotonic
    stopping: bool = field(default=False, init=False)

    def run(self, ready: Callable[[], bool], announce: Callable[[], None]) -> int:
        """Supervise until SIGTERM or SIGINT; returns the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        announced = False
        while not self.stopping:
            self.tend()
            if not announced and ready():
                announce()
                announced = True
            time.sleep(0.1)
        self.stop()
        return 0

    def tend(self) -> None:
        """Start what should run and does not."""
        now = self.clock()
        for role in self.roles:
            if role.process is not None and role.process.poll() is not None:
                self._mourn(role, now)
            if role.process is None and now >= role.start_at:
                self._start(role, now)

    def stop(self) -> None:
        """Edges drain first, the engine goes last; each is asked, waited for, and killed if it will not."""
        for role in reversed(self.roles):
            if role.process is None or role.process.poll() is not None:
                continue
            role.process.terminate()
            try:
                role.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                log.warning("role did not stop and was killed", role=role.name)
                role.process.kill()
                role.process.wait()

    def _ask_to_stop(self, number: int, frame: object) -> None:
        self.stopping = True

    def _start(self, role: Role, now: float) -> None:
        try:
            self._make_counters()
            role.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "firstframe", *role.arguments],
                env={**os.environ, **self.environment},
                preexec_fn=partial(_begin, os.getpid(), role.niceness),  # noqa: PLW1509 - the supervisor has one thread
                start_new_session=True,  # Ctrl-C is for the supervisor alone, which then stops the roles in order
            )
        except (OSError, subprocess.SubprocessError) as error:
            # Short of memory or of processes, which is when roles die: the others must not die of it too.
            log.warning("role cannot be started", role=role.name, error=str(error), retry_seconds=role.wait)
            self._wait(role, now)
            return
        role.started_at = now
        role.starts += 1

    def _make_counters(self) -> None:
        """Their folder may be gone: systemd empties shared memory of a user who logs out. No role begins without it."""
        counters = self.environment.get("PROMETHEUS_MULTIPROC_DIR")
        if counters is not None:
            Path(counters).mkdir(mode=OWNER_ONLY, exist_ok=True)

    def _mourn(self, role: Role, now: float) -> None:
        assert role.process is not None  # noqa: S101
        if now - role.started_at >= STEADY_SECONDS:
            role.wait = BACK_OFF_SECONDS[0]
        log.warning("role died", role=role.name, exit_code=role.process.returncode, restart_seconds=role.wait)
        self._forget_gauges(role.process.pid)
        role.process = None
        self._wait(role, now)

    def _forget_gauges(self, pid: int) -> None:
        """What a dead role told of its present is no longer so; what it counted stays counted."""
        counters = self.environment.get("PROMETHEUS_MULTIPROC_DIR")
        if counters is not None:
            with contextlib.suppress(OSError):
                mark_process_dead(pid, counters)  # type: ignore[no-untyped-call]

    @staticmethod
    def _wait(role: Role, now: float) -> None:
        role.start_at = now + role.wait
        role.wait = min(role.wait * 2, BACK_OFF_SECONDS[1])


def roles_of(settings: Settings) -> list[Role]:
    """The roles of the one-machine product, in starting order."""
    engine = [] if settings.engine else [Role("engine", ("engine",), niceness=ENGINE_NICENESS)]
    folds = [
        Role(f"fold-{n}", ("fold", "--partition", str(n)), niceness=FOLD_NICENESS)
        for n in range(settings.journal_partitions)
    ]
    edges = [Role(f"edge-{n}", ("edge", "--name", f"edge-{n}")) for n in range(settings.edges)]
    alert = Role("alert", ("alert",), niceness=ALERT_NICENESS)
    return [*engine, *folds, alert, Role("api", ("api",)), *edges]


def environment_of(settings: Settings, folder: Folder, counters: str) -> dict[str, str]:
    """The settings as variables: the roles are told exactly what the supervisor was told.

    ``counters`` is the folder where the roles keep their counters together.
    """
    values = {setting.variable: _spell(getattr(settings, setting.name)) for setting in SETTINGS}
    values["FIRSTFRAME_DATA"] = str(folder.path)
    # It was read, and may be in the middle of a change when a role starts again.
    values["FIRSTFRAME_CONFIG"] = ""
    values["PROMETHEUS_MULTIPROC_DIR"] = counters
    values["PYTHONUNBUFFERED"] = "1"
    return values


def _spell(value: object) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _begin(parent: int, niceness: int) -> None:
    """In the new process, before its program: when it stands back, and when it ends.

    Linux is asked to end it when the supervisor is killed, so that no role is left alone.
    """
    os.nice(niceness)
    # Where each session is scheduled as a group, the group has a niceness of its own.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(niceness))
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGTERM)
        if os.getppid() != parent:  # it was killed before that could be asked
            os._exit(1)
