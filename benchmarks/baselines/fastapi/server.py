"""A collector as it is often written first: FastAPI, and one PostgreSQL insert for each request."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response

LINES = "application/cmcd"
"""Lines of keys, kept as they are."""
INSERT = "INSERT INTO beacons VALUES ($1, $2, $3, $4)"


@asynccontextmanager
async def life(app: FastAPI) -> AsyncIterator[None]:
    app.state.pool = await asyncpg.create_pool(sys.argv[2], min_size=4, max_size=16)
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=life)


@app.get("/health", status_code=204)
async def health() -> None:
    return None


@app.post("/{path:path}")
async def take(path: str, request: Request) -> Response:
    body = (await request.body()).decode()
    if not request.headers.get("content-type", "").startswith(LINES):
        try:
            json.loads(body)
        except ValueError as error:
            raise HTTPException(400) from error
    await app.state.pool.execute(INSERT, datetime.now(UTC), path, request.headers.get("user-agent"), body)
    return Response(status_code=204)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
