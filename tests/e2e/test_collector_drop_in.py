"""Pages that used Livepeer's call and changed the import; pages that load the collector from where it reports to."""

from __future__ import annotations

import urllib.request

import pytest

from e2e import support_scenario as scenario
from e2e.support_bench import Bench, Runs
from e2e.support_collector import build_collector, target
from e2e.support_product import Product, row_of
from e2e.support_scenario import Scenario
from e2e.support_truth import disagreements
from firstframe import __version__

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

STREAM = "hls/abcdefgh12345678/sample.mp4"
OTHER = "hls/hgfedcba87654321/short.mp4"
PAGES = ("vanilla", "react")
SCRIPTS = (
    "/collector.js",
    "/collector.mjs",
    f"/collector/{__version__}.js",
    f"/collector/{__version__}.mjs",
)


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """The package as it is now, where the pages find it."""
    build_collector()


def visit(name: str, *more: scenario.Step) -> Scenario:
    """A stream with an id in its address, played for three seconds, then `more`."""
    ready = (("load", STREAM), *scenario.READY, ("play",), ("until", "playing"), ("wait", 3))
    return Scenario(name, (*ready, *more, ("leave", "navigate")))


@pytest.fixture(scope="module")
def drop_ins(bench: Bench, product: Product) -> Runs:
    """The documented pages; in React also a change of the source and an unmount."""
    again = (("load", OTHER), *scenario.READY, ("play",), ("until", "playing"), ("wait", 2))
    visits = [
        *(visit(page).but(options={"page": page}) for page in PAGES),
        visit("effect", *again, ("evaluate", "page.destroy()"), ("wait", 1)).but(options={"page": "react"}),
    ]
    return bench.run("collector-drop-in", visits, target(product))


@pytest.mark.parametrize("page", PAGES)
def test_only_the_import_changes(drop_ins: Runs, product: Product, page: str) -> None:
    """Livepeer's documented pages report to firstframe, with the playback id of the address."""
    run = drop_ins[page]
    row = row_of(product, run)
    assert disagreements(row, run.view) == []
    assert (row["dialect"], row["outcome"]) == ("native", "exited")
    assert (row["playback_id"], row["protocol"]) == ("abcdefgh12345678", "progressive")
    assert not [line for line in run.console if line.startswith(("error", "warning", "uncaught"))]


def test_an_effect_that_is_cleaned_up_ends_the_view(drop_ins: Runs, product: Product) -> None:
    """Another source runs the effect anew, an unmount ends it; each source is one view and no more."""
    run = drop_ins["effect"]
    rows = [row_of(product, run, place) for place in range(2)]
    assert [row["playback_id"] for row in rows] == ["abcdefgh12345678", "hgfedcba87654321"]
    assert [row["outcome"] for row in rows] == ["exited", "exited"]
    assert rows[0]["content_playing_time_ms"] == pytest.approx(run.view["playing_ms"], abs=150)
    assert rows[0]["session_id"] == rows[1]["session_id"]


@pytest.fixture(scope="module")
def served(bench: Bench, product: Product) -> Runs:
    """One visit with each of the scripts that the collector serves."""
    visits = [visit(script).but(options={"script": script}) for script in SCRIPTS]
    return bench.run("collector-served", visits, target(product))


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_collector_serves_its_script(served: Runs, product: Product, script: str) -> None:
    """Where the script came from is where it reports to, with the key of its address."""
    run = served[script]
    row = row_of(product, run)
    assert disagreements(row, run.view) == []
    assert (row["video_id"], row["sdk_name"], row["sdk_version"]) == ("served", "firstframe", __version__)


@pytest.mark.parametrize(("script", "lasting"), [(SCRIPTS[0], "max-age=3600"), (SCRIPTS[2], "immutable")])
def test_scripts_are_kept(product: Product, script: str, lasting: str) -> None:
    """For an hour under the plain name, for ever under that of the version."""
    with urllib.request.urlopen(product.collector_url + script) as answer:
        assert lasting in answer.headers["cache-control"]
        assert answer.headers["content-type"].startswith("text/javascript")
