"""Field names from the SDK's abbreviated keys, and back."""

from __future__ import annotations

import re
from typing import Any

from firstframe.dialects.mux.word import FIRST_WORDS, FURTHER_WORDS

_SHORT = re.compile(r"[a-z](?:[a-z]{2}|\d+|_[^_]+_)*")
_PART = re.compile(r"[a-z]{2}|\d+|_[^_]+_")
_LONGEST = 128
"""Longer keys are nobody's field, and must not fill the cache."""
_KEPT = 4096
_FIRST_CODES = {word: code for code, word in FIRST_WORDS.items()}
_FURTHER_CODES = {word: code for code, word in FURTHER_WORDS.items()}


def decode(key: str) -> str:
    """The field name that a key stands for; a key that stands for none is returned as it is."""
    if _SHORT.fullmatch(key) and key[0] in FIRST_WORDS:
        rest = _further(key[1:])
        if rest is not None:
            return "_".join((FIRST_WORDS[key[0]], *rest))
    word, mark, codes = key.partition("_")
    # A known first word is always abbreviated, so `ad_type` is a name already and not "ad" and two codes.
    if word and mark and word not in _FIRST_CODES:
        rest = _further(codes)
        if rest is not None:
            return "_".join((word, *rest))
    return key


def encode(name: str) -> str:
    """The key under which the SDK sends a field."""
    first, *further = name.split("_")
    return _FIRST_CODES.get(first, f"{first}_") + "".join(_code(word) for word in further)


class _Names(dict[str, str]):
    """Field names by key: a beacon has hundreds of keys, so looking one up must cost no call."""

    def __missing__(self, key: str) -> str:
        if len(key) > _LONGEST:
            return key
        name = decode(key)
        if len(self) < _KEPT:
            self[key] = name
        return name


_names = _Names()


def decode_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """An event with all its keys written out."""
    names = _names
    return {names[key]: value for key, value in fields.items()}


def _code(word: str) -> str:
    return word if word.isdigit() else _FURTHER_CODES.get(word, f"_{word}_")


def _further(codes: str) -> list[str] | None:
    """The words behind a run of codes, None when one of them is unknown."""
    words = []
    position = 0
    while position < len(codes):
        part = _PART.match(codes, position)
        if part is None:
            return None
        position = part.end()
        code = part.group()
        word = code.strip("_") if code[0] == "_" else code if code.isdigit() else FURTHER_WORDS.get(code)
        if word is None:
            return None
        words.append(word)
    return words
