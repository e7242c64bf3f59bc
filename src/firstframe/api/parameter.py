"""Query parameters that a route does not know are refused, and those given twice that mean one thing.

A misspelt filter must not silently be none, nor one of two instants be chosen for the asker.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from firstframe.api.access import PUBLIC
from firstframe.api.document import document
from firstframe.errors import BadRequest
from firstframe.metrics.dimension import unknown


class ParameterCheck:
    """A guard that compares a request with what the OpenAPI document says of its route.

    Routes that are not described there (the dashboard's pages, vendors' read APIs) have rules of their own, and
    public ones take whatever monitors and scrapers add.
    """

    def __init__(self) -> None:
        self._names: Mapping[tuple[str, str], Mapping[str, bool]] | None = None
        """Of each method and path: whether a parameter may be given more than once."""

    def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Raises `BadRequest` that names the parameter, and the nearest known ones."""
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
            values = connection.query_params.getall(name)
            if len(values) > 1 and not known[name]:
                raise BadRequest(
                    f"{name} is given {len(values)} times, and means one thing",
                    parameter=name,
                    expected="one value",
                    got=[value[:100] for value in values[:10]],
                )


def _documented(found: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, bool]]:
    """The query parameters of each method and path, and whether each is a list."""
    return {
        (verb.upper(), path): {
            one["name"]: _is_list(one["schema"])
            for one in operation.get("parameters", ())
            if one["in"] == "query"
        }
        for path, verbs in found["paths"].items()
        for verb, operation in verbs.items()
    }


def _is_list(schema: Mapping[str, Any]) -> bool:
    kinds = [schema, *schema.get("oneOf", ()), *schema.get("anyOf", ())]
    return any(kind.get("type") == "array" for kind in kinds)
