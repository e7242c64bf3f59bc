"""The running product as the end-to-end tests ask it: rows through its API, waited for."""

from __future__ import annotations

import time
import urllib.error
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import support_product
from e2e.support_bench import Run

Row = dict[str, Any]


class Product(support_product.Product):
    """`firstframe serve`, and the views that came of what the pages sent it."""

    @property
    def collector_url(self) -> str:
        return f"http://{self.collector}"

    @property
    def collector_port(self) -> int:
        return int(self.collector.rpartition(":")[2])

    def api_get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET on the API."""
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        try:
            return self.get(path + query)
        except urllib.error.HTTPError as error:
            raise AssertionError(
                f"GET {path}{query} answered {error.code}: {error.read()[:2000]!r}"
            ) from error

    def views(self, **fields: Any) -> list[Row]:
        """The rows whose fields are as given, in order of their start."""
        rows = self.api_get("/v1/views", limit=1000)["data"]
        found = [row for row in rows if all(row[name] == value for name, value in fields.items())]
        return sorted(found, key=lambda row: row["view_start_ms"])

    def wait_for_view(self, until: Callable[[Row], bool] = bool, seconds: float = 15, **fields: Any) -> Row:
        """The one row whose fields are as given, as soon as `until` holds for it; `seconds` at most."""
        deadline = time.monotonic() + seconds
        while True:
            rows = self.views(**fields)
            if len(rows) == 1 and until(rows[0]):
                return rows[0]
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"waited {seconds} s for one view with {fields} as wanted; there are {rows}"
                )
            time.sleep(0.25)

    def closed_view(self, **fields: Any) -> Row:
        """The one row whose fields are as given, as soon as it is closed."""
        return self.wait_for_view(lambda row: row["closed"], **fields)

    def view(self, view_id: str) -> Row:
        """One view with its states and events."""
        return self.api_get(f"/v1/views/{view_id}")["data"]


def row_of(product: Product, run: Run, place: int = 0, **fields: Any) -> Row:
    """The closed row of a run's source."""
    return product.closed_view(source_url=run.sources[place], **fields)
