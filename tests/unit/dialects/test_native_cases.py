"""The golden metric cases of the generic timeline, through the native dialect's own parse and fold."""

from __future__ import annotations

import pytest

import support_cases as cases
from firstframe.dialects.native import NATIVE

GENERIC = cases.load_cases("generic")


@pytest.mark.parametrize("case", GENERIC, ids=[case["name"] for case in GENERIC])
def test_generic_case(case):
    """Every number that a golden case promises comes out of its beacons."""
    readings = [NATIVE.parse(beacon) for beacon in cases.native_beacons(case)]
    assert [reject for reading in readings for reject in reading.rejects] == []
    cases.run_case(case, [event for reading in readings for event in reading.events], NATIVE)
