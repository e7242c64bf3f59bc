"""TLS before the collector: its own, and the proxy example that the docs hand out."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from e2e.support_product import Product
from support_product import free_port

pytestmark = pytest.mark.e2e

EXAMPLE = Path(__file__).parents[2] / "deploy" / "nginx" / "firstframe.conf"


def body_of(view: str) -> bytes:
    """A native beacon of a view that was asked to play."""
    return json.dumps({"view_id": view, "events": [{"type": "play", "at": int(time.time() * 1000)}]}).encode()


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def post(url: str, body: bytes, context: ssl.SSLContext) -> int:
    request = urllib.request.Request(url, data=body)
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:
        return int(answer.status)


def test_the_collector_speaks_tls(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    """With a certificate and its key the collector takes beacons over https, and only so."""
    chain, key = certificate
    product = Product(tmp_path / "data", "--tls-cert", str(chain), "--tls-key", str(key)).start()
    try:
        port = product.collector_port
        assert post(f"https://localhost:{port}/v1/beacons", body_of("tls-1"), trusting(chain)) == 202
        assert product.post("/v1/beacons", body_of("tls-2")) == 0
        assert product.wait_for_view(native_view_id="tls-1")["attempted"]
    finally:
        product.stop()


@pytest.fixture
def proxied(tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[tuple[Product, int]]:
    """The product with the example's nginx before it, and the port of that."""
    product = Product(tmp_path / "data", "--trusted-proxies", "127.0.0.1").start()
    port = free_port()
    proxy = subprocess.Popen(["/usr/sbin/nginx", "-c", str(configured(tmp_path, port, product, certificate))])
    try:
        product.wait_until(lambda: reachable(port, certificate[0]), 20, "nginx to listen")
        yield product, port
    finally:
        proxy.terminate()
        proxy.wait(10)
        product.stop()


def configured(folder: Path, port: int, product: Product, certificate: tuple[Path, Path]) -> Path:
    """The example with this machine's ports and certificate, inside the least of an nginx configuration."""
    chain, key = certificate
    example = EXAMPLE.read_text()
    for pattern, value in (
        (r"listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        (r"server 127\.0\.0\.1:8080;", f"server 127.0.0.1:{product.collector_port};"),
        (r"ssl_certificate     \S+;", f"ssl_certificate {chain};"),
        (r"ssl_certificate_key \S+;", f"ssl_certificate_key {key};"),
    ):
        example, count = re.subn(pattern, value, example)
        assert count == 1, f"the example lost its line {pattern}"
    paths = "".join(
        f"{name}_temp_path {folder};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;\n"
        f"events {{}}\nhttp {{ access_log off;\n{paths}{example} }}\n"
    )
    return file


def reachable(port: int, chain: Path) -> bool:
    try:
        with urllib.request.urlopen(f"https://localhost:{port}/health", timeout=5, context=trusting(chain)):
            return True
    except OSError:
        return False


def test_the_proxy_example_works(proxied: tuple[Product, int], certificate: tuple[Path, Path]) -> None:
    """Beacons and WebSockets pass the example's nginx and are seen."""
    product, port = proxied
    context = trusting(certificate[0])
    assert post(f"https://localhost:{port}/v1/beacons", body_of("proxy-1"), context) == 202
    asyncio.run(report_over_socket(port, context))
    assert product.wait_for_view(native_view_id="proxy-1")["attempted"]
    assert product.wait_for_view(native_view_id="proxy-socket", dialect="livepeer")["attempted"]


async def report_over_socket(port: int, context: ssl.SSLContext) -> None:
    """What an old Livepeer player says over its WebSocket."""
    url = f"wss://localhost:{port}/json_video+abcdefabcdef.js?tkn=proxy-socket"
    async with connect(url, ssl=context) as socket:
        await socket.send(
            json.dumps({"preloadTime": 120, "timeUnpaused": 800, "ttff": 300, "firstPlayback": 400})
        )
        await asyncio.sleep(0.5)
