"""Both listeners do what their OpenAPI documents say, whatever is asked: no fault, no undocumented answer.

The inputs follow from the documents and a fixed seed, so that each run asks the same.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import (
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from e2e.support_product import Product
from support_product import TOKEN

pytestmark = pytest.mark.e2e

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 10
"""For each operation, good ones and as many bad ones."""
FEW = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
CALL_SECONDS = 20


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product of its own: what is thrown at it here must not stand among the views of other tests."""
    running = Product(tmp_path_factory.mktemp("fuzzed") / "data")
    running.start()
    yield running
    running.stop()


def document(url: str) -> dict[str, Any]:
    """An OpenAPI document, fetched as anybody would."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def schema_of(found: dict[str, Any], base_url: str) -> Any:
    """The document made ready, with a seed and without the exhaustive phases."""
    project = ProjectConfig(
        base_url=base_url,
        phases=PhasesConfig.from_dict({"coverage": {"enabled": False}, "examples": {"enabled": False}}),
        generation=GenerationConfig(deterministic=True, max_examples=EXAMPLES, database="none"),
    )
    config = SchemathesisConfig(seed=1, projects=ProjectsConfig(default=project))
    return schemathesis.openapi.from_dict(found, config=config)


@pytest.fixture(scope="module")
def api_schema(fuzzed: Product) -> Any:
    """The private listener's document. The endless stream is left out: `/v1/live/now` is the same without an end."""
    base_url = f"http://{fuzzed.api}"
    return schema_of(document(f"{base_url}/schema/openapi.json"), base_url).exclude(path="/v1/live")


@pytest.fixture(scope="module")
def collector_schema(fuzzed: Product) -> Any:
    """The public listener's document."""
    return schema_of(document(f"{fuzzed.collector_url}/openapi.json"), fuzzed.collector_url)


def failures(schema: Any, **request: Any) -> list[str]:
    """What answers otherwise than documented, over every operation."""
    wrong = []
    for found, mode in product(schema.get_all_operations(), GenerationMode):
        operation = found.ok()

        @given(case=operation.as_strategy(generation_mode=mode))
        @FEW
        def ask(case: schemathesis.Case) -> None:
            case.call_and_validate(checks=CHECKS, timeout=CALL_SECONDS, allow_redirects=False, **request)

        try:
            ask()
        except Unsatisfiable:
            continue  # nothing can be wrong about an operation that takes nothing
        except FailureGroup as error:
            wrong.append(f"{operation.label}: {error}")
    return wrong


def test_the_api_answers_as_documented(api_schema: Any) -> None:
    """Every operation of the API, asked by the operator with anything, answers what its document says."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Sec-Fetch-Site": "same-origin"}
    assert not failures(api_schema, headers=headers)


def test_the_collector_answers_as_documented(collector_schema: Any) -> None:
    """Every route of the collector, sent anything, answers what its document says."""
    assert not failures(collector_schema)
