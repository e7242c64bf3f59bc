"""The languages firstframe understands, in one list: a new dialect is one file and one line here."""

from __future__ import annotations

from firstframe.dialects.base import Dialect

DIALECTS: tuple[Dialect, ...] = ()
"""Every dialect, in the order the docs and the set-up page show them."""
