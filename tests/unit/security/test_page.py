"""The threat model names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent


def test_every_test_that_is_named_exists() -> None:
    """A line that says how it is shown leads to a file."""
    named = set(re.findall(r"`((?:tests/)?[\w/]*test_\w+\.py)`", (ROOT / "docs" / "security.md").read_text()))
    assert len(named) > 10
    missing = [one for one in named if not ((ROOT if "/" in one else HERE) / one).exists()]
    assert missing == []


def test_every_file_of_tests_here_is_named() -> None:
    """What is tried stands in the page, so that who reads it knows how it is held."""
    page = (ROOT / "docs" / "security.md").read_text()
    unnamed = {path.name for path in HERE.glob("test_*.py")} - {Path(__file__).name}
    assert [name for name in sorted(unnamed) if name not in page] == []
