"""A change of what a table is can be taken back, whatever the disk made of it."""

from __future__ import annotations

import os
import shutil

import pytest

from firstframe.engine.definition import Definitions

VIEWS, EVENTS = "store/abc/abc-1/views.sql", "store/abc/abc-1/events.sql"


@pytest.fixture
def folder(tmp_path):
    """An engine's folder with two tables of one database."""
    for name in ("metadata/firstframe.sql", VIEWS, EVENTS):
        write(tmp_path, name, f"definition of {name}")
    return tmp_path


def write(folder, name, text):
    """As the engine writes it: another file under the same name."""
    path = folder / "columns" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".sql.tmp")
    fresh.write_text(text)
    fresh.replace(path)


def read(folder, name):
    return (folder / "columns" / name).read_text()


@pytest.mark.parametrize("has_links", [True, False])
def test_a_broken_change_is_taken_back(folder, monkeypatch, has_links):
    """An emptied definition is as it was, a new one is gone, a dropped one stays so, also where files have one name each."""
    if not has_links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("no links here")))
    Definitions(folder).keep()
    write(folder, VIEWS, "")
    write(folder, "store/abc/abc-1/fresh.sql", "CREATE")
    (folder / "columns" / EVENTS).unlink()
    touched = Definitions(folder).restore()  # another process: the one before was killed
    assert sorted(path.name for path in touched) == ["fresh.sql", "views.sql"]
    assert read(folder, VIEWS) == f"definition of {VIEWS}"
    assert not (folder / "columns" / EVENTS).exists()
    assert Definitions(folder).restore() == []


def test_a_whole_change_stays(folder):
    """What was forgotten is not put back."""
    definitions = Definitions(folder)
    definitions.keep()
    write(folder, VIEWS, "another")
    definitions.forget()
    assert definitions.restore() == []
    assert read(folder, VIEWS) == "another"


def test_a_change_without_effect_touches_nothing(folder):
    """A statement that failed for reasons of its own leaves nothing to put back."""
    definitions = Definitions(folder)
    definitions.keep()
    assert definitions.restore() == []
    definitions.keep()  # and the next change can begin
    write(folder, VIEWS, "")
    assert len(definitions.restore()) == 1


def test_an_end_amid_putting_back_costs_nothing(folder):
    """The next process goes on where the one before was killed; what is back already is no new table."""
    Definitions(folder).keep()
    write(folder, VIEWS, "")
    write(folder, EVENTS, "")
    (folder / "definitions" / VIEWS).replace(folder / "columns" / VIEWS)
    touched = Definitions(folder).restore()
    assert [path.name for path in touched] == ["events.sql"]
    assert [read(folder, name) for name in (VIEWS, EVENTS)] == [
        f"definition of {VIEWS}",
        f"definition of {EVENTS}",
    ]


def test_an_end_amid_forgetting_costs_nothing(folder, monkeypatch):
    """A change that was whole stays, though some of what was kept for it is still there."""
    definitions = Definitions(folder)
    definitions.keep()
    write(folder, VIEWS, "another")
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "rmtree", lambda place, **_: (place / EVENTS).unlink(missing_ok=True))
        definitions.forget()
    assert Definitions(folder).restore() == []
    assert [read(folder, name) for name in (VIEWS, EVENTS)] == ["another", f"definition of {EVENTS}"]
    definitions.keep()  # and the next change can begin
    definitions.forget()
    assert [path.name for path in folder.iterdir()] == ["columns"]


@pytest.mark.parametrize("kept", ["", "store/abc/abc-1/vi", None], ids=["empty", "cut off", "gone"])
def test_where_nobody_can_tell_what_is_new_nothing_is_removed(folder, kept):
    """A power cut may leave a list that is not whole; what was changed is put back all the same."""
    Definitions(folder).keep()
    write(folder, VIEWS, "")
    listed = folder / "definitions" / "list"
    listed.unlink()
    if kept is not None:
        listed.write_text(kept)
    assert [path.name for path in Definitions(folder).restore()] == ["views.sql"]
    assert [read(folder, name) for name in (VIEWS, EVENTS)] == [
        f"definition of {name}" for name in (VIEWS, EVENTS)
    ]
