"""Pillarbox monitoring: one session is one media load, told in four events of gauges and totals."""

from __future__ import annotations

from firstframe.dialects.pillarbox.dialect import PILLARBOX

__all__ = ["PILLARBOX"]
