"""The limit: the collector's own HTTP server and loop, answering 204 to bodies that nobody reads."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvicorn
import uvloop

from firstframe.edge.serve import listen, server_config
from firstframe.settings import Settings

START = {"type": "http.response.start", "status": 204, "headers": []}
BODY = {"type": "http.response.body", "body": b""}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send(START)
    await send(BODY)


def main() -> None:
    """Serve on the port that is named."""
    place = f"127.0.0.1:{sys.argv[1]}"
    server = uvicorn.Server(server_config(app, Settings(collector=place)))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve(sockets=[listen(place)]))


if __name__ == "__main__":
    main()
