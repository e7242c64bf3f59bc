"""3 · The languages firstframe understands, in one list: a new dialect is one file (or package) and one line here."""

from __future__ import annotations

from firstframe.dialects.base import Dialect
from firstframe.dialects.bitmovin import BITMOVIN
from firstframe.dialects.cmcd import CMCD
from firstframe.dialects.livepeer import LIVEPEER
from firstframe.dialects.mux import MUX
from firstframe.dialects.native import NATIVE
from firstframe.dialects.pillarbox import PILLARBOX

DIALECTS: tuple[Dialect, ...] = (NATIVE, LIVEPEER, BITMOVIN, MUX, PILLARBOX, CMCD)
"""Every dialect, in the order the docs and the set-up page show them."""
