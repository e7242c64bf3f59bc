"""Files of assets, CSV or JSON lines, into the engine: all of a file, or nothing of it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from firstframe.engine.rows import ASSET_COLUMNS
from firstframe.errors import BadRequest
from firstframe.metrics.asset import Asset

BATCH = 5_000
LONGEST_ID = 256
TAG = "tags."
"""A column ``tags.genre`` is the tag ``genre``."""

ALIASES: Mapping[str, str] = {
    "playbackId": "playback_id",
    "assetId": "asset_id",
    "streamId": "stream_id",
    "creatorId": "creator_id",
    "name": "title",
    "dStorageUrl": "dstorage_url",
}
"""What exports of Livepeer's own API call these fields."""

_FIELDS = Asset.__struct_fields__
_COLUMNS = ASSET_COLUMNS[1:-1]


class Inserter(Protocol):
    """As much of the engine as is needed here."""

    def insert(self, table: str, columns: Any, rows: Any) -> None: ...


def import_assets(engine: Inserter, project: str, path: Path, now_ms: int) -> int:
    """Keep the assets of a file, each in the place of what was told of it before; returns how many there were.

    Raises `BadRequest` that names the line and what is wanted; then nothing was kept.
    """
    assets = list(read_assets(path))
    for start in range(0, len(assets), BATCH):
        rows = [
            (project, *(getattr(asset, name) for name in _COLUMNS), now_ms)
            for asset in assets[start : start + BATCH]
        ]
        engine.insert("assets", ASSET_COLUMNS, rows)
    return len(assets)


def read_assets(path: Path) -> Iterator[Asset]:
    """The assets of a ``.csv`` or ``.jsonl`` file. Raises `BadRequest`."""
    readers = {".csv": _csv_rows, ".jsonl": _json_rows, ".ndjson": _json_rows}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise BadRequest(f"{path.name} is neither .csv nor .jsonl", parameter="file", got=path.suffix)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for number, row in reader(file):
                yield _asset(number, row)
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{path.name} cannot be read: {error}", parameter="file") from error


def _csv_rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(lines)
    names = Counter(ALIASES.get(name, name).strip() for name in reader.fieldnames or ())
    if twice := [name for name, count in names.items() if count > 1]:
        raise BadRequest(f"line 1 names {twice[0][:60]!r} twice", got=twice[0][:60])
    for row in reader:
        if None in row or None in row.values():
            raise BadRequest(f"line {reader.line_num} has not as many values as the first line has names")
        found: dict[str, Any] = {
            name: value for name, value in row.items() if value and not name.startswith(TAG)
        }
        tags = {
            name.removeprefix(TAG): value for name, value in row.items() if value and name.startswith(TAG)
        }
        if tags:
            found["tags"] = tags
        yield reader.line_num, found


def _json_rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadRequest(f"line {number} is no JSON: {error}") from error
        if not isinstance(row, dict):
            raise BadRequest(f"line {number} is no JSON object")
        yield number, {name: value for name, value in row.items() if value is not None}


def _asset(number: int, row: Mapping[str, Any]) -> Asset:
    named = {ALIASES.get(name, name).strip(): value for name, value in row.items()}
    for name in named:
        if name not in _FIELDS:
            raise BadRequest(
                f"line {number} names {name[:60]!r}; wanted are {', '.join(_FIELDS)} and tags.<name>",
                got=name[:60],
                allowed=list(_FIELDS),
            )
    try:
        asset = msgspec.convert(named, Asset, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(f"line {number}: {error}") from error
    if not 1 <= len(asset.playback_id) <= LONGEST_ID:
        raise BadRequest(f"line {number} has no playback_id of 1 to {LONGEST_ID} characters")
    return asset
