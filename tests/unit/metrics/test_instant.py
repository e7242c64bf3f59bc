"""Instants: every form that people and programs write, and what is none."""

from zoneinfo import ZoneInfo

import pytest

from firstframe.errors import BadRequest
from firstframe.metrics.instant import iso, read_instant
from support_question import NEW_YEAR_MS

UTC = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-01-01", NEW_YEAR_MS),
        ("2026-01-01T00:00:00Z", NEW_YEAR_MS),
        ("2026-01-01T00:00:00.250Z", NEW_YEAR_MS + 250),
        ("2026-01-01T01:00:00+01:00", NEW_YEAR_MS),
        ("2026-01-01T01:00:00 01:00", NEW_YEAR_MS),
        ("1767225600", NEW_YEAR_MS),
        ("1767225600000", NEW_YEAR_MS),
        (1767225600, NEW_YEAR_MS),
        (1767225600.5, NEW_YEAR_MS + 500),
        ("now", 5_000_000),
        ("-1h", 1_400_000),
        ("now-30m", 3_200_000),
        ("+10s", 5_010_000),
        (0, 0),
    ],
)
def test_forms(text, wanted) -> None:
    """ISO 8601, epoch in seconds or milliseconds, relative to now."""
    assert read_instant(text, "from", 5_000_000, UTC) == wanted


@pytest.mark.parametrize(
    ("given", "meant"),
    [("20261120", "2026-11-20"), (20261120, "2026-11-20"), ("2026", "2026-01-01"), (" 2026 ", "2026-01-01")],
)
def test_a_date_without_dashes_is_no_number_of_seconds(given, meant) -> None:
    """It would be in 1970: refused, with the date that may be meant."""
    with pytest.raises(BadRequest, match=f"write {meant}") as refused:
        read_instant(given, "from", 0, UTC)
    assert refused.value.detail["parameter"] == "from"
    assert refused.value.detail["allowed"]


def test_zone() -> None:
    """Text without an offset is in the question's zone, also across its summer time."""
    berlin = ZoneInfo("Europe/Berlin")
    assert iso(read_instant("2026-01-01", "from", 0, berlin)) == "2025-12-31T23:00:00Z"
    assert iso(read_instant("2026-07-01T12:00", "from", 0, berlin)) == "2026-07-01T10:00:00Z"


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "-24x", "1e99", "-5", "9999-01-01", "nan", "٣"]
)
def test_what_is_none(text) -> None:
    """What is no instant from 1970 to 2299 is refused by the parameter's name."""
    with pytest.raises(BadRequest) as refused:
        read_instant(text, "to", 0, UTC)
    assert refused.value.detail["parameter"] == "to"
