"""A collector."""

from __future__ import annotations

import msgspec

from firstframe.api.livepeer_public import public_mounts
from firstframe.edge.serve import run
from firstframe.folder import Folder
from firstframe.settings import Settings


def edge(settings: Settings, name: str) -> None:
    """Run one collector until told to stop."""
    folder = Folder(settings.data).make()
    known = msgspec.structs.replace(settings, accounts=settings.accounts or folder.accounts_url)
    # What pages may read stands here too: the public reaches nothing but the collector.
    run(known, name=name, mounts=public_mounts(known, folder))
