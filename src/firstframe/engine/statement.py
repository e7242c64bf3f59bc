"""Reads just enough of a statement to serve it: its first word, its format, where an INSERT's data begins.

What a statement *means* is left to ClickHouse; this is its lexer, so that a word inside a string, a quoted name
or a comment is not taken for a keyword.
"""

import re
from collections.abc import Iterator

import msgspec

from firstframe.engine.fault import SYNTAX_ERROR, fault

_TOKEN = re.compile(
    rb"""
    (?P<space>   \s+ | --[^\n]* | \#[!\ ][^\n]* | /\*.*?\*/ )
  | (?P<text>    '(?:[^'\\]|\\.|'')*' | (?P<tag>\$\w*\$).*?(?P=tag) )
  | (?P<quoted>  `(?:[^`\\]|\\.|``)*` | "(?:[^"\\]|\\.|"")*" )
  | (?P<word>    [A-Za-z_][\w$]* )
  | (?P<number>  \d[\w.]* )
  | (?P<mark>    . )
    """,
    re.VERBOSE | re.DOTALL,
)
_AFTER_FORMAT = re.compile(rb"[ \t\f]*;?[ \t\f]*\r?\n?")
_DEFINING = frozenset({b"CREATE", b"ALTER", b"ATTACH", b"RENAME", b"EXCHANGE"})
_LOOKED_FOR = (b";", b"FORMAT", b"TOTALS", b"EXTREMES")
"""What matters behind a statement's first word. Most statements have none of it, and need no lexer."""
_OPEN, _CLOSE = (b"(", b"[", b"{"), (b")", b"]", b"}")


class Token(msgspec.Struct, frozen=True):
    """One token that is not white space or comment."""

    kind: str
    """``word``, ``quoted``, ``text``, ``number`` or ``mark``."""
    value: bytes
    depth: int
    """How many brackets it stands in."""
    start: int
    end: int

    @property
    def upper(self) -> bytes:
        """The word in capitals, so that keywords can be compared; empty for what is no bare word."""
        return self.value.upper() if self.kind == "word" else b""

    @property
    def name(self) -> bytes:
        """The word without its quotes."""
        return self.value[1:-1] if self.kind == "quoted" else self.value


class Statement(msgspec.Struct, frozen=True):
    """One statement, as far as it is known."""

    verb: bytes
    """Its first word in capitals; of a WITH, that of what follows is not looked for."""
    text: bytes
    """What is run. For an INSERT with data, without its FORMAT clause and data."""
    format: str | None = None
    """The format it names, of the answer or of the data."""
    data: bytes | None = None
    """For an INSERT that takes data: what of the data followed in the same text."""
    whole: bool = False
    """The answer has totals or extremes, which cannot be had in pieces."""
    defines: bool = False
    """What a table or a database is may be another afterwards."""
    tail: bytes = b""
    """For an INSERT that takes data: its SETTINGS, which stand behind the place where data is named."""


def tokens(text: bytes) -> Iterator[Token]:
    """Every token of a statement with its depth."""
    depth = 0
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or "mark"
        if kind == "tag":
            kind = "text"
        if kind == "space":
            continue
        value = found[0]
        if value in _CLOSE:
            depth = max(0, depth - 1)
        yield Token(kind, value, depth, found.start(), found.end())
        if value in _OPEN:
            depth += 1


def read(text: bytes) -> Statement:
    """The statement in ``text``. Raises `Fault` when there is none, or more than one."""
    stream = tokens(text)
    first = next(stream, None)
    if first is None:
        raise fault(SYNTAX_ERROR, "Syntax error: failed at position 1 (end of query): Empty query")
    if first.upper == b"INSERT":
        return _insert(text, stream)
    capitals = text.upper()
    return _other(text, first, list(stream) if any(word in capitals for word in _LOOKED_FOR) else [])


def _insert(text: bytes, stream: Iterator[Token]) -> Statement:
    before: Token | None = None
    cut: int | None = None  # where its SETTINGS begin
    for token in stream:
        if token.depth:
            continue
        if before is not None and before.upper == b"FORMAT" and token.kind in ("word", "quoted"):
            start = _end(_AFTER_FORMAT, text, token.end)
            return _taking(text[: before.start], cut, token.name.decode(), text[start:])
        if token.upper == b"VALUES":
            return _taking(text[: token.start], cut, "Values", text[token.end :])
        if token.upper == b"SETTINGS" and before is not None and before.upper not in (b"INTO", b"TABLE"):
            cut = token.start if before.value != b"." and cut is None else cut
        if token.upper in (b"SELECT", b"WITH", b"WATCH", b"EXPLAIN"):
            return _other(text, Token("word", b"INSERT", 0, 0, 0), [token, *stream])
        before = token
    return _taking(text.rstrip(b"; \t\r\n"), cut, None, b"")


def _taking(head: bytes, cut: int | None, fmt: str | None, data: bytes) -> Statement:
    text, tail = (head, b"") if cut is None else (head[:cut], head[cut:])
    return Statement(b"INSERT", text, fmt, data, tail=tail)


def _other(text: bytes, first: Token, rest: list[Token]) -> Statement:
    end = next((index for index, token in enumerate(rest) if token.value == b";" and not token.depth), None)
    if end is not None:
        if any(token.value != b";" for token in rest[end:]):
            position = rest[end].start + 1
            raise fault(SYNTAX_ERROR, f"Syntax error (Multi-statements are not allowed): position {position}")
        text, rest = text[: rest[end].start], rest[:end]
    words = {token.upper for token in rest}
    whole = b"TOTALS" in words or b"EXTREMES" in words
    defines = first.upper in _DEFINING
    return Statement(first.upper or first.value, text, _format(rest), None, whole, defines)


def _format(rest: list[Token]) -> str | None:
    """The name after the last FORMAT that ends the statement (or is followed by its SETTINGS)."""
    for index in range(len(rest) - 2, -1, -1):
        word, name = rest[index], rest[index + 1]
        ends = index + 2 == len(rest) or rest[index + 2].upper in (b"SETTINGS", b"INTO")
        if ends and word.upper == b"FORMAT" and not word.depth and name.kind in ("word", "quoted"):
            return name.name.decode("utf-8", "replace")
    return None


def _end(pattern: re.Pattern[bytes], text: bytes, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position
