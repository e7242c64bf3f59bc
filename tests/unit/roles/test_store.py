"""How a role waits for its engine."""

from structlog.testing import capture_logs

from firstframe.roles import store
from firstframe.roles.store import EngineWait


def test_a_start_is_nothing_to_complain_about(monkeypatch):
    """Each reason is told once, and none before an engine that starts along would be there."""
    now = [100.0]
    monkeypatch.setattr(store.time, "monotonic", lambda: now[0])
    with capture_logs() as said:
        waiting = EngineWait()
        waiting.tell(ValueError("nobody is there"))
        assert said == []
        now[0] += store.USUAL_SECONDS + 1
        waiting.tell(ValueError("nobody is there"))
        waiting.tell(ValueError("nobody is there"))
        waiting.tell(ValueError("its tables are old"))
    assert [one["reason"] for one in said] == ["nobody is there", "its tables are old"]
