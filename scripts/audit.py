"""Ask whether anything that is installed has a known vulnerability: `make audit`.

Python packages are asked about by pip-audit, those of npm by `npm audit`, each of the service that its registry offers.
What could not be asked is said so and is no good news: exit code 0 means asked and clean, 1 found, 2 not asked.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
WEB = ("web/collector", "web/dashboard", "tests/e2e/web")
SECONDS = 600
CLEAN, FOUND, NOT_ASKED = 0, 1, 2
_PINNED = re.compile(r"^([A-Za-z0-9._-]+==[^\s;\\]+)", re.MULTILINE)


@dataclass
class Verdict:
    """What is known of one lock file."""

    asked: bool
    known: list[str] = field(default_factory=list)
    why: str = ""
    """Why it was not asked."""


def pins_of(lock: str) -> list[str]:
    """``name==version`` of each line of a lock file."""
    return _PINNED.findall(lock)


def read_pip(text: str) -> Verdict:
    """The verdict in pip-audit's JSON. A package that it skipped was not asked about, whatever its summary says."""
    try:
        packages = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Verdict(asked=False, why="pip-audit gave no answer: is the vulnerability service reachable?")
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    known = [
        f"{one['name']} {one['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'nothing yet'}"
        for one in packages
        for found in one.get("vulns", ())
    ]
    if not skipped and packages:
        return Verdict(asked=True, known=known)
    why = (
        f"the service knows nothing of {len(skipped)} packages, such as {skipped[0]}"
        if skipped
        else "nothing to ask"
    )
    return Verdict(asked=False, known=known, why=why)


def read_npm(text: str) -> Verdict:
    """The verdict in `npm audit --json`."""
    try:
        told: dict[str, Any] = json.loads(text)
    except ValueError:
        return Verdict(asked=False, why="npm gave no answer")
    if "vulnerabilities" not in told:
        return Verdict(
            asked=False, why=f"the service cannot be asked: {str(told.get('message', told))[:200]}"
        )
    known = [f"{name}: {one.get('severity')}" for name, one in told["vulnerabilities"].items()]
    return Verdict(asked=True, known=known)


def ask_pip(lock: Path) -> Verdict:
    """Ask about one package first: where that cannot be answered, hundreds of questions are no use."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        return Verdict(asked=False, why="uv is missing; `make test` installs it")
    pins = pins_of(lock.read_text())
    first = _pip_audit(uv, pins[:1])
    return _pip_audit(uv, pins) if first.asked else first


def _pip_audit(uv: str, pins: Sequence[str]) -> Verdict:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as names:
        # A name may be there twice, for several versions of Python.
        rounds = list(_rounds(pins))
        verdicts = []
        for one in rounds:
            names.seek(0)
            names.truncate()
            names.write("".join(f"{pin}\n" for pin in one))
            names.flush()
            options = ("--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off")
            verdicts.append(read_pip(_run([uv, "tool", "run", "pip-audit", *options, "-r", names.name])))
    missing = next((one for one in verdicts if not one.asked), None)
    known = [told for one in verdicts for told in one.known]
    return Verdict(asked=missing is None, known=known, why=missing.why if missing else "")


def _rounds(pins: Sequence[str]) -> Iterator[list[str]]:
    left = list(pins)
    while left:
        now = {pin.partition("==")[0]: pin for pin in reversed(left)}
        yield list(now.values())
        left = [pin for pin in left if pin not in now.values()]


def ask_npm(folder: Path) -> Verdict:
    npm = shutil.which("npm")
    if npm is None:
        return Verdict(asked=False, why="npm is missing")
    return read_npm(_run([npm, "audit", "--package-lock-only", "--json"], folder))


def _run(command: Sequence[str], folder: Path = ROOT) -> str:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def main() -> int:
    asked = {name: ask_pip(ROOT / name) for name in LOCKS} | {name: ask_npm(ROOT / name) for name in WEB}
    for name, verdict in asked.items():
        state = "asked, nothing known" if verdict.asked and not verdict.known else "KNOWN VULNERABILITIES"
        if not verdict.asked:
            state = f"NOT ASKED: {verdict.why}"
        print(f"{name}: {state}")
        for told in verdict.known:
            print(f"  {told}")
    if any(one.known for one in asked.values()):
        return FOUND
    return CLEAN if all(one.asked for one in asked.values()) else NOT_ASKED


if __name__ == "__main__":
    sys.exit(main())
