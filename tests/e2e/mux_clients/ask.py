"""Asks a server with the real PyPI client: ``ask.py BASE KEY`` reads calls as JSON from stdin, prints their answers.

A call that names a ``page`` is walked to the first empty page.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import mux_python

MOST_PAGES = 100


def answered(call: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """One answer, or all pages of a list as one."""
    if "page" not in arguments:
        return call(**arguments).to_dict()
    items: list[Any] = []
    for page in range(arguments["page"], MOST_PAGES):
        found = call(**{**arguments, "page": page}).to_dict()
        if not found["data"]:
            return {**found, "data": items}
        items += found["data"]
    raise AssertionError(f"{MOST_PAGES} pages, and no empty one")


def main() -> None:
    base, key = sys.argv[1:]
    configuration = mux_python.Configuration()
    configuration.host, configuration.username, configuration.password = base, "any", key
    found: list[Any] = []
    with mux_python.ApiClient(configuration) as client:
        for resource, method, arguments in json.load(sys.stdin):
            try:
                found.append(answered(getattr(getattr(mux_python, resource)(client), method), arguments))
            except mux_python.ApiException as error:
                found.append({"status": error.status, "body": json.loads(error.body)})
    print(json.dumps(found))


main()
