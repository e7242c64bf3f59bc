"""The data folder and its secrets."""

import os
from pathlib import Path

import pytest

from firstframe import disk
from firstframe.disk import write_atomically
from firstframe.folder import Folder


@pytest.mark.parametrize("left", [b"", b"{", b'{"writer": 1}'])
def test_passwords_that_cannot_be_read_are_made_anew(tmp_path: Path, left: bytes) -> None:
    """A power cut may leave an empty file; the engine starts all the same, and every role reads what it made."""
    folder = Folder(tmp_path).make()
    (tmp_path / "secrets.json").write_bytes(left)
    made = folder.passwords()
    assert made == Folder(tmp_path).passwords()
    assert len(made.writer) > 20
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_what_must_last_is_synced_before_it_has_its_name(tmp_path: Path, monkeypatch) -> None:
    """First the content, then the name, then the folder's list of names."""
    done: list[str] = []
    monkeypatch.setattr(
        disk.os, "fsync", lambda descriptor: done.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
    )
    write_atomically(tmp_path / "a", b"one", durable=True)
    assert done == [str(tmp_path / f".a.{os.getpid()}"), str(tmp_path)]
    write_atomically(tmp_path / "b", b"two")
    assert len(done) == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a", "b"]
