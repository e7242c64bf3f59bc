"""The dictionaries of RFC 8941 that CMCD is written in, read with tolerance.

The standard wants a value that cannot be read to cost itself and nothing else, so a strict reader of structured fields
is of no use here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from firstframe.dialects.foreign import whole_number

_NUMBER = r"-?\d{1,15}(?:\.\d{1,9})?"
_STRING = r'"(?:[^"\\]|\\.)*"'
_WORD = r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*"
_ITEM = rf"(?:{_STRING}|\?[01]|{_NUMBER}|{_WORD})"
_PARAMETERS = rf"(?:;[ ]*[a-z*][a-z0-9_.*-]*(?:={_ITEM})?)*+"
_LIST = rf"{_ITEM}{_PARAMETERS}(?:[ ]+{_ITEM}{_PARAMETERS})*+"

_MEMBER = re.compile(
    rf"(?P<key>[A-Za-z*][A-Za-z0-9_.*-]*)"
    rf"(?:=(?:(?P<item>{_ITEM}){_PARAMETERS}|(?P<is_list>\()[ ]*(?P<list>{_LIST})?[ ]*\)|(?P<bad>)))?"
    rf"[ \t]*(?=,|$|(?P<rest>.))"
)
_BETWEEN = re.compile(r"[ \t,]*+")
_LISTED = re.compile(rf"[ ]*(?P<item>{_ITEM})(?P<parameters>{_PARAMETERS})")
_PARAMETER = re.compile(rf";[ ]*(?P<key>[a-z*][a-z0-9_.*-]*)(?:=(?P<item>{_ITEM}))?")
_ESCAPED = re.compile(r"\\(.)")

Unread = dict[str, str]
"""Keys whose value could not be read, each with what stands there."""


def read_dictionary(text: str) -> tuple[dict[str, Any], Unread]:
    """The members of one dictionary, and what could not be read; of a key that comes twice the last counts.

    A bare key is true. An item of an inner list is its value, or ``{"value": …, <parameter>: …}`` where it has parameters.
    """
    found: dict[str, Any] = {}
    unread: Unread = {}
    place, length = 0, len(text)
    while (place := _behind_separators(text, place)) < length:
        member = _MEMBER.match(text, place)
        if member is None or member["rest"] is not None or member["bad"] is not None:
            comma = text.find(",", max(place + 1, member.end() if member else 0))
            end = length if comma < 0 else comma
            unread[member["key"] if member else ""] = text[place:end].strip(" \t,")
        else:
            end = member.end()
            found[member["key"]] = _value(member)
        place = end
    return found, unread


def _behind_separators(text: str, place: int) -> int:
    """Where the next member begins: a long row of commas is one step, not one for each."""
    found = _BETWEEN.match(text, place)
    return found.end() if found else place


def _value(member: re.Match[str]) -> Any:
    if member["item"] is not None:
        return _item(member["item"])
    if member["is_list"] is not None:
        return [_listed(each) for each in _LISTED.finditer(member["list"] or "")]
    return True


def _listed(member: re.Match[str]) -> Any:
    value = _item(member["item"])
    parameters = _parameters(member["parameters"])
    return {"value": value, **parameters} if parameters else value


def _parameters(text: str) -> Mapping[str, Any]:
    return {
        each["key"]: True if each["item"] is None else _item(each["item"])
        for each in _PARAMETER.finditer(text)
    }


def _item(text: str) -> Any:
    first = text[0]
    if first == '"':
        return _ESCAPED.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1]
    if first == "?":
        return text == "?1"
    if first in "-0123456789":
        return float(text) if "." in text else whole_number(text)
    return text
