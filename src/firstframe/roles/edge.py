"""A collector."""

from __future__ import annotations

import sys

import msgspec

from firstframe.api.livepeer_public import public_mounts
from firstframe.edge.serve import run
from firstframe.folder import Folder
from firstframe.settings import Settings

SWITCH_SECONDS = 0.001
"""A batch that is on the disk is answered when its thread gets its turn: so long at most, not Python's five ms."""


def edge(settings: Settings, name: str) -> None:
    """Run one collector until told to stop."""
    sys.setswitchinterval(SWITCH_SECONDS)
    folder = Folder(settings.data).make()
    known = msgspec.structs.replace(settings, accounts=settings.accounts or folder.accounts_url)
    # What pages may read stands here too: the public reaches nothing but the collector.
    run(known, name=name, mounts=public_mounts(known, folder))
