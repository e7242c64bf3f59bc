"""Recordings of the real web SDK against what an independent observer saw at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.support_truth import disagreements
from firstframe.dialects.pillarbox import PILLARBOX
from firstframe.view.record import Outcome
from support_recorded import fold_recorded, read_recording, read_truth

FOLDER = Path(__file__).parents[2] / "golden" / "pillarbox"
OUTCOMES = {
    "startup-failure": Outcome.START_FAILED,
    "mid-error": Outcome.PLAYBACK_FAILED,
}
"""The web tells no duration, so all others end as exits."""
RECORDINGS = sorted(FOLDER.glob("*.jsonl"))


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_rows_agree_with_the_observer(path: Path) -> None:
    """One row for each source that was loaded, and every number near, null or flagged."""
    rows = fold_recorded(PILLARBOX, read_recording(path))
    views = read_truth(path)["views"]
    assert len(rows) == len(views)
    for row, view in zip(rows, views, strict=True):
        assert disagreements(row, view) == []
        assert row.outcome is OUTCOMES.get(path.stem, Outcome.EXITED)
        assert row.closed


def test_play_time_is_near_the_truth_in_every_recording() -> None:
    """Also where it is flagged: the repairs are worth something."""
    for path in RECORDINGS:
        views = read_truth(path)["views"]
        for row, view in zip(fold_recorded(PILLARBOX, read_recording(path)), views, strict=True):
            assert row.content_playing_time_ms == pytest.approx(view["playing_ms"], rel=0.05, abs=150), (
                path.stem
            )
