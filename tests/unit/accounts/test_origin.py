"""Allowed origins, as operators write them and browsers send them."""

import pytest

from firstframe.accounts.origin import is_allowed, normal_origin
from firstframe.errors import BadRequest

CASES = [
    # origin, allowed, verdict
    ("https://a.example", [], True),
    (None, ["https://a.example"], True),
    ("https://a.example", ["https://a.example"], True),
    ("https://A.example", ["https://a.example"], True),
    ("https://a.example:443", ["https://a.example"], True),
    ("https://a.example:8443", ["https://a.example"], False),
    ("http://a.example", ["https://a.example"], False),
    ("http://a.example:3000", ["a.example"], True),
    ("https://b.a.example", ["a.example"], False),
    ("https://b.a.example", ["*.a.example"], True),
    ("https://a.example", ["*.a.example"], False),
    ("https://evila.example", ["*.a.example"], False),
    ("https://b.a.example", ["https://*.a.example"], True),
    ("http://b.a.example", ["https://*.a.example"], False),
    ("null", ["https://a.example"], False),
    ("null", ["null"], True),
    ("null", ["*"], True),
    ("https://[::1", ["a.example"], False),
    ("https://a.example.evil.example", ["https://a.example"], False),
]


@pytest.mark.parametrize(("origin", "allowed", "verdict"), CASES)
def test_origin_against_a_list(origin, allowed, verdict):
    """Each pair of an origin and a list has one verdict."""
    assert is_allowed(origin, [normal_origin(each) for each in allowed]) is verdict


@pytest.mark.parametrize(
    "entry", ["", "https://", "https://a/b", "a b", "ht!tp://a", "a.*.example", "*", " A.example/ "]
)
def test_entries_are_normal_or_refused(entry):
    """An entry that could match no origin is refused when it is written, not silently ignored later."""
    if entry in ("*", " A.example/ "):
        assert normal_origin(entry) == entry.strip().rstrip("/").lower()
    else:
        with pytest.raises(BadRequest):
            normal_origin(entry)
