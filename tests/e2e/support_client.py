"""The official clients of vendors' APIs, each in an environment of its own, and what they answer to some calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CACHE = Path(__file__).parent / ".cache"


def python_client(folder: Path) -> Path:
    """The interpreter of an environment that has what the folder's ``requirements.txt`` names."""
    place = CACHE / folder.name
    interpreter = place / "venv" / "bin" / "python"
    wanted = (folder / "requirements.txt").read_text()
    done = place / "installed.txt"
    if not done.exists() or done.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", place / "venv"], check=True)
        install = ["-m", "pip", "install", "--quiet", "--no-deps", "-r", folder / "requirements.txt"]
        subprocess.run([interpreter, *install], check=True)
        done.write_text(wanted)
    return interpreter


def node_client(folder: Path, package: str) -> Path:
    """The script that asks with an npm client."""
    if not (folder / "node_modules" / package).exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=folder, check=True)
    return folder / "ask.mjs"


def asked(command: list[Any], base: str, key: str, calls: list[Any]) -> list[Any]:
    """The answers to some calls, parsed by the client."""
    environment = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"}
    text = json.dumps(calls)
    done = subprocess.run(
        [*command, base, key], input=text, capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)
