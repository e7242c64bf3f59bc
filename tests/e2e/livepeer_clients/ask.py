"""Asks a server with the real PyPI client: ``ask.py BASE KEY`` reads calls as JSON from stdin, prints their answers."""

from __future__ import annotations

import json
import sys
from typing import Any

from livepeer import Livepeer
from livepeer.models import errors


def plain(value: Any) -> Any:
    """The client's parsed answer as JSON, under its wire names."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    return json.loads(value.model_dump_json(by_alias=True, exclude_none=True))


def content(answer: Any) -> Any:
    """The one part of a parsed answer that holds its numbers."""
    (found,) = [value for name, value in answer if name not in ("http_meta", "error") and value is not None]
    return plain(found)


def main() -> None:
    base, key = sys.argv[1:]
    found = []
    client = Livepeer(api_key=key, server_url=base)
    for method, arguments in json.load(sys.stdin):
        try:
            found.append(content(getattr(client.metrics, method)(**arguments)))
        except errors.SDKError as error:
            found.append({"status": error.status_code, "body": json.loads(error.body)})
    print(json.dumps(found))


main()
