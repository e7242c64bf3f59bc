"""What the engine does when its disk has no room: merges rest, inserts are refused, broken parts are found."""

from __future__ import annotations

import pytest

from firstframe.engine import keeper as keeper_module
from firstframe.engine.fault import Fault, fault_of
from firstframe.engine.keeper import Keeper, room

BROKEN_NAME = "202611_1_4_2"


class Answers:
    """A connection that gives prepared answers, by what the statement begins with."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers
        self.said: list[str] = []

    def ask(self, sql: str, params: dict[str, str]) -> str:
        self.said.append(sql.strip())
        return next((text for start, text in self.answers.items() if sql.strip().startswith(start)), "")

    def whole(self, sql: bytes, fmt: str) -> None:
        self.said.append(sql.decode())

    def close(self) -> None:
        pass


def keeper_of(tmp_path, monkeypatch, *, sound: str, sources: str):
    """A keeper, its connection, what the disk has free, and how often it ended its process."""
    session = Answers(
        {
            "SELECT count() FROM system.merges": "0\n",
            "SELECT database, table, name": f"default\tviews\t{BROKEN_NAME}\n",
            "CHECK TABLE": sound,
            "SELECT whole": sources,
        }
    )
    free, ended = [1000], []
    monkeypatch.setattr(keeper_module, "room", lambda folder: (free[0], 100))
    return Keeper(tmp_path, lambda: session, lambda: ended.append(1)), session, free, ended


def test_merges_rest_and_inserts_are_refused_without_room(tmp_path, monkeypatch):
    """Below the reserve nothing is written; above it all goes on."""
    keeper, session, free, _ = keeper_of(tmp_path, monkeypatch, sound="1\n", sources="")
    assert keeper.with_room(lambda: 5) == 5
    free[0] = 99
    keeper.look()
    assert "SYSTEM STOP MERGES" in session.said
    with pytest.raises(Fault) as refused:
        keeper.with_room(lambda: pytest.fail("inserted"))
    assert refused.value.code == 243
    free[0] = 110
    keeper.look()
    assert "SYSTEM START MERGES" not in session.said
    free[0] = 1000
    keeper.look()
    assert "SYSTEM START MERGES" in session.said


def test_an_insert_during_which_the_disk_ran_short_has_failed(tmp_path, monkeypatch):
    """Its rows may be there or not: nobody may be told that they are."""
    keeper, _, free, _ = keeper_of(tmp_path, monkeypatch, sound="1\n", sources="")
    with pytest.raises(Fault):
        keeper.with_room(lambda: free.__setitem__(0, 50))


@pytest.mark.parametrize(
    ("sound", "sources", "ends"), [("0\n", "1\n", 1), ("0\n", "0\n", 0), ("1\n", "1\n", 0)]
)
def test_it_ends_only_when_a_new_start_mends(tmp_path, monkeypatch, sound, sources, ends):
    """A broken part ends the process when what it was merged from is still there."""
    keeper, _, free, ended = keeper_of(tmp_path, monkeypatch, sound=sound, sources=sources)
    free[0] = 50
    keeper.look()
    assert len(ended) == ends


def test_a_young_process_does_not_end_again(tmp_path, monkeypatch):
    """A failure that a new start did not mend is not met with another, unless the disk was full since."""
    keeper, _, _, ended = keeper_of(tmp_path, monkeypatch, sound="0\n", sources="1\n")
    keeper.heard(fault_of(RuntimeError("Code: 246. DB::Exception: Empty marks file. (CORRUPTED_DATA)")))
    keeper.look()
    assert not ended
    monkeypatch.setattr(keeper_module, "CALM_SECONDS", 0)
    keeper.heard(fault_of(RuntimeError("Code: 60. DB::Exception: no table. (UNKNOWN_TABLE)")))
    keeper.look()
    assert not ended
    keeper.heard(fault_of(RuntimeError("Code: 246. DB::Exception: Empty marks file. (CORRUPTED_DATA)")))
    keeper.look()
    assert ended


def test_room_is_a_share_of_a_small_disk(tmp_path):
    """The reserve never exceeds a sixteenth of the disk."""
    free, reserve = room(tmp_path)
    assert free > 0
    assert 0 < reserve <= keeper_module.RESERVE_BYTES


def definition(tmp_path):
    """The file of one table."""
    path = tmp_path / "columns" / "store" / "a" / "b" / "views.sql"
    path.parent.mkdir(parents=True)
    path.write_text("old")
    return path


def change(path, text):
    """As the engine does it: another file under the same name."""
    fresh = path.with_suffix(".tmp")
    fresh.write_text(text)
    fresh.replace(path)


def test_a_table_is_not_changed_without_room(tmp_path, monkeypatch):
    """Below the reserve no change begins; nobody has to start again for that."""
    keeper, _, free, ended = keeper_of(tmp_path, monkeypatch, sound="1\n", sources="")
    free[0] = 99
    with pytest.raises(Fault):
        keeper.with_definitions(lambda: pytest.fail("changed"))
    assert not ended


@pytest.mark.parametrize(
    ("text", "free_after", "kept", "ends"),
    [("new", 99, "old", 1), ("", 1000, "old", 1), ("new", 1000, "new", 0)],
)
def test_a_change_amid_which_room_ran_out_is_taken_back(tmp_path, monkeypatch, text, free_after, kept, ends):
    """Told by the room that is left, or by an empty file where there is room again."""
    keeper, _, free, ended = keeper_of(tmp_path, monkeypatch, sound="1\n", sources="")
    path = definition(tmp_path)

    def run():
        change(path, text)
        free[0] = free_after

    if free_after < 100:
        with pytest.raises(Fault):
            keeper.with_definitions(run)
    else:
        keeper.with_definitions(run)
    assert path.read_text() == kept
    assert len(ended) == ends


def test_a_change_that_fails_for_reasons_of_its_own_is_the_engines_affair(tmp_path, monkeypatch):
    """With room nothing is taken back: what half an ALTER leaves is what it leaves in ClickHouse."""
    keeper, _, _, ended = keeper_of(tmp_path, monkeypatch, sound="1\n", sources="")
    path = definition(tmp_path)

    def run():
        change(path, "half")
        raise fault_of(RuntimeError("Code: 47. DB::Exception: no such column. (UNKNOWN_IDENTIFIER)"))

    with pytest.raises(Fault) as failed:
        keeper.with_definitions(run)
    assert failed.value.code == 47
    assert path.read_text() == "half"
    assert not ended
