"""What is installed is what was looked at: pinned, hashed, and asked about honestly."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from support_script import script

ROOT = Path(__file__).parents[3]
NPM_LOCKS = sorted((ROOT / "web").glob("*/package-lock.json"))
MAY_RUN_SCRIPTS = {"esbuild", "fsevents"}
"""Packages of npm that run a program of theirs when they are installed."""


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_python_package_is_pinned_by_its_hash(name) -> None:
    """Nothing is installed that differs by a byte from what was locked, and no address but the usual one is named."""
    text = (ROOT / name).read_text()
    entries = [one for one in re.split(r"\n(?=\S)", text) if one.strip() and not one.startswith("#")]
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[a-zA-Z0-9._-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
    assert "://" not in text
    assert len(script("audit").pins_of(text)) == len(entries)


@pytest.mark.parametrize("file", NPM_LOCKS, ids=lambda one: one.parent.name)
def test_every_package_of_the_browser_is_pinned_by_its_hash(file) -> None:
    """Each has a strong hash, and none that is not known runs a program when it is installed."""
    packages = {name: one for name, one in json.loads(file.read_text())["packages"].items() if name}
    assert packages
    for name, one in packages.items():
        assert one.get("link") or one["integrity"].startswith("sha512-"), name
        if one.get("hasInstallScript"):
            assert name.rpartition("node_modules/")[2] in MAY_RUN_SCRIPTS, name


@pytest.mark.parametrize(
    ("told", "asked", "known"),
    [
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', True, 0),
        ('{"dependencies": [{"name": "a", "skip_reason": "not found"}]}', False, 0),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X", "fix_versions": ["2"]}]}]}',
            True,
            1,
        ),
        ('{"dependencies": []}', False, 0),
        ("", False, 0),
        ("Traceback", False, 0),
    ],
)
def test_a_package_that_was_skipped_was_not_asked_about(told, asked, known) -> None:
    """Silence of the service for Python packages is never taken for good news."""
    verdict = script("audit").read_pip(told)
    assert (verdict.asked, len(verdict.known)) == (asked, known)
    assert verdict.asked or verdict.why


@pytest.mark.parametrize(
    ("told", "asked", "known"),
    [
        ('{"vulnerabilities": {}, "metadata": {}}', True, 0),
        ('{"vulnerabilities": {"a": {"severity": "high"}}}', True, 1),
        ('{"message": "405 Method Not Allowed"}', False, 0),
        ("", False, 0),
    ],
)
def test_a_registry_that_does_not_answer_is_said(told, asked, known) -> None:
    """Nor is the silence of the one for npm."""
    verdict = script("audit").read_npm(told)
    assert (verdict.asked, len(verdict.known)) == (asked, known)
    assert verdict.asked or verdict.why
