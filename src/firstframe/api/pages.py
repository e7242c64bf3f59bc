"""The dashboard's own files: its pages, scripts and styles, read once, sent compressed and under a strict policy."""

from __future__ import annotations

import gzip
import mimetypes
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from firstframe.api.access import PUBLIC
from firstframe.errors import NotFound

BUILT = Path(__file__).parent.parent / "dashboard"
"""Where `npm run build` puts the dashboard."""
PAGES = (
    *("/", "/live", "/breakdown", "/videos", "/video", "/views", "/view"),
    *("/errors", "/alerts", "/setup", "/shares", "/share"),
)
"""Every page: the same document, in which the script reads the address."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""No script and no style that is not a file of ours; nothing from elsewhere."""
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
WORTH_COMPRESSING = 500

NOT_BUILT = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>firstframe</title></head><body>
<h1>firstframe is running</h1>
<p>The dashboard was not built: that takes Node 20 or later, which was not found on this machine.
Install it and start again with <code>make run</code>, or install the wheel, which holds the dashboard.</p>
<p>Everything else works without it: ask the API (<a href="/schema/openapi.json">its description</a>),
see <a href="/v1/health">its health</a>, or point Grafana at the engine.</p>
</body></html>
"""


class File(msgspec.Struct, frozen=True):
    """One file, as it is and compressed."""

    body: bytes
    packed: bytes | None
    media_type: str
    tag: str


class Site:
    """The built dashboard in memory; only what was there at the start can ever be asked for."""

    def __init__(self, folder: Path = BUILT) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _file(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    @property
    def is_built(self) -> bool:
        return "index.html" in self._files

    def find(self, name: str) -> File:
        """Raises `NotFound`."""
        file = self._files.get(name)
        if file is None:
            raise NotFound(f"there is no file {name[:100]!r}", got=name[:100])
        return file

    def missing(self, request: Request[Any, Any, Any]) -> Response[bytes] | None:
        """What people see where there is no page: the document, which says so; None for programs, and beside the pages."""
        is_person = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if not (is_person and self.is_built and request.url.path.count("/") == 1):
            return None
        return _send(request, self.find("index.html"), "no-cache", NotFound.status)


@get(list(PAGES), opt={PUBLIC: True}, include_in_schema=False)
async def get_page(request: Request[Any, Any, Any], site: NamedDependency[Site]) -> Response[bytes]:
    """The document of every page; it holds nothing about anybody."""
    if not site.is_built:
        return Response(NOT_BUILT, media_type="text/html", headers=dict(HEADERS))
    return _send(request, site.find("index.html"), "no-cache")


@get("/static/{name:str}", opt={PUBLIC: True}, include_in_schema=False)
async def get_static(
    name: FromPath[str], request: Request[Any, Any, Any], site: NamedDependency[Site]
) -> Response[bytes]:
    """A script, style or picture; its name changes with its content."""
    return _send(request, site.find(f"static/{name}"), "public, max-age=31536000, immutable")


@get("/favicon.svg", opt={PUBLIC: True}, include_in_schema=False)
async def get_icon(request: Request[Any, Any, Any], site: NamedDependency[Site]) -> Response[bytes]:
    """The icon."""
    return _send(request, site.find("favicon.svg"), "public, max-age=86400")


def _send(request: Request[Any, Any, Any], file: File, keep: str, status: int = 200) -> Response[bytes]:
    headers = {**HEADERS, "Cache-Control": keep, "ETag": file.tag, "Vary": "Accept-Encoding"}
    if status == 200 and request.headers.get("if-none-match") == file.tag:
        return Response(b"", status_code=304, media_type=file.media_type, headers=headers)
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(file.packed, status_code=status, media_type=file.media_type, headers=headers)
    return Response(file.body, status_code=status, media_type=file.media_type, headers=headers)


def _file(path: Path) -> File:
    body = path.read_bytes()
    packed = gzip.compress(body, mtime=0) if len(body) >= WORTH_COMPRESSING else None
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return File(body, packed, kind, f'"{sha256(body).hexdigest()[:20]}"')
