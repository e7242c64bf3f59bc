"""A front before any collector, byte for byte: TLS for SDKs that want https, and a switch to be out of order."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
import threading
from pathlib import Path


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """(certificate, key), self-signed and made once; the browser is told to take any."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    if not certificate.exists():
        folder.mkdir(parents=True, exist_ok=True)
        names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"),
                *("-subj", "/CN=localhost", "-addext", names, "-keyout", str(key), "-out", str(certificate)),
            ],
            check=True,
            capture_output=True,
        )
    return certificate, key


class Front:
    """Passes connections to a plain port of loopback until `close`, WebSockets too. `down` cuts them all."""

    def __init__(self, backend_port: int, certificate: tuple[Path, Path] | None = None) -> None:
        self.port = 0
        self._backend_port = backend_port
        self._down = False
        self._open: set[asyncio.StreamWriter] = set()
        self._context: ssl.SSLContext | None = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*certificate)
            self._context.set_alpn_protocols(["http/1.1"])
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), name="front", daemon=True).start()
        ready.wait(10)

    def down(self) -> None:
        """From now on every connection is cut at once, and so are those that are open."""
        self._down = True
        self._loop.call_soon_threadsafe(self._cut)

    def up(self) -> None:
        self._down = False

    def close(self) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        listening = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        server = self._loop.run_until_complete(listening)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(_cancelled(asyncio.all_tasks(self._loop)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._down:
            writer.transport.abort()
            return
        try:
            backend = await asyncio.open_connection("127.0.0.1", self._backend_port)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, backend[1]}
        await asyncio.gather(_pump(reader, backend[1]), _pump(backend[0], writer))
        self._open -= {writer, backend[1]}


async def _cancelled(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ssl.SSLError, RuntimeError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.close()
