"""The commands in the pages do what the pages say: each is run against the product, filled with a known audience.

`WRITE_EXAMPLES=1` writes the answers into the pages instead of comparing them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.support_product import Product
from support_audience import DAY_MS, fill
from support_page import THE_DAY_MS, Example, answer_in, differences, examples_of, read, rewrite, run
from support_product import TOKEN

pytestmark = pytest.mark.e2e

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGES = ("questions.md", "api.md", "alerts.md")
EXAMPLES = sorted(
    (example for page in PAGES for example in examples_of(DOCS / page)[1]),
    key=lambda one: "/v1/live" not in one.command,
)
"""Who is watching now is asked first: they do not stay for long."""
CALM_MS = 180_000


@pytest.fixture(scope="module")
def audience(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product of its own, which nobody but the known audience has sent to."""
    left_ms = DAY_MS - time.time_ns() // 1_000_000 % DAY_MS
    if left_ms < CALM_MS:  # what is called yesterday must not change while the questions are asked
        time.sleep(left_ms / 1000 + 1)
    product = Product(tmp_path_factory.mktemp("pages") / "data")
    product.start()
    filled = fill(product.data / "journal")
    product.wait_until(lambda: product.shows(filled), 60, "the audience to be seen")
    yield product
    product.stop()


def _output(product: Product, example: Example) -> str:
    """What the command says. Only what the page shows as a refusal may be refused."""
    environment = {
        "PATH": os.environ["PATH"],
        "API": f"http://{product.api}",
        "COLLECTOR": product.collector_url,
        "TOKEN": TOKEN,
    }
    setting_up, _ = examples_of(DOCS / example.page)
    code, output = run(setting_up, example.command, environment)
    assert code == (22 if '"error"' in (example.answer or "") else 0), output
    return output


@pytest.fixture(scope="module")
def answers() -> Iterator[list[tuple[Example, str]]]:
    """New answers, which go into the pages at the end."""
    made: list[tuple[Example, str]] = []
    yield made
    for page in {example.page for example, _ in made}:
        rewrite(DOCS / page, [one for one in made if one[0].page == page])


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{one.page}:{one.heading}" for one in EXAMPLES])
def test_the_page_says_what_the_product_says(
    audience: Product, answers: list[tuple[Example, str]], example: Example
) -> None:
    """A command of a page succeeds, and its answer holds everything that the page shows of it."""
    output = _output(audience, example)
    now_ms = time.time_ns() // 1_000_000
    assert output
    if example.answer is None:
        return
    if "WRITE_EXAMPLES" in os.environ:
        answers.append((example, answer_in(example, output, now_ms)))
        return
    shown = read(example.kind, example.answer, THE_DAY_MS)
    assert differences(shown, read(example.kind, output, now_ms)) == []
