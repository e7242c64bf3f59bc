"""CMCD: Common Media Client Data, event mode above all, as players report it by themselves (CTA-5004, -A, -B)."""

from __future__ import annotations

from firstframe.dialects.cmcd.dialect import CMCD

__all__ = ["CMCD"]
