"""Write the pages of docs/ that are made from the source, or with --check fail when one is not up to date."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from firstframe.dialects import DIALECTS
from firstframe.metrics.catalogue import METRICS
from firstframe.metrics.dimension import DIMENSIONS
from firstframe.settings import SETTINGS
from firstframe.view.record import FIELDS, Approx, Outcome

DOCS = Path(__file__).parent.parent / "docs"
NOTE = "<!-- Made by `make docs` from the source; edit {source} instead. -->\n\n"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; bars in cells are escaped."""
    lines = [tuple(head)]
    lines.append(tuple("---" for _ in lines[0]))
    lines.extend(tuple(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) for row in rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def settings_page() -> str:
    """docs/settings.md."""
    parts = [
        "# Settings\n\n"
        "Each setting is a flag (`--max-body-bytes`), a variable (`FIRSTFRAME_MAX_BODY_BYTES`) and a key of the TOML file "
        "named by `--config` or `FIRSTFRAME_CONFIG` (`max_body_bytes = 500000`). A flag wins over the variable, "
        "the variable over the file. `firstframe settings` shows what is in force.\n"
    ]
    for group in dict.fromkeys(setting.help.group for setting in SETTINGS):
        rows = [
            (f"`{s.name}`", s.type.__name__, "" if s.default == "" else f"`{s.default}`", s.help.text)
            for s in SETTINGS
            if s.help.group == group
        ]
        parts.append(f"\n## {group.capitalize()}\n\n{table(('setting', 'type', 'default', 'meaning'), rows)}")
    return "".join(parts)


def metrics_page() -> str:
    """docs/metrics.md."""
    parts = [
        "# Metrics\n\nOne definition each, the same for every SDK. Ratios are 0 to 1 and ratios of sums over the views they "
        "include; a zero denominator is null. Vendors' names stand beside the metric of the same meaning, which may differ in "
        "its rule: the notes say how.\n\n",
        table(
            ("metric", "unit", "better", "measurements", "what"),
            (
                (
                    f"[`{m.id}`](#{m.id})",
                    m.unit,
                    m.better,
                    " ".join(f"`{each}`" for each in m.measurements),
                    m.title,
                )
                for m in METRICS
            ),
        ),
    ]
    for metric in METRICS:
        vendors = ", ".join(f"{vendor}: {name}" for vendor, name in metric.vendors.items())
        parts.append(
            f"\n## {metric.id}\n\n**{metric.title}.** {metric.description}\n\n"
            f"- Formula: {metric.formula}\n- Included: {metric.inclusion}\n- Placed by: {metric.placement}\n"
            + (f"- Elsewhere: {vendors}\n" if vendors else "")
        )
    return "".join(parts)


def dimensions_page() -> str:
    """docs/dimensions.md."""
    return "# Dimensions\n\nWhat metrics can be grouped and filtered by.\n\n" + table(
        ("dimension", "type", "meaning"), ((f"`{d.id}`", d.type, d.description) for d in DIMENSIONS)
    )


def record_page() -> str:
    """docs/record.md."""
    parts = [
        "# The record of a view\n\nWhat `GET /v1/views` answers, field by field. Null means that the dialect cannot know; "
        "0 means known to be none.\n"
    ]
    for group in dict.fromkeys(field.field.group for field in FIELDS):
        rows = (
            (f"`{f.name}`", f.field.unit, "yes" if f.nullable else "", f.field.meaning)
            for f in FIELDS
            if f.field.group == group
        )
        parts.append(f"\n## {group.capitalize()}\n\n{table(('field', 'unit', 'nullable', 'meaning'), rows)}")
    parts.append("\n## Outcomes\n\n" + "".join(f"- `{outcome.value}`\n" for outcome in Outcome))
    parts.append("\n## Flags of `approx`\n\n" + "".join(f"- `{flag.value}`\n" for flag in Approx))
    return "".join(parts)


def dialects_page() -> str:
    """docs/dialects/README.md."""
    parts = [
        "# Dialects\n\nThe languages that firstframe understands, and how to point each SDK at a collector.\n"
    ]
    for dialect in DIALECTS:
        routes = table(
            ("route", "method", "kind"),
            (
                (f"`{mount}{route.path}`", " ".join(route.methods), route.kind)
                for route in dialect.routes
                for mount in mounts(dialect.name, mounted=route.mounted, at_root=route.at_root)
            ),
        )
        snippet = dialect.snippet("https://collector.example", "WRITE_KEY")
        more = (
            f"\nDetails: [{dialect.name}.md]({dialect.name}.md)\n"
            if (DOCS / "dialects" / f"{dialect.name}.md").exists()
            else ""
        )
        parts.append(f"\n## {dialect.title}\n\n```\n{snippet.strip()}\n```\n\n{routes}{more}")
    return "".join(parts)


def mounts(name: str, *, mounted: bool, at_root: bool) -> list[str]:
    """Where a route can be reached."""
    return ([""] if at_root else []) + ([f"/{name}", f"/{name}/{{write_key}}"] if mounted else [])


PAGES: tuple[tuple[str, str, Callable[[], str]], ...] = (
    ("settings.md", "src/firstframe/settings.py", settings_page),
    ("metrics.md", "src/firstframe/metrics/catalogue.py", metrics_page),
    ("dimensions.md", "src/firstframe/metrics/dimension.py", dimensions_page),
    ("record.md", "src/firstframe/view/record.py", record_page),
    ("dialects/README.md", "the dialects", dialects_page),
)


def main() -> int:
    """Write or check every page."""
    stale = []
    for name, source, make in PAGES:
        file, wanted = DOCS / name, NOTE.format(source=source) + make()
        if "--check" in sys.argv:
            if not file.exists() or file.read_text() != wanted:
                stale.append(name)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(wanted)
    if stale:
        print(f"not up to date: {', '.join(stale)}; run `make docs`", file=sys.stderr)
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
