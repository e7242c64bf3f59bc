"""Random questions by the hundred thousand: none fails in the engine, and no text of a person stands in its SQL."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from firstframe.demo.voice import posts
from firstframe.errors import BadRequest
from firstframe.metrics.compile import compile_plan, totals_of
from firstframe.metrics.query import plan_of, read_question
from support_asking import MARK, question
from support_attack import HOW_HARD, seen
from support_ledger import Ledger
from support_product import Product
from support_proof import settle

pytestmark = [pytest.mark.faults, pytest.mark.timeout(7_200)]

ASKERS = 4
VIEWS = 60
PLACEHOLDER = re.compile(r"{(\w+):")
PROJECT = "default"


class Asker(threading.Thread):
    """Puts questions over one connection, and keeps what was answered 5xx or not at all."""

    def __init__(self, product: Product, asked: Sequence[dict[str, Any]]) -> None:
        super().__init__(daemon=True)
        self._product, self._asked = product, asked
        self.statuses: Counter[int] = Counter()
        self.failed: list[tuple[dict[str, Any], str]] = []

    def run(self) -> None:
        client = http.client.HTTPConnection(self._product.api, timeout=120)
        headers = {"Authorization": f"Bearer {self._product.token}", "Content-Type": "application/json"}
        for asked in self._asked:
            try:
                client.request("POST", "/v1/query", json.dumps(asked).encode(), headers)
                answer = client.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.failed.append((asked, repr(error)))
                client.close()
                continue
            self.statuses[answer.status] += 1
            if answer.status >= 500:
                self.failed.append((asked, said.decode("utf-8", "replace")[:500]))


def bound(asked: dict[str, Any]) -> int:
    """Hold a question's SQL to the rule; 1 if it has any, 0 where the question is refused."""
    try:
        plan = plan_of(read_question(asked), PROJECT, int(time.time() * 1000))
    except BadRequest:
        return 0
    for one in (plan, totals_of(plan)):
        statement = compile_plan(one)
        assert MARK not in statement.sql, asked
        assert set(PLACEHOLDER.findall(statement.sql)) <= set(statement.params), asked
        assert PROJECT in statement.params.values()
    return 1


def test_every_question_is_answered_or_refused(tmp_path: Path) -> None:
    """No question gives a 5xx or an error of the engine; every value a person wrote is bound."""
    chance = Random(13)
    asked = [question(chance) for _ in range(HOW_HARD.questions)]
    compiled = sum(map(bound, asked))
    assert compiled > len(asked) // 3
    product, ledger = Product(tmp_path / "data").start(), Ledger()
    try:
        for post in posts(4, VIEWS, start_ms=int(time.time() * 1000) - 4 * 3_600_000):
            ledger.note(
                post.path, post.headers, post.body, product.post(post.path, post.body, headers=post.headers)
            )
        settle(product, ledger, 300)
        before = product.open_files()
        askers = [Asker(product, asked[number::ASKERS]) for number in range(ASKERS)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        statuses = sum((asker.statuses for asker in askers), Counter[int]())
        failed = [each for asker in askers for each in asker.failed]
        assert not failed, failed[:3]
        assert statuses[200] > len(asked) // 3
        assert product.roles().keys() == before.keys()
        after = product.open_files()
        settle(product, ledger, 300)
    finally:
        product.stop()
    # The engine opens its threads' files and parts as it needs them, up to a level that the soak measures.
    assert all(after[role] <= before[role] + 50 for role in ("api", "edge", "fold")), (before, after)
    seen(
        "random questions",
        asked=len(asked),
        compiled_with_every_value_bound=compiled,
        **{f"answered_{status}": count for status, count in sorted(statuses.items())},
        answered_500_and_above=0,
    )
