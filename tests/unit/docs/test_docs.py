"""The pages are true: up to date, whole, and without a link that leads nowhere."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

import firstframe
from firstframe.dialects import DIALECTS
from firstframe.metrics.catalogue import METRICS
from firstframe.metrics.dimension import DIMENSIONS
from firstframe.metrics.filter import OPS
from firstframe.metrics.query import PARAMETERS
from firstframe.settings import SETTINGS
from firstframe.view.record import FIELDS, Approx, Outcome
from support_script import script

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
RELEASE = re.compile(r"^## (?:\[)?(\d+\.\d+\.\d+)", re.MULTILINE)


def page(name: str) -> str:
    return (DOCS / name).read_text()


@pytest.mark.parametrize("name", [name for name, _, _ in script("docs").PAGES])
def test_no_page_is_stale(name) -> None:
    """What is made from the source says what the source says now."""
    ((source, make),) = [(source, make) for other, source, make in script("docs").PAGES if other == name]
    assert page(name) == script("docs").NOTE.format(source=source) + make(), "run `make docs`"


def test_a_stale_page_is_noticed(tmp_path, monkeypatch, capsys) -> None:
    """`--check` fails and names the pages, until they are written."""
    monkeypatch.setattr(script("docs"), "DOCS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["docs.py", "--check"])
    assert script("docs").main() == 1
    assert "dialects/README.md" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["docs.py"])
    assert script("docs").main() == 0
    monkeypatch.setattr(sys, "argv", ["docs.py", "--check"])
    assert script("docs").main() == 0


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("metrics.md", [f"## {metric.id}\n" for metric in METRICS]),
        ("dimensions.md", [f"`{dimension.id}`" for dimension in DIMENSIONS]),
        ("settings.md", [f"| `{setting.name}` |" for setting in SETTINGS]),
        ("record.md", [f"| `{field.name}` |" for field in FIELDS]),
        ("record.md", [f"- `{word}`" for word in (*Approx, *Outcome)]),
        ("dialects/README.md", [f"## {dialect.title}\n" for dialect in DIALECTS]),
        ("api.md", [f"`{parameter}`" for parameter in PARAMETERS]),
        ("api.md", [f"`{op}`" for op in OPS]),
    ],
)
def test_everything_has_its_place(name, ids) -> None:
    """No metric, dimension, setting, field, dialect, parameter or operator is left out."""
    text = page(name)
    assert [one for one in ids if one not in text] == []


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
def test_every_dialect_has_its_own_page(dialect) -> None:
    """How its numbers are read stands in a page of its own, and the list of dialects leads there."""
    assert (DOCS / "dialects" / f"{dialect.name}.md").exists()
    assert f"({dialect.name}.md)" in page("dialects/README.md")


def anchors(text: str) -> set[str]:
    """What headings can be linked to as, in the way of the usual forges."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", PAGES, ids=lambda one: str(one.relative_to(ROOT)))
def test_links_lead_somewhere(file) -> None:
    """Each link to a file or heading of the project finds it."""
    broken = []
    for target in LINK.findall(FENCE.sub("", file.read_text())):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        found = (file.parent / path).resolve() if path else file
        if not found.exists() or (anchor and anchor not in anchors(found.read_text())):
            broken.append(target)
    assert broken == []


def test_version_and_changelog_agree() -> None:
    """Package and project file name one version, which is the newest in the changelog or still to come."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert firstframe.__version__ == project["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    released = [tuple(map(int, one.split("."))) for one in RELEASE.findall(changelog)]
    assert released == sorted(set(released), reverse=True)
    version = tuple(map(int, project["version"].split(".")))
    if "## Unreleased" in changelog:
        assert all(one <= version for one in released)
    else:
        assert released[0] == version
