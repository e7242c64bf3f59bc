"""Where the API asks, and how much one question may take."""

from __future__ import annotations

from urllib.parse import urlencode

from firstframe.folder import Folder
from firstframe.settings import Settings


def limited_engine_url(settings: Settings, folder: Folder, most_result_bytes: int) -> str:
    """The engine's URL, the operator's or the embedded engine's, with the limits of one question. Raises `ConfigError`."""
    url = folder.engine_url(settings.engine)
    limits = {"max_execution_time": settings.query_seconds, "max_result_bytes": most_result_bytes}
    return f"{url}{'&' if '?' in url else '?'}{urlencode(limits)}"
