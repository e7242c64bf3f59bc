"""Bitmovin Analytics: closed intervals of one state each, one request a sample."""

from __future__ import annotations

from firstframe.dialects.bitmovin.dialect import BITMOVIN

__all__ = ["BITMOVIN"]
