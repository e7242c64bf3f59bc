"""A static server whose faults a test turns on and off: pages, bundles, media with ranges, a live window.

Every scenario asks below its own token (``/media/<token>/…``), so those that run side by side do not meet.
A media path is found by its longest ending that exists: ``/media/t/hls/ID/index.m3u8`` is ``index.m3u8``.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from e2e.support_listener import Listener, Quiet
from e2e.support_media import LADDER_SECONDS, SEGMENT_SECONDS

CHUNK = 16 * 1024
LIVE_WINDOW = 6
"""Segments in the live window."""
LIVE_HEAD_START = LIVE_WINDOW * SEGMENT_SECONDS
TYPES = {
    ".mp4": "video/mp4",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".ts": "video/mp2t",
    ".js": "text/javascript",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css",
}
PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>{name}</title>
<link rel="icon" href="data:,"><style>body {{ margin: 0 }} video {{ background: #000 }}</style></head>
<body><div id="stage"></div>
<script src="/bundle/observer.js"></script><script src="/bundle/{name}.js"></script></body></html>
"""


class Fault:
    """What goes wrong with the media of one token. Change it at any time; `match` says for which files."""

    def __init__(self) -> None:
        self.match = ""
        """Regular expression on the path behind the token; faults touch only what it finds."""
        self.status: int | None = None
        """Answer with this status, without a body."""
        self.delay_seconds = 0.0
        """Wait this long before the first byte."""
        self.hold_at: int | None = None
        """Send nothing from this byte of the file on, until `release`."""
        self.cut_at: int | None = None
        """Close the connection at this byte of the file; requests from there on are answered 404."""
        self.bytes_per_second: int | None = None
        self._released = threading.Event()

    def release(self) -> None:
        """Let held data flow."""
        self.hold_at = None
        self._released.set()

    def wait_released(self) -> None:
        self._released.wait(60)


class StaticServer(Listener):
    """Serves until `close`; `url` is its address on loopback."""

    def __init__(self, media: Path, bundles: Path) -> None:
        self.media = media
        self.bundles = bundles
        self.truths: dict[str, Any] = {}
        self.log: list[dict[str, Any]] = []
        """Media requests in order: token, path, range, status, at_ms."""
        self._faults: dict[str, Fault] = {}
        self._live_epochs: dict[str, float] = {}
        self._lock = threading.Lock()
        super().__init__(_handler(self))

    def close(self) -> None:
        for fault in self._faults.values():
            fault.release()
        super().close()

    def fault(self, token: str) -> Fault:
        """The knobs of one token."""
        with self._lock:
            return self._faults.setdefault(token, Fault())

    def live_epoch(self, token: str) -> float:
        """When the live stream of a token began: a window's length before it was first asked for."""
        with self._lock:
            return self._live_epochs.setdefault(token, time.time() - LIVE_HEAD_START)

    def find(self, path: str) -> Path | None:
        """The media file whose name is the longest ending of a path."""
        parts = [part for part in path.split("/") if part not in ("", ".", "..")]
        for start in range(len(parts)):
            found = self.media.joinpath(*parts[start:])
            if found.is_file():
                return found
        return None

    def live_playlist(self, token: str, now: float) -> str:
        """A window that slides over the middle rendition, with the wall clock of every segment."""
        epoch = self.live_epoch(token)
        total = LADDER_SECONDS // SEGMENT_SECONDS
        last = int((now - epoch) // SEGMENT_SECONDS)
        first = max(0, last - LIVE_WINDOW)
        lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{SEGMENT_SECONDS}"]
        lines += [
            f"#EXT-X-MEDIA-SEQUENCE:{first}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{max(0, first - 1) // total}",
        ]
        for number in range(first, last):
            if number and number % total == 0:
                lines.append("#EXT-X-DISCONTINUITY")
            shown = datetime.fromtimestamp(epoch + number * SEGMENT_SECONDS, UTC)
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{shown.isoformat(timespec='milliseconds')}")
            lines += [f"#EXTINF:{SEGMENT_SECONDS}.000,", f"1/{number % total:03d}.ts"]
        return "\n".join(lines) + "\n"


def _handler(server: StaticServer) -> type[BaseHTTPRequestHandler]:
    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            kind, _, rest = parts.path.lstrip("/").partition("/")
            if kind == "page":
                self._text(PAGE.format(name=rest), ".html")
            elif kind == "bundle":
                self._file(server.bundles / rest, Fault())
            elif kind == "media":
                token, _, path = rest.partition("/")
                self._media(token, path)
            else:
                self._empty(404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = urlsplit(self.path)
            if parts.path == "/truth":
                server.truths[parse_qs(parts.query)["token"][0]] = json.loads(body)
            self._empty(204)

        def do_OPTIONS(self) -> None:
            self._empty(204)

        def do_HEAD(self) -> None:
            self._empty(200)

        def _media(self, token: str, path: str) -> None:
            fault = server.fault(token)
            if not re.search(fault.match, path):
                fault = Fault()
            entry = {
                "token": token,
                "path": path,
                "range": self.headers.get("range"),
                "at_ms": int(time.time() * 1000),
            }
            server.log.append(entry)
            if fault.delay_seconds:
                time.sleep(fault.delay_seconds)
            if fault.status is not None:
                entry["status"] = fault.status
                self._empty(fault.status)
            elif path.endswith("live.m3u8"):
                self._text(server.live_playlist(token, time.time()), ".m3u8")
            else:
                found = server.find(path)
                entry["status"] = 200 if found else 404
                if found:
                    self._file(found, fault)
                else:
                    self._empty(404)

        def _head(self, status: int, kind: str, length: int, extra: dict[str, str] | None = None) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(length))
            self.send_header("access-control-allow-origin", "*")
            self.send_header("access-control-allow-headers", "*")
            self.send_header("access-control-expose-headers", "*")
            self.send_header("timing-allow-origin", "*")
            self.send_header("cache-control", "no-store")
            for name, value in (extra or {}).items():
                self.send_header(name, value)
            self.end_headers()

        def _empty(self, status: int) -> None:
            self._head(status, "text/plain", 0)

        def _text(self, text: str, suffix: str) -> None:
            body = text.encode()
            self._head(200, TYPES[suffix], len(body))
            self.wfile.write(body)

        def _file(self, path: Path, fault: Fault) -> None:
            if not path.is_file():
                self._empty(404)
                return
            size = path.stat().st_size
            wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range") or "")
            start = int(wanted[1]) if wanted else 0
            end = min(int(wanted[2]) if wanted and wanted[2] else size - 1, size - 1)
            if fault.cut_at is not None and start >= fault.cut_at:
                self._empty(404)
                return
            ranged = {"accept-ranges": "bytes"}
            if wanted:
                ranged["content-range"] = f"bytes {start}-{end}/{size}"
            self._head(
                206 if wanted else 200,
                TYPES.get(path.suffix, "application/octet-stream"),
                end - start + 1,
                ranged,
            )
            self._send(path, start, end, fault)

        def _send(self, path: Path, start: int, end: int, fault: Fault) -> None:
            with path.open("rb") as source:
                source.seek(start)
                at = start
                while at <= end:
                    if fault.hold_at is not None and at >= fault.hold_at:
                        fault.wait_released()
                    if fault.cut_at is not None and at >= fault.cut_at:
                        self.close_connection = True
                        self.connection.shutdown(socket.SHUT_RDWR)
                        return
                    room = min(
                        CHUNK,
                        end - at + 1,
                        *(stop - at for stop in (fault.hold_at, fault.cut_at) if stop and stop > at),
                    )
                    self.wfile.write(source.read(room))
                    at += room
                    if fault.bytes_per_second:
                        time.sleep(room / fault.bytes_per_second)

    return Handler
