"""The collector's core for Python: set-top boxes, kiosks, test rigs and servers that play video.

``Monitor`` has a thread of its own, ``AsyncMonitor`` a task; both take the events of the public list by
``emit(event, data)``, and heartbeats, the end of a view and delivery are their own business. Standard library only.
"""

from __future__ import annotations

from firstframe.sdk.core import Core, Options
from firstframe.sdk.monitor import AsyncMonitor, Monitor
from firstframe.sdk.outbox import Outbox, post

__all__ = ["AsyncMonitor", "Core", "Monitor", "Options", "Outbox", "post"]
