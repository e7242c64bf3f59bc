"""ClickHouse's compressed blocks and their checksum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstframe.engine.block import BlockDecoder, BlockEncoder
from firstframe.engine.cityhash import cityhash128


@pytest.mark.parametrize(
    ("length", "digest"),
    [
        (0, "3df09dfc64c09a2b3cb540c392e51e29"),
        (3, "10dc1926b0850ac280c20dad5cdd0e6f"),
        (7, "aa38db290ccb2b16684a34c21a5257da"),
        (10, "366bba90e7a5bff79723e3bbc6a46dae"),
        (15, "048856bb9fddcf100c4d01dd6777bb5f"),
        (16, "17ceade677c2f945579ed60675c8fedc"),
        (100, "836ad9510a7189d492d5fdf90b6d0ef9"),
        (128, "7def035b54925590de34765c4aca9038"),
        (200, "275774699e23b6fd5682ef01ebe7289c"),
        (768, "dfe5f9b62ac6597105e7fd5ccc5ecc0f"),
    ],
)
def test_the_checksum_is_cityhash(length, digest):
    """The values of the reference implementation (1.0.2) for 0, 1, 2 … as bytes."""
    low, high = cityhash128(bytes(number % 256 for number in range(length)))
    assert f"{low:016x}{high:016x}" == digest


@given(data=st.binary(max_size=200_000), cut=st.integers(1, 5000))
def test_blocks_come_back_as_they_were(data, cut):
    """Whatever the pieces in which they are written and read."""
    encoder, decoder = BlockEncoder(), BlockDecoder()
    packed = encoder.feed(data[:cut]) + encoder.feed(data[cut:]) + encoder.finish()
    step = max(cut, len(packed) // 20)
    out = b"".join(decoder.feed(packed[start : start + step]) for start in range(0, len(packed), step))
    assert out + decoder.finish() == data


def test_half_a_block_is_an_error():
    """A body that ends within a block is not taken for a whole one."""
    encoder, decoder = BlockEncoder(), BlockDecoder()
    decoder.feed((encoder.feed(b"x" * 100) + encoder.finish())[:-1])
    with pytest.raises(EOFError):
        decoder.finish()
