"""The smallest writer of MMDB files that tests of places need: one IPv4 network per record."""

from __future__ import annotations

import struct
from ipaddress import ip_network
from pathlib import Path
from typing import Any


def write_mmdb(path: Path, records: dict[str, Any]) -> Path:
    """A file that maps each network (IPv4) to its record."""
    nodes: list[list[Any]] = [[None, None]]
    for text, record in records.items():
        network = ip_network(text)
        bits = f"{int(network.network_address):032b}"[: network.prefixlen]
        at = 0
        for bit in bits[:-1]:
            if nodes[at][int(bit)] is None:
                nodes.append([None, None])
                nodes[at][int(bit)] = len(nodes) - 1
            at = nodes[at][int(bit)]
        nodes[at][int(bits[-1])] = record
    data = b""
    tree = b""
    for node in nodes:
        for child in node:
            if child is None:
                value = len(nodes)
            elif isinstance(child, int):
                value = child
            else:
                value = len(nodes) + 16 + len(data)
                data += _encode(child)
            tree += struct.pack(">I", value)
    metadata = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1_700_000_000,
        "database_type": "Test",
        "description": {"en": "test"},
        "ip_version": 4,
        "languages": ["en"],
        "node_count": len(nodes),
        "record_size": 32,
    }
    path.write_bytes(tree + b"\0" * 16 + data + b"\xab\xcd\xefMaxMind.com" + _encode(metadata))
    return path


SHORT = ("binary_format_major_version", "binary_format_minor_version", "ip_version", "record_size")
"""Numbers that readers want as 16 bits; ``build_epoch`` they want as 64."""


def _encode(value: Any, name: str = "") -> bytes:
    if isinstance(value, str):
        return _head(2, len(value.encode())) + value.encode()
    if isinstance(value, dict):
        return _head(7, len(value)) + b"".join(_encode(k) + _encode(v, k) for k, v in value.items())
    if isinstance(value, list):
        return _head(11, len(value)) + b"".join(map(_encode, value))
    if name in SHORT:
        return _head(5, 2) + struct.pack(">H", value)
    if name == "build_epoch":
        return _head(9, 8) + struct.pack(">Q", value)
    return _head(6, 4) + struct.pack(">I", value)


def _head(kind: int, size: int) -> bytes:
    small, extra = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return (bytes([kind << 5 | small]) if kind < 8 else bytes([small, kind - 7])) + extra
