"""What tables and databases are, as chDB keeps it on the disk, and how to take back a change of it.

Without room chDB writes a changed definition as an empty or a cut file, says that all is well, and cannot open the table
from the next start on. So before a change every definition gets a second name; chDB replaces files and never writes into
them, so what that name leads to stays. It goes when the change is known to be whole, and is put back when it is not, or
when the process ended amid it. A process may also end while it puts back or forgets; the next one finishes that.
"""

from __future__ import annotations

import filecmp
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from firstframe.disk import write_atomically

_WHERE = ("metadata/*.sql", "store/*/*/*.sql")
_LIST, _END = "list", "."
"""Beside the second names: what there was, so that a definition that was put back is not taken for a new one."""


class Definitions:
    """Those of one engine, whose data lies in ``folder/columns``. For one change at a time."""

    def __init__(self, folder: Path) -> None:
        self._columns = folder / "columns"
        self._kept = folder / "definitions"

    def keep(self) -> None:
        """Remember what is there. Raises OSError."""
        self.forget()
        fresh = self._kept.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        names = list(_names(self._columns))
        for name in names:
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            _name_twice(self._columns / name, fresh / name)
        write_atomically(fresh / _LIST, "\n".join((*map(str, names), _END)).encode(), durable=True)
        fresh.rename(self._kept)  # all of them, or none

    def are_whole(self) -> bool:
        """Whether none is empty."""
        return all((self._columns / name).stat().st_size for name in _names(self._columns))

    def forget(self) -> None:
        """The change is whole. Raises OSError."""
        with suppress(FileNotFoundError):
            self._kept.rename(self._kept.with_suffix(f".{secrets.token_hex(4)}.gone"))  # all of them, or none
        for gone in self._kept.parent.glob("*.gone"):
            shutil.rmtree(gone, ignore_errors=True)

    def restore(self) -> list[Path]:
        """Take the last change back, if it was not whole; returns the files that it had touched. Raises OSError.

        What was dropped meanwhile stays dropped. Needs no room.
        """
        if not self._kept.is_dir():
            return []
        known = self._known()
        touched = []
        for name in _names(self._columns):
            path, kept = self._columns / name, self._kept / name
            with suppress(FileNotFoundError):  # dropped in this moment, or put back already
                if known is not None and str(name) not in known:
                    path.unlink()
                    touched.append(path)
                elif not filecmp.cmp(path, kept, shallow=False):
                    kept.replace(path)
                    touched.append(path)
        self.forget()
        return touched

    def _known(self) -> set[str] | None:
        """What there was before the change; None where nobody can tell, and so nothing is new."""
        try:
            *names, end = (self._kept / _LIST).read_text().split("\n")
        except FileNotFoundError:
            return None
        return set(names) if end == _END else None


def _names(folder: Path) -> Iterator[Path]:
    for pattern in _WHERE:
        yield from [path.relative_to(folder) for path in folder.glob(pattern)]


def _name_twice(path: Path, second: Path) -> None:
    try:
        os.link(path, second)
    except OSError:  # not every file system knows two names for a file
        shutil.copy2(path, second)
