"""Two tenants, of whom one has nothing yet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import support_engine
import support_tenants
from support_tenants import Tenants


@pytest.fixture(scope="module")
def tenants(engine_url: str) -> Iterator[Tenants]:
    """The API with everything that it has, on a database of its own."""
    with support_engine.fresh(engine_url) as engine, support_tenants.running(engine) as running:
        yield running
