"""Frames survive damage around them."""

from firstframe.journal.frame import count_frames, frame, scan, whole_bytes

MARKER = b"\x01\x02\x03\x04\x05\x06\x07\x08"


def payloads(data: bytes) -> list[bytes]:
    return [each.payload for each in scan(MARKER, data).frames]


def test_frames_come_back_in_order():
    """What is framed is read back, in order, to the last byte."""
    data = frame(MARKER, b"one") + frame(MARKER, b"") + frame(MARKER, b"three")
    found = scan(MARKER, data)
    assert [each.payload for each in found.frames] == [b"one", b"", b"three"]
    assert (found.end, found.damaged) == (len(data), 0)


def test_torn_tail_is_left_unsettled():
    """A frame that is cut at any byte is not read, and those before it are."""
    first, second = frame(MARKER, b"first"), frame(MARKER, b"second")
    for cut in range(len(second)):
        found = scan(MARKER, first + second[:cut])
        assert [each.payload for each in found.frames] == [b"first"]
        assert found.end == len(first)


def test_flipped_byte_costs_one_record():
    """A changed byte anywhere in a record loses that record, is counted, and later records are still read."""
    first, second, third = (frame(MARKER, text) for text in (b"first", b"second", b"third"))
    for at in range(len(second)):
        broken = bytearray(second)
        broken[at] ^= 0x41
        found = scan(MARKER, first + bytes(broken) + third)
        assert [each.payload for each in found.frames] == [b"first", b"third"], at
        assert found.damaged == 1


def test_partition_and_copy_bit_are_kept_and_checked():
    """A record's partition, and that it is a copy, are read back, and are part of the checksum."""
    data = frame(MARKER, b"x", partition=63, is_copy=True) + frame(MARKER, b"y", partition=5)
    assert [each.is_copy for each in scan(MARKER, data).frames] == [True, False]
    assert [each.payload for each in scan(MARKER, data, only=63).frames] == [b"x"]
    assert [each.payload for each in scan(MARKER, data, only=5).frames] == [b"y"]
    for byte, bit in ((11, 0x80), (11, 0x40), (11, 0x02)):
        broken = bytearray(data)
        broken[byte] ^= bit
        assert payloads(bytes(broken)) == [b"y"]


def test_one_partition_is_read_over_the_others():
    """Only its frames come; damage among the others' is passed like any, and ends where it should stop."""
    mine, other = frame(MARKER, b"mine", partition=1), frame(MARKER, b"other", partition=2)
    found = scan(MARKER, other + mine + other, only=1)
    assert ([each.payload for each in found.frames], found.end) == ([b"mine"], len(other + mine + other))
    found = scan(MARKER, other + mine + mine + other, only=1, limit=1)
    assert ([each.payload for each in found.frames], found.end) == ([b"mine"], len(other + mine))
    broken = bytearray(other)
    broken[20] ^= 1
    found = scan(MARKER, mine + bytes(broken) + mine, only=1)
    assert ([each.payload for each in found.frames], found.damaged) == ([b"mine", b"mine"], 1)
    found = scan(MARKER, mine + bytes(broken) + mine, only=1, stops=True)
    assert ([each.payload for each in found.frames], found.end) == ([b"mine"], len(mine))
    assert found.is_stopped
    assert count_frames(MARKER, other + mine + other, only=1) == (1, len(other + mine + other))


def test_body_that_holds_a_frame_of_another_segment_is_no_frame():
    """Bytes framed with another marker mean nothing, so a body cannot smuggle a record in."""
    inner = frame(b"\xff" * 8, b"forged")
    assert payloads(frame(MARKER, inner)[:-1] + frame(MARKER, b"next")) == [b"next"]


def test_whole_bytes_counts_only_complete_frames():
    """Of a short write only the complete frames stay."""
    frames = [b"aaaa", b"bb", b"cccc"]
    assert [whole_bytes(frames, written) for written in (0, 3, 4, 5, 6, 9, 10)] == [0, 0, 4, 4, 6, 6, 10]


def test_count_frames_agrees_with_scan():
    """Counting by headers gives what reading gives, and stops at a torn tail."""
    data = b"".join(frame(MARKER, b"x" * size) for size in (0, 1, 500))
    assert count_frames(MARKER, data + frame(MARKER, b"torn")[:-2]) == (3, len(data))
