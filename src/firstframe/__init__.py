"""firstframe: open, self-hosted video quality-of-experience analytics."""

__version__ = "0.1.0"
