"""What to paste where, and whether it works: for each dialect its snippet, its first beacon, its last trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from litestar import get
from litestar.di import NamedDependency

from firstframe.accounts.account import DEFAULT_PROJECT, Token
from firstframe.accounts.store import Accounts
from firstframe.api.access import SECRET
from firstframe.api.fault import answers
from firstframe.api.service import Services
from firstframe.dialects.base import Dialect
from firstframe.metrics.arrival import Arrival, arrivals
from firstframe.metrics.refusal import last_rejects

ANY_KEY = "default"
"""What snippets name while any write key is good."""
SINCE_MS = 24 * 3_600_000
"""How far back trouble is looked for."""


class Collector(msgspec.Struct, frozen=True):
    """Where players send, and in which languages."""

    url: Callable[[], str]
    dialects: Sequence[Dialect]


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """The last thing that could not be used."""

    at_ms: int
    reason: str
    message: str
    sample: str
    is_refused: bool
    """The sender was told so; else it was accepted and then could not be used."""


class SetupEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One dialect."""

    name: str
    title: str
    snippet: str
    first_ms: int | None
    last_ms: int | None
    trouble: Trouble | None


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the set-up page shows."""

    project: str
    collector_url: str
    write_key: str
    is_open: bool
    """No write key was ever made: any is good."""
    now_ms: int
    dialects: list[SetupEntry]


class SetupAnswer(msgspec.Struct, frozen=True):
    data: Setup


@get(
    "/v1/setup", tags=["operation"], summary="How to send views here", responses=answers(), opt={SECRET: True}
)
async def get_setup(
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    accounts: NamedDependency[Accounts],
    collector: NamedDependency[Collector],
) -> SetupAnswer:
    """Snippets with this server's address and a key of the project, and what has come from each."""
    key, is_open = await asyncio.to_thread(_key, accounts, caller.project)
    arrived = await arrivals(services.engine, caller.project)
    now_ms = services.now_ms()
    url = collector.url()
    entries = [
        _entry(
            dialect,
            url,
            key,
            arrived.get(dialect.name),
            await _trouble(dialect.name, services, caller, now_ms),
        )
        for dialect in collector.dialects
    ]
    return SetupAnswer(
        Setup(
            project=caller.project,
            collector_url=url,
            write_key=key,
            is_open=is_open,
            now_ms=now_ms,
            dialects=entries,
        )
    )


def _key(accounts: Accounts, project: str) -> tuple[str, bool]:
    keys = [one.key for one in accounts.write_keys(project) if one.revoked_ms is None]
    is_open = project == DEFAULT_PROJECT and not accounts.has_write_keys()
    return keys[0] if keys else ANY_KEY if is_open else "YOUR_WRITE_KEY", is_open


def _entry(
    dialect: Dialect, url: str, key: str, arrival: Arrival | None, trouble: Trouble | None
) -> SetupEntry:
    return SetupEntry(
        name=dialect.name,
        title=dialect.title,
        snippet=dialect.snippet(url, key).strip(),
        first_ms=arrival.first_ms if arrival else None,
        last_ms=arrival.last_ms if arrival else None,
        trouble=trouble,
    )


async def _trouble(name: str, services: Services, caller: Token, now_ms: int) -> Trouble | None:
    """The latest of what was refused at the door and what could not be used afterwards."""
    found = [
        Trouble(
            at_ms=one.received_at_ms,
            reason=one.reason,
            message=one.message,
            sample=one.sample,
            is_refused=False,
        )
        for one in await last_rejects(
            services.engine, caller.project, since_ms=now_ms - SINCE_MS, dialect=name, limit=1
        )
    ]
    refused = (msgspec.to_builtins(one) for one in services.refusals())
    found += [_refused(one, caller.project) for one in refused if _is_ours(one, name, caller.project)]
    return max(found, key=lambda one: one.at_ms, default=None)


def _is_ours(refused: dict[str, Any], dialect: str, project: str) -> bool:
    return refused.get("dialect") == dialect and refused.get("project") in (None, project)


def _refused(refused: dict[str, Any], project: str) -> Trouble:
    # What belongs to no project may be another's: its words are only for who owns the open door.
    known = refused.get("project") == project or project == DEFAULT_PROJECT
    return Trouble(
        at_ms=refused.get("at_ms", 0),
        reason=refused.get("reason", ""),
        message=refused.get("message", "") if known else "it came with no key that is known",
        sample=refused.get("sample", "") if known else "",
        is_refused=True,
    )
