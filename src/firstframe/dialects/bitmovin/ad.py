"""Ad records to ad counters: one record an ad from client-side ads, one an event from server-side ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from firstframe.dialects.base import number, text

SHOWN = ("started", "quartile1", "midpoint", "quartile3", "completed", "timePlayed")
"""Fields that are above 0 only when a frame of the ad was shown."""
TRIED = (
    *SHOWN,
    "adId",
    "mediaUrl",
    "adDuration",
    "adStartupTime",
    "errorCode",
    "skipped",
    "clicked",
    "closed",
)
"""Fields that make a record one of an ad; without any it tells of a manifest."""
BREAK = ("adPosition", "adScheduleTime", "adOffset", "adIdPlayer")
"""Fields that an ad break is known by."""
FIRST = ("pre", "preroll")


class Ad(msgspec.Struct, frozen=True):
    """One ad, from all records of its impression id."""

    break_key: tuple[str | None, ...]
    shown: bool
    failed: bool
    before_content: bool
    startup_ms: float | None
    """From the start of its break to its first frame."""


class Ads(msgspec.Struct, frozen=True):
    """The ads of one view, counted."""

    attempts: int
    impressions: int
    errors: int
    breaks: int
    break_errors: int
    preroll_startup_ms: float | None
    """The wait for the first frame of the first ad, where that came before content."""

    @property
    def seen(self) -> bool:
        return bool(self.attempts or self.breaks)


def count_ads(records: Iterable[Mapping[str, Any]], ad_runs: int) -> Ads:
    """The ads of a view's records. ``ad_runs``: breaks that the content's own samples show."""
    ads = [_ad(group) for group in _by_impression(records)]
    failed_breaks = {ad.break_key for ad in ads if ad.failed}
    waits = [ad.startup_ms for ad in ads if ad.before_content and ad.shown and ad.startup_ms is not None]
    return Ads(
        attempts=len(ads),
        impressions=sum(ad.shown for ad in ads),
        errors=sum(ad.failed for ad in ads),
        breaks=max(ad_runs, len({ad.break_key for ad in ads})),
        break_errors=len(failed_breaks),
        preroll_startup_ms=min(waits, default=None),
    )


def _by_impression(records: Iterable[Mapping[str, Any]]) -> list[Sequence[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for index, record in enumerate(records):
        if any(_says(record, name) for name in TRIED):
            groups.setdefault(text(record.get("adImpressionId")) or f"record {index}", []).append(record)
    return list(groups.values())


def _ad(records: Sequence[Mapping[str, Any]]) -> Ad:
    waits = [found for record in records if (found := number(record.get("adStartupTime"))) and found > 0]
    return Ad(
        break_key=max(tuple(text(record.get(name)) or "" for name in BREAK) for record in records),
        shown=any(_says(record, name) for record in records for name in SHOWN),
        failed=any(_says(record, "errorCode") for record in records),
        before_content=any((text(record.get("adPosition")) or "").lower() in FIRST for record in records),
        startup_ms=min(waits, default=None),
    )


def _says(record: Mapping[str, Any], name: str) -> bool:
    """Whether a field is set: 0, False and blanks are not."""
    value = record.get(name)
    return bool(value) and value != "0"
