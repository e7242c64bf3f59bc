"""The data folder and its secrets."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import make_url

from firstframe import disk
from firstframe.accounts.store import Accounts
from firstframe.disk import write_anyhow, write_atomically
from firstframe.errors import ConfigError
from firstframe.folder import EngineFace, Folder
from support_disk import fill, mounted


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


@pytest.mark.parametrize("name", ["plain", "a b", "100%25", "it's", 'so "called"', "é#1", "a:b@c;d&e=f"])
def test_the_accounts_are_in_the_folder_whatever_its_name(tmp_path: Path, name: str) -> None:
    """A URL that means another file would share or lose the keys."""
    folder = Folder(tmp_path / name).make()
    assert make_url(folder.accounts_url).database == str(folder.path / "accounts.db")


@pytest.mark.parametrize("name", ["what?", os.fsdecode(b"caf\xe9")])
def test_a_name_that_the_engine_cannot_take_is_refused(tmp_path: Path, name: str) -> None:
    """In a line, before anything is made."""
    with pytest.raises(ConfigError, match="another name"):
        Folder(tmp_path / name).make()
    assert not list(tmp_path.iterdir())


MAKE = """
import sys
from firstframe.folder import Folder
folder = Folder(sys.argv[1]).make()
folder.lock()
folder.passwords()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user")
@pytest.mark.parametrize("part", ["journal", "run", "run/lock", "secrets.json", "accounts.db"])
def test_what_belongs_to_another_user_is_named(tmp_path: Path, part: str) -> None:
    """As after a start with sudo: one line says which it is and what to do, instead of roles that die of it."""
    folder = Folder(tmp_path).make()
    path = tmp_path / part
    if not path.is_dir():
        path.write_bytes(b"")
    path.chmod(0o700 if path.is_dir() else 0o600)
    os.chown(path, 65534, 65534)
    powerless = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    done = subprocess.run(
        [*powerless, sys.executable, "-c", MAKE, str(folder.path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"ConfigError: {path} cannot be read and written by this user" in done.stderr
    assert "chown" in done.stderr


@pytest.mark.parametrize("left", [None, b""])
def test_an_installation_that_lost_its_accounts_is_known(tmp_path: Path, left: bytes | None) -> None:
    """Without its keys everybody may write: not so unnoticed as before a first start."""
    folder = Folder(tmp_path / "data").make()
    assert not folder.has_lost_accounts
    folder.passwords()
    Accounts(folder.accounts_url).close()
    assert not folder.has_lost_accounts
    accounts = folder.path / "accounts.db"
    accounts.unlink() if left is None else accounts.write_bytes(left)
    assert folder.has_lost_accounts


def test_the_engine_is_found_though_the_disk_is_full(tmp_path: Path) -> None:
    """Its address stands where the one of the last start stood, which nobody takes for this one's."""
    with mounted(tmp_path / "disk", 8) as small:
        folder = Folder(small / "data").make()
        face = EngineFace("127.0.0.1", 40_000, "w", "r")
        write_anyhow(folder.engine_face_file, msgspec.json.encode(face), 0o600)
        folder.forget_engine_face()
        with pytest.raises(ConfigError, match="no engine runs"):
            folder.engine_face()
        fill(small / "ballast")
        for port in (9_000, 60_000):
            moved = msgspec.structs.replace(face, port=port)
            write_anyhow(folder.engine_face_file, msgspec.json.encode(moved), 0o600)
            assert folder.engine_face() == moved
