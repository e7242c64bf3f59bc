"""The native dialect: firstframe's own, for players without an SDK and for tests.

A body is ``{view_id, viewer_id?, session_id?, write_key?, context?, events: [{type, at, ...}]}`` or an array of
such objects; `table` says what each may hold, `body` reads it, `view` folds it.
"""

from __future__ import annotations

from firstframe.dialects.native.dialect import NATIVE

__all__ = ["NATIVE"]
