"""Query parameters that a route does not know are refused: a misspelt filter must not silently be none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from firstframe.api.access import PUBLIC
from firstframe.api.document import document
from firstframe.metrics.dimension import unknown


class ParameterCheck:
    """A guard that compares a request with what the OpenAPI document says of its route.

    Routes that are not described there (the dashboard's pages, vendors' read APIs) have rules of their own, and
    public ones take whatever monitors and scrapers add.
    """

    def __init__(self) -> None:
        self._names: Mapping[tuple[str, str], Sequence[str]] | None = None

    def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Raises `BadRequest` that names the parameter and the nearest known ones."""
        if handler.opt.get(PUBLIC):
            return
        if self._names is None:
            self._names = _documented(document(connection.app))
        scope: Mapping[str, Any] = connection.scope
        known = self._names.get((scope.get("method", ""), scope.get("path_template", "")))
        if known is None:
            return
        for name in connection.query_params:
            if name not in known:
                raise unknown("the query string", name, known, list(known))


def _documented(found: Mapping[str, Any]) -> dict[tuple[str, str], Sequence[str]]:
    """The names of the query parameters of each method and path."""
    return {
        (verb.upper(), path): [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
        for path, verbs in found["paths"].items()
        for verb, operation in verbs.items()
    }
