"""Rows as CSV that a spreadsheet can open without running anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula; some take the full-width signs for the narrow ones."""


def to_csv(keys: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A heading and one line for each row; null is empty, text that looks like a formula gets a quote before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_cell(key) for key in keys])
    writer.writerows([_cell(row.get(key)) for key in keys] for row in rows)
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(_RISKY) else text
