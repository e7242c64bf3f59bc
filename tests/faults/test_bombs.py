"""Bodies made to blow up: compressed bombs, nesting, numbers and texts beyond all bounds, on every route."""

from __future__ import annotations

import gzip
import http.client
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstframe.dialects import DIALECTS
from support_attack import seen
from support_load import Load
from support_product import Product
from support_proof import settle

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

MIB = 2**20
ZEROS = 400 * MIB
GROWTH_MIB = 150
"""Most that the edge may take more than before at its peak, for all bombs one after the other."""
EXPANDED = b"0" * (ZEROS // 400)


def bombs() -> Iterator[tuple[str, str, bytes]]:
    """(name, content encoding, body)."""
    packed = _packed()
    yield "gzip bomb", "gzip", packed
    yield "gzip in gzip", "gzip", gzip.compress(packed)
    yield "gzip named twice", "gzip, gzip", gzip.compress(packed)
    yield "many gzip members", "gzip", gzip.compress(EXPANDED) * 900
    yield "deflate bomb", "deflate", zlib.compress(bytes(200 * MIB), 9)
    yield "bare deflate bomb", "deflate", zlib.compress(bytes(200 * MIB), 9)[2:-4]
    yield "cut gzip", "gzip", packed[: len(packed) // 2]
    yield "no gzip at all", "gzip", b"{}" * 1_000
    yield "brackets", "deflate", zlib.compress(b"[" * 4_000_000, 9)
    yield "empty objects", "deflate", zlib.compress(b"[" + b"{}," * 1_300_000 + b"NaN]", 9)
    yield "fewer empty objects", "deflate", zlib.compress(b"[" + b"{}," * 100_000 + b"NaN]", 9)
    yield "gzip members of nothing", "gzip", gzip.compress(b"") * 40_000
    for encoding in ("br", "zstd", "compress", "x" * 5_000):
        yield f"encoding {encoding[:8]}", encoding, packed[:1_000]
    for depth in (31, 33, 100_000):
        yield f"{depth} deep", "", b"[" * depth + b"]" * depth
        yield f"{depth} deep in an object", "", b'{"events":' * depth + b"1" + b"}" * depth
        yield f"{depth} never closed", "", b'{"events":[' * depth
    for text in ("\x00", "\ud800", "\u202e", "a" * 900_000, "\\", '"' * 3):
        said = {
            "view_id": text,
            "session_id": text,
            "events": [{"type": text, "at": text, "timestamp": text}],
        }
        yield f"text {text[:3]!r}", "", json.dumps(said).encode()
    for number in (
        "1e999",
        "-1e999",
        "9" * 5_000,
        "0." + "9" * 5_000,
        "1" + "0" * 400,
        "NaN",
        "-0",
        "1E400000000",
    ):
        yield (
            f"number {number[:9]}",
            "",
            b'{"view_id":"n","session_id":"n","events":[{"type":"play","at":%s}]}' % number.encode(),
        )
    yield "keys without end", "", json.dumps({f"key-{number}": number for number in range(40_000)}).encode()
    yield "one key again and again", "", b"{" + b",".join(b'"view_id":"%d"' % n for n in range(40_000)) + b"}"
    yield "nothing", "", b""
    yield "bytes", "", bytes(range(256)) * 100


def _packed() -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    block = bytes(MIB)
    return b"".join(squeeze.compress(block) for _ in range(ZEROS // MIB)) + squeeze.flush()


def post(address: str, path: str, encoding: str, body: bytes) -> int:
    """The status; 413 where the connection was closed before the body was sent."""
    client = http.client.HTTPConnection(address, timeout=60)
    headers = {"Content-Type": "application/json"} | ({"Content-Encoding": encoding} if encoding else {})
    try:
        client.request("POST", path, body, headers)
        return client.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        return 413
    finally:
        client.close()


def peak_mib(pid: int) -> float:
    """The most memory that a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def test_no_bomb_hurts(tmp_path: Path) -> None:
    """Each is answered below 500, the edge's memory stays bounded, and honest beacons are taken all the while."""
    product = Product(tmp_path / "data").start()
    load = Load(lambda path, body: product.post(path, body, timeout=30), threads=1, pause=0.02).start()
    statuses: Counter[int] = Counter()
    try:
        edge = product.roles()["edge"]
        before = peak_mib(edge)
        for name, encoding, body in bombs():
            for dialect in DIALECTS:
                for route in (
                    each for each in dialect.routes if each.kind == "collect" and "{" not in each.path
                ):
                    status = post(product.collector, f"/{dialect.name}{route.path}", encoding, body)
                    assert 200 <= status < 500, (name, dialect.name, route.path, status)
                    statuses[status] += 1
        grown = peak_mib(edge) - before
        assert product.roles()["edge"] == edge
        assert grown < GROWTH_MIB
        product.wait_until(lambda: len(load.acknowledged) > 25, 120, "honest views")
        proof = settle(product, load)
        assert load.refused == 0
    finally:
        load.stop()
        product.stop()
    seen(
        "bombs",
        sent=statuses.total(),
        **{f"answered_{status}": count for status, count in sorted(statuses.items())},
        edge_memory_growth_mib=round(grown),
        honest_events_proved=proof.acknowledged,
    )
