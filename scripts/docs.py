"""Write the pages of docs/ that are made from the source, or with --check fail when one is not up to date."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from firstframe.dialects import DIALECTS
from firstframe.dialects.base import Reason
from firstframe.dialects.native.table import CONTEXT_KEYS, EVENT_KEYS
from firstframe.metrics.catalogue import METRICS
from firstframe.metrics.dimension import DIMENSIONS, Dimension
from firstframe.metrics.filter import OPS
from firstframe.settings import SETTINGS
from firstframe.view.event import Kind
from firstframe.view.record import FIELDS, Approx, EndReason, Outcome, State
from firstframe.view.word import Word

DOCS = Path(__file__).parent.parent / "docs"
NOTE = "<!-- Made by `make docs` from the source; edit {source} instead. -->\n\n"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; bars in cells are escaped."""
    lines = [tuple(head)]
    lines.append(tuple("---" for _ in lines[0]))
    lines.extend(tuple(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) for row in rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def glossary(words: type[Word]) -> str:
    """A list of the members of an enumeration with what they mean."""
    return "".join(f"- `{word}`: {word.meaning}\n" for word in words)


def settings_page() -> str:
    """docs/settings.md."""
    parts = [
        "# Settings\n\n"
        "Each setting is a flag (`--max-body-bytes`), a variable (`FIRSTFRAME_MAX_BODY_BYTES`) and a key of the TOML file "
        "named by `--config` or `FIRSTFRAME_CONFIG` (`max_body_bytes = 500000`). A flag wins over the variable, "
        "the variable over the file. `firstframe settings` shows what is in effect.\n"
    ]
    for group in dict.fromkeys(setting.help.group for setting in SETTINGS):
        rows = [
            (f"`{s.name}`", TYPES[s.type], "" if s.default == "" else f"`{spelled(s.default)}`", s.help.text)
            for s in SETTINGS
            if s.help.group == group
        ]
        parts.append(f"\n## {group.capitalize()}\n\n{table(('setting', 'type', 'default', 'meaning'), rows)}")
    return "".join(parts)


TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def spelled(value: object) -> str:
    """As it is written in a TOML file."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def metrics_page() -> str:
    """docs/metrics.md."""
    parts = [
        "# Metrics\n\nOne definition each, the same for every SDK. Ratios are 0 to 1 and ratios of sums over the views they "
        "include; a zero denominator is null, and so is what no view of the group can know. Ask for another measurement "
        "with a dot: `video_startup_time.p95`. `pNN` is any percentile, `p1` to `p99.99`; the first measurement in the "
        "table is meant when none is named.\n\n"
        "*Placed by* says which bucket of time a view counts in: `view_start` (engagement, open views too), `view_end` "
        "(quality, views that are over) or `spans` (split over the buckets as it passed).\n\n"
        "Vendors' names stand beside the metric of the same meaning, which may differ in its rule.\n\n",
        table(
            ("metric", "what", "unit", "better", "measurements"),
            (
                (
                    f"[`{m.id}`](#{m.id})",
                    m.title,
                    m.unit,
                    m.better,
                    " ".join(f"`{each}`" for each in usual_first(m.default, m.measurements)),
                )
                for m in METRICS
            ),
        ),
    ]
    for metric in METRICS:
        vendors = ", ".join(f"{vendor}: {name}" for vendor, name in metric.vendors.items())
        parts.append(
            f"\n## {metric.id}\n\n**{metric.title}.** {metric.description}\n\n"
            f"- Formula: {metric.formula}\n- Included: {metric.inclusion}\n- Placed by: `{metric.placement}`\n"
            + (f"- Elsewhere: {vendors}\n" if vendors else "")
        )
    return "".join(parts)


def usual_first(usual: str, all_of_them: Iterable[str]) -> list[str]:
    """Measurements with the default one in front."""
    return sorted(all_of_them, key=lambda each: each != usual)


def dimensions_page() -> str:
    """docs/dimensions.md."""
    parts = [
        "# Dimensions\n\nWhat metrics can be grouped by and filtered on. Besides these: `extra.<key>`, the metadata of "
        "an SDK under its own name. Every other number, flag and text of [the record](record.md) can be filtered on too.\n\n"
        "Those for *secret* tokens only, `extra.<key>` among them, can tell one view, viewer or asset from all others "
        "([why](security.md#what-pages-may-ask)).\n\n",
        "Operators by type:\n\n",
        *(
            f"- {kind}: {' '.join(f'`{name}`' for name, op in OPS.items() if kind in op.kinds)}\n"
            for kind in dict.fromkeys(one.kind for one in DIMENSIONS)
        ),
    ]
    for group in dict.fromkeys(one.group for one in DIMENSIONS):
        rows = [
            (f"`{one.id}`", one.kind, tokens_of(one), meaning_of(one))
            for one in DIMENSIONS
            if one.group == group and not one.id.startswith("custom_")
        ] or [
            (
                " ".join(f"`{one.id}`" for one in DIMENSIONS if one.group == group),
                "text",
                "secret",
                "what the site put there",
            )
        ]
        parts.append(
            f"\n## {group.capitalize()}\n\n{table(('dimension', 'type', 'tokens', 'meaning'), rows)}"
        )
    return "".join(parts)


def tokens_of(one: Dimension) -> str:
    """The kind of token that is wanted to ask for it, where not any will do."""
    return "secret" if one.identifying else ""


def meaning_of(one: Dimension) -> str:
    """What it is, with all values there can be where the list is closed."""
    said_already = one.values is None or all(value in one.description for value in one.values)
    values = "" if said_already else ": " + ", ".join(f"`{value}`" for value in one.values or ())
    return one.description + values


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
    parts.append(f"\n## States\n\nWhat a view is doing at an instant; exactly one.\n\n{glossary(State)}")
    parts.append(f"\n## Outcomes\n\nHow a view went; exactly one.\n\n{glossary(Outcome)}")
    parts.append(f"\n## End reasons\n\n{glossary(EndReason)}")
    parts.append(
        f"\n## Flags of `approx`\n\nWhich numbers of a view are less than exact, and why.\n\n{glossary(Approx)}"
    )
    return "".join(parts)


COMMON = """# Dialects

The languages that firstframe understands, and how to point each SDK at a collector. The SDKs stay as they are: only the
address they send to changes.

## What holds for all

- **Address.** `/<dialect>/<write key>` goes before the SDK's own path; without a key it is `/<dialect>`. SDKs that
  allow no path are served at the root. Where an SDK has a field for a key, that field counts too, as does
  `Authorization: Bearer`. Until the first write
  key is made, any is accepted ([keys](../operate.md#keys)).
- **Answer.** 2xx means that the beacon is on disk. 4xx means that nothing of it was kept, and says why as
  `{"error": {"code", "message", "detail"}}`. 503 comes with `Retry-After`. Every answer may be read by any page.
- **Bodies** may be gzip or deflate. Limits on size, depth, events and rate are [settings](../settings.md).
- **Repeats** are recognised: an SDK that sends again is counted once.
- **Clocks.** Durations are the client's own. Where its clock is off, the whole view is moved to when the server heard of
  it, and is flagged (`clock_shifted`).
- **Place** comes from the address, which is then dropped; browser, system and device from the user agent. What the SDK
  says itself wins. Query strings are cut from the page URLs of views ([what is kept](../security.md)).
- **Ends.** A view that falls silent while somebody watches is `dropped`. So is one that was paused, if its SDK says goodbye
  in a pause too (native, Mux, Pillarbox): the goodbye was lost. Where the SDK leaves a pause without a word (Bitmovin,
  Livepeer) the view is `exited`.
- **Null is unknown.** What an SDK cannot know stays null and enters no average. What it knows less than exactly is
  [flagged](../record.md#flags-of-approx).
- `GET /openapi.json` on the collector describes every route below.

What could not be used is counted by reason and kept with a sample: `GET /v1/refusals` on the API. The reasons:

"""


def dialects_page() -> str:
    """docs/dialects/README.md."""
    parts = [COMMON + glossary(Reason)]
    for dialect in DIALECTS:
        routes = table(
            ("route", "method", "kind", "served"),
            (
                (
                    f"`{route.path or '/'}`",
                    " ".join(route.methods),
                    route.kind,
                    places(dialect.name, mounted=route.mounted, at_root=route.at_root),
                )
                for route in dialect.routes
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


def places(name: str, *, mounted: bool, at_root: bool) -> str:
    """Where a route can be reached."""
    found = (["at the root"] if at_root else []) + ([f"below `/{name}`"] if mounted else [])
    return " and ".join(found)


NATIVE_INTRO = """# Native

For players without an SDK of those listed, and for your own code: one HTTP request, no library. The schema is served at
`GET /v1/beacons/schema.json`.

```sh
curl http://localhost:8080/v1/beacons -d '{"view_id": "hello-1", "viewer_id": "me",
  "context": {"video_id": "trailer", "video_title": "Trailer", "cdn": "fast", "custom_1": "spring"},
  "events": [{"type": "play", "at": 1780000000000}, {"type": "playing", "at": 1780000000500, "playhead_ms": 0}]}'
```

- A body is one such object, or an array of them; of any content type. The answer is 202 once it is on disk.
- `view_id` is yours: one play of one video in one player. An hour of silence, or a play after the end, begins another view.
- Send events as they happen or in batches, in any order, again when unsure: order is by `at` (or by `seq`, when every
  event has one), and a repeat (same `id`, or the same content) changes nothing.
- `at` is epoch milliseconds of the client's clock.
- While something plays send a `heartbeat` at least every few minutes: after 5 minutes of silence a view that was being
  watched is closed as dropped, after an hour one that was paused.
  What came after its last event is not known: its times are flagged as lower bounds (`approx`).
- `context` may come with any body, whole or in parts; the last word on each key counts. `custom_1` … `custom_20` are
  dimensions; keys that are not listed are kept as `extra.<key>`.
- What cannot be used is left out alone, with a reason under `GET /v1/refusals`; the rest of the body is used.

A view at least has a `play`, then a `playing` when the first frame is shown, and an `end`. What is not reported is not guessed:
without `stall_start` there is no rebuffering, without `rendition` no bitrate.
"""


def native_page() -> str:
    """docs/dialects/native.md."""
    events = ((f"`{word}`", word.meaning) for word in Kind)
    keys = ((f"`{name}`", key.shape.wanted, key.meaning) for name, key in EVENT_KEYS.items())
    context = ((f"`{name}`", key.shape.wanted, key.meaning) for name, key in CONTEXT_KEYS.items())
    return (
        f"{NATIVE_INTRO}\n## Events\n\n{table(('type', 'meaning'), events)}"
        f"\n## Keys of an event\n\nBesides `type` and `at`, all optional.\n\n"
        f"{table(('key', 'value', 'meaning'), keys)}"
        f"\n## Keys of the context\n\n{table(('key', 'value', 'meaning'), context)}"
    )


PAGES: tuple[tuple[str, str, Callable[[], str]], ...] = (
    ("settings.md", "src/firstframe/settings.py", settings_page),
    ("metrics.md", "src/firstframe/metrics/catalogue.py", metrics_page),
    ("dimensions.md", "src/firstframe/metrics/dimension.py", dimensions_page),
    ("record.md", "src/firstframe/view/record.py", record_page),
    ("dialects/native.md", "src/firstframe/dialects/native/table.py", native_page),
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
