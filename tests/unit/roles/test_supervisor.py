"""The supervisor outlives what keeps a role from starting."""

import errno
import subprocess
import sys
from itertools import pairwise

import pytest

from firstframe.roles import supervisor as module
from firstframe.roles.supervisor import BACK_OFF_SECONDS, Role, Supervisor


def test_a_role_that_cannot_be_started_is_tried_again(monkeypatch) -> None:
    """Short of memory there is no new process for a while; the supervisor waits longer each time, and goes on."""
    now, tries = [0.0], []

    def refused(*arguments: object, **options: object) -> None:
        tries.append(now[0])
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(module.subprocess, "Popen", refused)
    supervisor = Supervisor([Role("fold-0", ("fold",))], {}, clock=lambda: now[0])
    for _ in range(2_000):
        supervisor.tend()
        now[0] += 1 / 128
    waits = [after - before for before, after in pairwise(tries)]
    wanted = [0.2, 0.4, 0.8, 1.6, 3.2, BACK_OFF_SECONDS[1]]
    assert waits == pytest.approx(wanted, abs=1 / 64)


@pytest.mark.parametrize("counters", [True, False])
def test_a_dead_role_no_longer_tells_of_its_present(tmp_path, counters) -> None:
    """Its gauges go, or the lag of the dead would be added to that of the living; its counters stay."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    names = [f"gauge_livesum_{dead.pid}.db", f"gauge_livemax_{dead.pid}.db", f"counter_{dead.pid}.db"]
    for name in [*names, "gauge_livesum_1.db"]:
        (tmp_path / name).touch()
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)} if counters else {}
    role = Role("fold-0", ("fold",), process=dead)
    Supervisor([role], environment, clock=lambda: 0.0).tend()
    assert role.process is None
    left = {file.name for file in tmp_path.iterdir()}
    assert left == ({names[2], "gauge_livesum_1.db"} if counters else {*names, "gauge_livesum_1.db"})
