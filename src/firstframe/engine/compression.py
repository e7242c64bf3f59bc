"""Compressed bodies both ways: HTTP content encodings, and ClickHouse's own blocks (``compress=1``)."""

import sys
import zlib
from collections.abc import Callable
from typing import Any, Protocol

import lz4.frame  # type: ignore[import-untyped]

from firstframe.engine.block import BlockDecoder, BlockEncoder
from firstframe.engine.fault import CANNOT_DECOMPRESS, Fault, fault

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class Decoder(Protocol):
    """Takes a compressed body in pieces."""

    def feed(self, piece: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class Encoder(Protocol):
    """Makes a compressed body in pieces."""

    def feed(self, piece: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class _Whole:
    """Nothing to be done."""

    def feed(self, piece: bytes) -> bytes:
        return piece

    def finish(self) -> bytes:
        return b""


class _Inflate:
    """Any of the standard library's decompressors; several members one after the other are read as one body."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._inner = make()
        self._begun = False

    def feed(self, piece: bytes) -> bytes:
        out = []
        while piece:
            if self._inner.eof:
                self._inner = self._make()
            self._begun = True
            out.append(self._inner.decompress(piece))
            piece = (self._inner.unused_data or b"") if self._inner.eof else b""
        return b"".join(out)

    def finish(self) -> bytes:
        if self._begun and not self._inner.eof:
            raise EOFError("the compressed body ends too early")
        return b""


class _Deflate:
    """A compressor with ``compress`` and ``flush``, in the words of `Encoder`."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def feed(self, piece: bytes) -> bytes:
        return bytes(self._inner.compress(piece))

    def finish(self) -> bytes:
        return bytes(self._inner.flush())


class _Lz4Encoder:
    """LZ4 frames; the header goes out with the first piece."""

    def __init__(self) -> None:
        self._inner = lz4.frame.LZ4FrameCompressor()
        self._begun = False

    def feed(self, piece: bytes) -> bytes:
        return self._begin() + bytes(self._inner.compress(piece))

    def finish(self) -> bytes:
        return self._begin() + bytes(self._inner.flush())

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        return bytes(self._inner.begin())


class _Checked:
    """A decoder whose complaints are faults with ClickHouse's code."""

    def __init__(self, inner: Decoder, name: str) -> None:
        self._inner = inner
        self._name = name

    def feed(self, piece: bytes) -> bytes:
        return self._told(lambda: self._inner.feed(piece))

    def finish(self) -> bytes:
        return self._told(self._inner.finish)

    def _told(self, call: Callable[[], bytes]) -> bytes:
        try:
            return call()
        except Fault:
            raise
        except (zlib.error, zstd.ZstdError, RuntimeError, EOFError, ValueError) as error:
            raise fault(CANNOT_DECOMPRESS, f"Cannot decompress the {self._name} body: {error}") from error


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "": _Whole,
    "identity": _Whole,
    "gzip": lambda: _Inflate(lambda: zlib.decompressobj(31)),
    "deflate": lambda: _Inflate(lambda: zlib.decompressobj(15)),
    "zstd": lambda: _Inflate(zstd.ZstdDecompressor),
    "lz4": lambda: _Inflate(lz4.frame.LZ4FrameDecompressor),
}
_ENCODERS: dict[str, Callable[[], Encoder]] = {
    "zstd": lambda: _Deflate(zstd.ZstdCompressor(level=1)),
    "lz4": _Lz4Encoder,
    "gzip": lambda: _Deflate(zlib.compressobj(3, zlib.DEFLATED, 31)),
    "deflate": lambda: _Deflate(zlib.compressobj(3, zlib.DEFLATED, 15)),
}
"""In the order in which the server prefers them."""


def decoder(encoding: str, *, blocks: bool) -> Decoder:
    """For a request's ``Content-Encoding``, and ``decompress=1`` inside it. Raises `Fault` for an unknown one."""
    name = encoding.strip().lower()
    if name not in _DECODERS:
        raise fault(CANNOT_DECOMPRESS, f"Unknown Content-Encoding {name!r}; known are {', '.join(_ENCODERS)}")
    outer = _Checked(_DECODERS[name](), name)
    return outer if not blocks else _Chain(outer, _Checked(BlockDecoder(), "native"))


def encoding_for(accepted: str) -> str | None:
    """The content encoding for a request's ``Accept-Encoding``."""
    wanted = {part.split(";")[0].strip().lower() for part in accepted.split(",")}
    return next((name for name in _ENCODERS if name in wanted), None)


def encoder(encoding: str | None, *, blocks: bool) -> Encoder:
    """For an answer."""
    outer = _ENCODERS[encoding]() if encoding else _Whole()
    return outer if not blocks else _Chain(BlockEncoder(), outer)


class _Chain:
    """One after the other."""

    def __init__(self, first: Decoder | Encoder, second: Decoder | Encoder) -> None:
        self._first = first
        self._second = second

    def feed(self, piece: bytes) -> bytes:
        return self._second.feed(self._first.feed(piece))

    def finish(self) -> bytes:
        return self._second.feed(self._first.finish()) + self._second.finish()
