"""ClickHouse's compressed blocks: checksum (16), method (1), size with this header (4), expanded size (4), data."""

import sys
from struct import pack, unpack_from
from typing import cast

import lz4.block  # type: ignore[import-untyped]

from firstframe.engine.cityhash import cityhash128

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_CHECKSUM, _HEADER = 16, 9
_NONE, _LZ4, _ZSTD = 0x02, 0x82, 0x90
_BLOCK_BYTES = 1 << 16
_MAX_BLOCK_BYTES = 1 << 30


class BlockDecoder:
    """A body of blocks, in pieces of any size. Checksums are not checked: the way here is a loopback socket."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, piece: bytes) -> bytes:
        self._held += piece
        out = []
        while (block := self._next()) is not None:
            out.append(block)
        return b"".join(out)

    def finish(self) -> bytes:
        if self._held:
            raise EOFError(f"{len(self._held)} bytes of a block that is not whole")
        return b""

    def _next(self) -> bytes | None:
        if len(self._held) < _CHECKSUM + _HEADER:
            return None
        method, size, expanded = unpack_from("<BII", self._held, _CHECKSUM)
        if size < _HEADER or max(size, expanded) > _MAX_BLOCK_BYTES:
            raise ValueError(f"a block of {size} bytes that becomes {expanded}")
        if len(self._held) < _CHECKSUM + size:
            return None
        data = bytes(self._held[_CHECKSUM + _HEADER : _CHECKSUM + size])
        del self._held[: _CHECKSUM + size]
        return _expand(method, data, expanded)


class BlockEncoder:
    """Any bytes as blocks, each as large as ClickHouse's own are at least."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, piece: bytes) -> bytes:
        self._held += piece
        out = []
        while len(self._held) >= _BLOCK_BYTES:
            out.append(_block(bytes(self._held[:_BLOCK_BYTES])))
            del self._held[:_BLOCK_BYTES]
        return b"".join(out)

    def finish(self) -> bytes:
        rest, self._held = bytes(self._held), bytearray()
        return _block(rest) if rest else b""


def _expand(method: int, data: bytes, expanded: int) -> bytes:
    if method == _LZ4:
        return cast("bytes", lz4.block.decompress(data, uncompressed_size=expanded))
    if method == _ZSTD:
        return bytes(zstd.decompress(data))
    if method == _NONE:
        return data
    raise ValueError(f"a block compressed by method {method:#x}; LZ4, ZSTD and none are known")


def _block(piece: bytes) -> bytes:
    data: bytes = lz4.block.compress(piece, store_size=False)
    body = pack("<BII", _LZ4, len(data) + _HEADER, len(piece)) + data
    return pack("<QQ", *cityhash128(body)) + body
