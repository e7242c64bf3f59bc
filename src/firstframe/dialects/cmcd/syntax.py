"""The dictionaries of RFC 8941 that CMCD is written in, read with tolerance.

The standard wants a value that cannot be read to cost itself and nothing else, so a strict reader of structured fields
is of no use here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_KEY = r"[A-Za-z*][A-Za-z0-9_.*-]*"
_NUMBER = r"-?\d{1,15}(?:\.\d{1,9})?"
_STRING = r'"(?:[^"\\]|\\.)*"'
_WORD = r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*"
_ITEM = rf"(?:{_STRING}|\?[01]|{_NUMBER}|{_WORD})"
_NAME = r"[a-z*][a-z0-9_.*-]*"
_PARAMETERS = rf"(?:;[ ]*{_NAME}(?:={_ITEM})?)*+"
_LIST = rf"\([ ]*(?:{_ITEM}{_PARAMETERS}(?:[ ]+{_ITEM}{_PARAMETERS})*+)?[ ]*\)"

_MEMBER = re.compile(
    rf"(?P<key>{_KEY})"
    rf"(?:=(?:(?P<item>{_ITEM}){_PARAMETERS}|(?P<list>{_LIST})|(?P<bad>)))?"
    rf"[ \t]*(?=,|$|(?P<rest>.))"
)
_USUAL_ITEM = rf'[0-9]{{1,15}}|"[^"\\]*+"|{_WORD}|{_NUMBER}|\?[01]'
_USUAL = re.compile(rf"({_KEY})(?:=({_USUAL_ITEM}|{_LIST}))?(?:,[ ]?|\Z)|(.+)", re.DOTALL)
"""A member as players write them, the most frequent values first, with its comma and the blank that RFC 8941 has behind it; or
else all that is left."""
_BETWEEN = re.compile(r"[ \t,]*+")
_LISTED = re.compile(rf"[ ]*({_ITEM})(?:;({_NAME})(?=[ ]|\Z))?({_PARAMETERS})")
"""An item and its one parameter without a value, as players write them; or else all of its parameters."""
_PARAMETER = re.compile(rf";[ ]*({_NAME})(?:=({_ITEM}))?")
_ESCAPED = re.compile(r"\\(.)")

Unread = dict[str, str]
"""Keys whose value could not be read, each with what stands there."""


def read_dictionary(text: str) -> tuple[dict[str, Any], Unread]:
    """The members of one dictionary, and what could not be read; of a key that comes twice the last counts.

    A bare key is true. An item of an inner list is its value, or ``{"value": …, <parameter>: …}`` where it has parameters.
    """
    found: dict[str, Any] = {}
    for key, value, rest in _USUAL.findall(text):  # a member costs a quarter of what it does with care
        if rest:
            return found, _read_with_care(text, len(text) - len(rest), found)
        found[key] = _value(value) if value else True
    return found, {}


def _read_with_care(text: str, place: int, found: dict[str, Any]) -> Unread:
    """Add the members from a place on; what could not be read."""
    unread: Unread = {}
    length = len(text)
    while (place := _behind_separators(text, place)) < length:
        member = _MEMBER.match(text, place)
        if member is None or member["rest"] is not None or member["bad"] is not None:
            comma = text.find(",", max(place + 1, member.end() if member else 0))
            end = length if comma < 0 else comma
            unread[member["key"] if member else ""] = text[place:end].strip(" \t,")
        else:
            end = member.end()
            value = member["item"] or member["list"]
            found[member["key"]] = _value(value) if value else True
        place = end
    return unread


def _behind_separators(text: str, place: int) -> int:
    """Where the next member begins: a long row of commas is one step, not one for each."""
    found = _BETWEEN.match(text, place)
    return found.end() if found else place


def _value(text: str) -> Any:
    first = text[0]
    if first in "-0123456789":
        return float(text) if "." in text else int(text)
    if first == '"':
        return _ESCAPED.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1]
    if first == "(":
        inner = text[1:-1]
        return [_value(inner)] if inner.isdecimal() else _listed(inner)
    if first == "?":
        return text == "?1"
    return text


def _listed(text: str) -> list[Any]:
    items: list[Any] = []
    for item, flag, parameters in _LISTED.findall(text):
        value = _value(item)
        if flag:
            value = {"value": value, flag: True}
        elif parameters:
            value = {"value": value, **_parameters(parameters)}
        items.append(value)
    return items


def _parameters(text: str) -> Mapping[str, Any]:
    return {key: _value(item) if item else True for key, item in _PARAMETER.findall(text)}
