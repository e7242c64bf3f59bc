"""From an address to a place and a network, by any MMDB files the operator has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import maxminddb
import msgspec

from firstframe.beacon import Place
from firstframe.errors import ConfigError

CACHED = 50_000

CONTINENTS = {
    "africa": "AF",
    "antarctica": "AN",
    "asia": "AS",
    "europe": "EU",
    "north america": "NA",
    "oceania": "OC",
    "south america": "SA",
}

PATHS: Mapping[str, Sequence[tuple[str | int, ...]]] = {
    "continent": (("continent", "code"), ("continent_code",), ("continent",)),
    "country": (("country", "iso_code"), ("registered_country", "iso_code"), ("country_code",), ("country",)),
    "subdivision": (
        ("subdivisions", 0, "iso_code"),
        ("subdivisions", 0, "names", "en"),
        ("region_code",),
        ("state1",),
        ("region",),
        ("state",),
    ),
    "city": (("city", "names", "en"), ("city",)),
    "time_zone": (("location", "time_zone"), ("timezone",), ("time_zone",)),
    "asn": (("autonomous_system_number",), ("asn",), ("as_number",)),
    "network": (("autonomous_system_organization",), ("as_name",), ("as_organization",), ("organization",)),
}
"""Where each part stands: nested as in the city and network files, or flat as in others. The first found wins."""


class PlaceFinder:
    """Looks an address up in several files; each part of the place is taken from the first that knows it."""

    def __init__(self, paths: Iterable[str | Path] = ()) -> None:
        """Raises `ConfigError` for a file that is not there or no MMDB."""
        self._readers = [_open(Path(path)) for path in paths]
        self._find = lru_cache(CACHED)(self._look_up)

    @classmethod
    def of(cls, setting: str) -> PlaceFinder:
        """From the setting ``geo``: file names, comma-separated."""
        return cls(part.strip() for part in setting.split(",") if part.strip())

    @property
    def is_empty(self) -> bool:
        """Without files every place is unknown."""
        return not self._readers

    def find(self, address: str | None) -> Place:
        """The place of an address; an empty one when nothing is known. Never raises."""
        return self._find(address) if address and self._readers else _NOWHERE

    def close(self) -> None:
        for reader in self._readers:
            reader.close()

    def _look_up(self, address: str) -> Place:
        found: dict[str, Any] = {}
        for reader in self._readers:
            try:
                record = reader.get(address)
            except (ValueError, maxminddb.InvalidDatabaseError):
                continue  # no address, or of a family that the file does not hold
            if isinstance(record, dict):
                found = _read(record) | found
        return msgspec.convert(found, Place) if found else _NOWHERE


def _open(path: Path) -> maxminddb.Reader:
    try:
        return maxminddb.open_database(path)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise ConfigError(f"geo names {path}, but that is no MMDB file that can be read: {error}") from error


def _read(record: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a place that a record of any known shape holds."""
    found = {}
    for part, paths in PATHS.items():
        for path in paths:
            value = _CLEAN[part](_at(record, path))
            if value is not None:
                found[part] = value
                break
    return found


def _at(value: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and len(value) > step else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str | None:
    return (value.strip()[:128] or None) if isinstance(value, str) else None


def _country(value: Any) -> str | None:
    """ISO 3166 alpha-2; a country's name is no code."""
    text = _text(value)
    return text.upper() if text and len(text) == 2 and text.isalpha() else None


def _continent(value: Any) -> str | None:
    text = _text(value)
    if text and len(text) == 2:
        return text.upper()
    return CONTINENTS.get(text.lower()) if text else None


def _asn(value: Any) -> int | None:
    if isinstance(value, str):
        value = value.strip().upper().removeprefix("AS")
        value = int(value) if value.isdigit() else None
    return value if isinstance(value, int) and 0 < value < 2**32 else None


_CLEAN: Mapping[str, Any] = {
    "continent": _continent,
    "country": _country,
    "subdivision": _text,
    "city": _text,
    "time_zone": _text,
    "asn": _asn,
    "network": _text,
}

_NOWHERE = Place()
