"""A collector."""

from __future__ import annotations

import msgspec

from firstframe.edge.serve import run
from firstframe.folder import Folder
from firstframe.settings import Settings


def edge(settings: Settings, name: str) -> None:
    """Run one collector until told to stop."""
    folder = Folder(settings.data).make()
    run(msgspec.structs.replace(settings, accounts=settings.accounts or folder.accounts_url), name=name)
