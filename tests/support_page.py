"""Examples in a Markdown page: commands in ``sh`` fences, each followed by its answer; run, compared, written anew."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from support_audience import midnight_ms

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
THE_DAY_MS = 1_773_360_000_000
"""2026-03-13: the day that the pages call today."""
THE_INSTANT = "2026-03-13T10:00:00Z"
"""What the pages call now."""
MOMENTS = ("fresh_as_of", "at")
"""Keys of instants that are never the same twice."""
COMPARED = ("json", "csv")
"""Fences right after a command that hold its answer."""
MORE = "…"
"""As the last of a list: there are more."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_EPOCHS = range(1_500_000_000_000, 3_000_000_000_000)
_WIDE = 100


class Example(msgspec.Struct, frozen=True):
    """One command of a page, the heading above it, and the answer that the page shows, if it does."""

    page: str
    heading: str
    command: str
    answer: str | None
    kind: str
    place: tuple[int, int]
    """Where the answer stands in the page."""


def examples_of(path: Path) -> tuple[str, list[Example]]:
    """What the page sets up first, and its commands."""
    text = path.read_text()
    fences = list(FENCE.finditer(text))
    setting_up = "".join(one[2] for one in fences if one[1] == "sh" and one[2].startswith("export"))
    found = []
    for at, fence in enumerate(fences):
        if fence[1] == "sh" and "curl" in fence[2]:
            after = fences[at + 1] if at + 1 < len(fences) else None
            close = after and after[1] in COMPARED and not text[fence.end() : after.start()].strip()
            shown = after if close else None
            headings = re.findall(r"^#+ (.*)$", text[: fence.start()], re.MULTILINE)
            found.append(
                Example(
                    path.name,
                    headings[-1],
                    fence[2],
                    shown[2] if shown else None,
                    shown[1] if shown else "",
                    shown.span(2) if shown else (0, 0),
                )
            )
    return setting_up, found


def run(setting_up: str, command: str, environment: Mapping[str, str]) -> tuple[int, str]:
    """The exit code and the output of a command as a person would run it; refusals still show what they say."""
    # The page's own addresses and secrets give way to those of the product under test.
    kept = "".join(
        line for line in setting_up.splitlines(True) if not line.startswith(("export API", "export TOKEN"))
    )
    script = f'curl() {{ command curl --fail-with-body "$@"; }}\n{kept}{command}'
    done = subprocess.run(
        ["bash", "-c", script], env=dict(environment), capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout


def stable(value: Any, now_ms: int) -> Any:
    """An answer as it would have been on the day of the pages: all its instants moved by whole days."""
    if isinstance(value, dict):
        return {
            key: THE_INSTANT if key in MOMENTS and isinstance(one, str) else stable(one, now_ms)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [stable(one, now_ms) for one in value]
    moved_ms = THE_DAY_MS - midnight_ms(now_ms)
    if isinstance(value, str):
        return _INSTANT.sub(lambda found: _moved(found[0], moved_ms), value)
    if isinstance(value, int | float) and not isinstance(value, bool) and int(value) in _EPOCHS:
        return value + moved_ms
    return value


def _moved(text: str, moved_ms: int) -> str:
    moved = datetime.fromisoformat(text).astimezone(UTC) + timedelta(milliseconds=moved_ms)
    return moved.isoformat(timespec="milliseconds" if "." in text else "seconds").replace("+00:00", "Z")


def read(kind: str, output: str, now_ms: int) -> Any:
    """An output as it is compared."""
    return stable(json.loads(output) if kind == "json" else output.replace("\r\n", "\n"), now_ms)


def differences(shown: Any, found: Any, where: str = "answer") -> list[str]:
    """What a page shows and the product does not say. A page may leave out keys, and the end of a list by an ellipsis."""
    if isinstance(shown, dict) and isinstance(found, dict):
        missing = [f"{where} has no {key}" for key in shown if key not in found]
        both = [key for key in shown if key in found]
        return missing + [
            one for key in both for one in differences(shown[key], found[key], f"{where}.{key}")
        ]
    if isinstance(shown, list) and isinstance(found, list):
        if shown and shown[-1] == MORE:
            shown, found = shown[:-1], found[: len(shown) - 1]
        if len(shown) != len(found):
            return [f"{where} has {len(found)} elements, the page shows {len(shown)}"]
        pairs = enumerate(zip(shown, found, strict=True))
        return [one for at, (a, b) in pairs for one in differences(a, b, f"{where}[{at}]")]
    return (
        []
        if shown == found and type(shown) is type(found)
        else [f"{where} is {found!r}, the page shows {shown!r}"]
    )


def renewed(shown: Any, found: Any) -> Any:
    """A new answer in the shape of what the page shows: the same keys, the same length of lists that are cut."""
    if isinstance(shown, dict) and isinstance(found, dict):
        return {key: renewed(one, found[key]) for key, one in shown.items() if key in found}
    if isinstance(shown, list) and isinstance(found, list):
        cut = bool(shown) and shown[-1] == MORE
        kept = found[: len(shown) - 1] if cut else found
        models = [*shown, *([shown[0]] * len(kept) if shown else [])]
        new = [renewed(model, one) if shown else one for model, one in zip(models, kept, strict=False)]
        return ([*new, MORE] if cut else new) if shown else found
    return found


def written(value: Any, indent: str = "") -> str:
    """JSON for people: what fits stands on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= _WIDE or not isinstance(value, dict | list) or not value:
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {written(one, inner)}" for key, one in value.items()]
        return "{\n" + inner + _filled(parts, inner) + "\n" + indent + "}"
    return "[\n" + inner + f",\n{inner}".join(written(one, inner) for one in value) + "\n" + indent + "]"


def _filled(parts: list[str], indent: str) -> str:
    """Members of an object: short ones share a line."""
    lines = [parts[0]]
    for part in parts[1:]:
        if "\n" in part or "\n" in lines[-1] or len(indent) + len(lines[-1]) + len(part) + 2 > _WIDE:
            lines.append(part)
        else:
            lines[-1] += f", {part}"
    return f",\n{indent}".join(lines)


def answer_in(example: Example, output: str, now_ms: int) -> str:
    """What the page is to show of an output."""
    found = read(example.kind, output, now_ms)
    if example.kind != "json":
        return str(found)
    shown = json.loads(example.answer) if example.answer and example.answer.strip() else None
    return written(found if shown is None else renewed(shown, found)) + "\n"


def rewrite(path: Path, answers: list[tuple[Example, str]]) -> None:
    """Put new answers in the place of those that the page shows."""
    text = path.read_text()
    for example, answer in sorted(answers, key=lambda one: one[0].place, reverse=True):
        start, end = example.place
        text = text[:start] + answer + text[end:]
    path.write_text(text)
