"""The watch over alerts."""

from __future__ import annotations

import asyncio
import signal
from functools import partial

from prometheus_client import CollectorRegistry

from firstframe.alerts.courier import courier_of
from firstframe.alerts.meter import AlertMeter
from firstframe.alerts.store import AlertStore
from firstframe.alerts.watch import LOOK_SECONDS, SEND_SECONDS, Watch, keep_doing
from firstframe.api.engine_url import limited_engine_url
from firstframe.console import dashboard_url
from firstframe.engine.client import AsyncEngine
from firstframe.folder import Folder
from firstframe.roles.api import wait_for_url
from firstframe.roles.progress import freshness
from firstframe.settings import Settings

DAY_MS = 86_400_000
MOST_RESULT_BYTES = 16 * 2**20
THREADS = 2
"""A rule asks two questions at a time."""


def alert(settings: Settings) -> None:
    """Look at alerts and send notices until SIGTERM or SIGINT. Raises `ConfigError`."""
    folder = Folder(settings.data).make()
    courier = courier_of(settings)
    store = AlertStore(settings.accounts or folder.accounts_url)
    where = partial(limited_engine_url, settings, folder, MOST_RESULT_BYTES)
    engine = AsyncEngine.connect(wait_for_url(where), THREADS, where=where)
    watch = Watch(
        store,
        engine,
        courier,
        fresh_ms=freshness(settings, folder, where),
        meter=AlertMeter(CollectorRegistry()),
        dashboard_url=dashboard_url(settings),
        retention_ms=settings.view_retention_days * DAY_MS,
    )
    asyncio.run(_run(watch))
    store.close()


async def _run(watch: Watch) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await asyncio.gather(
        keep_doing(watch.look, LOOK_SECONDS, stop), keep_doing(watch.send, SEND_SECONDS, stop)
    )
