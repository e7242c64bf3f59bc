"""How a role waits for its engine."""

from structlog.testing import capture_logs

from firstframe.engine.migrate import Held
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


def test_days_that_stay_are_told_once():
    """However often the engine is asked before all is done."""
    with capture_logs() as said:
        waiting = EngineWait()
        for held in (
            Held("views", "2026-01-01", 3),
            Held("views", "2026-01-01", 3),
            Held("events", "2026-01-01", 1),
        ):
            waiting.tell_held(held)
    assert [(one["table"], one["days_kept"]) for one in said] == [("views", 3), ("events", 1)]
