"""What stands in a journal's records, whatever keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from firstframe.beacon import Beacon


class Decoded(msgspec.Struct, frozen=True):
    """The beacons of some records."""

    beacons: list[Beacon]
    copies: frozenset[int]
    """Places of those that stand first in another partition."""
    strange: int
    """Sound records that hold no beacon that this version can read."""

    def received(self, from_ms: int, to_ms: int) -> Iterator[Beacon]:
        """Those that were received in ``[from_ms, to_ms)``; no copies."""
        for place, beacon in enumerate(self.beacons):
            if place not in self.copies and from_ms <= beacon.received_at_ms < to_ms:
                yield beacon


def decoded(records: Iterable[tuple[bytes, bool]]) -> Decoded:
    """Of each record its payload, and whether it is a copy."""
    beacons: list[Beacon] = []
    copies: list[int] = []
    strange = 0
    for payload, is_copy in records:
        try:
            beacons.append(_DECODER.decode(payload))
        except msgspec.DecodeError:
            strange += 1
            continue
        if is_copy:
            copies.append(len(beacons) - 1)
    return Decoded(beacons, frozenset(copies), strange)


_DECODER = msgspec.msgpack.Decoder(Beacon)
