"""Mux: the traffic of mux-embed and of custom integrations, from its bytes to a view."""

from firstframe.dialects.mux.dialect import MUX

__all__ = ["MUX"]
