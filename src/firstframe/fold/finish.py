"""One native view, from its events to finished rows: the dialect folds, then all that dialects share is filled in.

The order of the steps is the order in `fold_view`: dedupe, fold, name, place, context, device, addresses,
caps, scores. A step only fills what is still None, so that what a player says of itself wins over what we infer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter

from firstframe.beacon import Context, Event, Place, view_id_of
from firstframe.dialects.base import Dialect, Folded
from firstframe.enrich.device import Device, describe
from firstframe.enrich.url import dstorage_id, host_of, playback_id, protocol_of, without_query
from firstframe.fold.gist import Gist
from firstframe.view.placement import place
from firstframe.view.record import ViewRecord
from firstframe.view.score import fill_scores

CUSTOM_KEYS = 100
CUSTOM_KEY_LENGTH = 128
CUSTOM_VALUE_LENGTH = 1024
"""What is kept of `custom` and `extra`: the first keys in alphabetical order."""


def fold_view(
    dialect: Dialect,
    project: str,
    native_view_id: str,
    events: Sequence[Event],
    now_ms: int,
    *,
    keep_page_query: bool = False,
) -> Folded:
    """The finished rows of one native view: a pure function of the set of its events and the time."""
    known, gist = unique(events), Gist()
    gist.extend(known)
    folded = dialect.fold(known, now_ms)
    finish(folded.rows, gist, project, dialect.name, native_view_id, keep_page_query=keep_page_query)
    return folded


def finish(
    rows: Iterable[ViewRecord],
    gist: Gist,
    project: str,
    dialect: str,
    native_view_id: str,
    *,
    keep_page_query: bool,
) -> None:
    """Fill in what all dialects share."""
    context = gist.context
    for row in rows:
        row.project, row.dialect, row.native_view_id = project, dialect, native_view_id
        row.view_id = view_id_of(project, dialect, native_view_id, row.ordinal)
        _receive(row, gist)
        place(row, gist.shift_ms)
        _locate(row, context)
        _equip(row, context)
        _address(row, context, keep_page_query=keep_page_query)
        row.stream_type = row.stream_type or _stream_type(row)
        row.custom, row.extra = capped(row.custom), capped(row.extra)
        row.approx = sorted(set(row.approx))
        fill_scores(row)


def unique(events: Iterable[Event]) -> list[Event]:
    """Each delivery once, as it first came, in an order that does not depend on how they came."""
    first: dict[str, Event] = {}
    for event in events:
        known = first.get(event.key)
        if known is None or event.received_at_ms < known.received_at_ms:
            first[event.key] = event
    return sorted(first.values(), key=attrgetter("at_ms", "key"))


def _receive(row: ViewRecord, gist: Gist) -> None:
    row.received_first_ms = row.received_first_ms or gist.received_first_ms
    row.received_last_ms = row.received_last_ms or gist.received_last_ms
    row.event_count = row.event_count or gist.event_count


def _locate(row: ViewRecord, context: Context) -> None:
    """The place, all of it from one source: never one's city in another's country."""
    if row.country is not None:
        return
    for name in Place.__struct_fields__:
        if name != "address" and getattr(row, name) is None:
            setattr(row, name, getattr(context.place, name))


def _equip(row: ViewRecord, context: Context) -> None:
    """Browser, system and device; the hints only belong to the request's own user agent."""
    own = row.user_agent in (None, context.user_agent)
    row.user_agent = row.user_agent or context.user_agent
    found = describe(row.user_agent, context.client_hints if own else {})
    for name in Device.__struct_fields__:
        if name != "bot" and getattr(row, name) is None:
            setattr(row, name, getattr(found, name))
    row.bot = row.bot or found.bot
    row.language = row.language or _language(context.language)


def _language(header: str | None) -> str | None:
    """The first of an ``Accept-Language`` header."""
    first = (header or "").split(",", 1)[0].split(";", 1)[0].strip()
    return first[:35] if first and first != "*" else None


def _address(row: ViewRecord, context: Context, *, keep_page_query: bool) -> None:
    page = row.page_url or context.referer
    row.page_host = row.page_host or host_of(page) or host_of(context.origin)
    row.page_url = page if keep_page_query else without_query(page)
    source = row.source_url
    row.source_host = row.source_host or host_of(source)
    row.protocol = row.protocol or protocol_of(source)
    row.playback_id = row.playback_id or playback_id(source)
    row.dstorage_id = row.dstorage_id or dstorage_id(source)
    row.source_url = without_query(source)


def _stream_type(row: ViewRecord) -> str | None:
    if row.live:
        return "live"
    return "on_demand" if row.duration_ms else None


def capped(values: dict[str, str]) -> dict[str, str]:
    """Metadata within bounds, in alphabetical order."""
    kept = sorted(values.items())[:CUSTOM_KEYS]
    return {key[:CUSTOM_KEY_LENGTH]: value[:CUSTOM_VALUE_LENGTH] for key, value in kept}
