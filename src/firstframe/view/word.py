"""Words of a closed list, each with its meaning: docs and dashboard read it where the word is defined."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """A member is written ``NAME = "name", "what it means"`` and is its name, as of any `StrEnum`."""

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        word = str.__new__(cls, value)
        word._value_ = value
        word.meaning = meaning
        return word
