"""CityHash128, version 1.0.2: the checksum of ClickHouse's compressed blocks (ported from the public algorithm)."""

from struct import unpack_from

_K0, _K1 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273
_K2, _K3 = 0x9AE16A3B2F90404F, 0xC949D7C7509E6557
_MUL = 0x9DDFEA08EB382D69
_M = 2**64 - 1

Pair = tuple[int, int]


def cityhash128(data: bytes) -> Pair:
    """The two halves of the hash, low half first."""
    length = len(data)
    if length >= 16:
        return _with_seed(data[16:], (_at(data, 0) ^ _K3, _at(data, 8)))
    if length >= 8:
        seed = (_at(data, 0) ^ (length * _K0 & _M), _at(data, length - 8) ^ _K1)
        return _with_seed(b"", seed)
    return _with_seed(data, (_K0, _K1))


def _at(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 8], "little")


def _rotate(value: int, shift: int) -> int:
    return ((value >> shift) | (value << (64 - shift))) & _M if shift else value


def _mix(value: int) -> int:
    return value ^ (value >> 47)


def _hash_16(low: int, high: int) -> int:
    a = ((low ^ high) * _MUL) & _M
    a ^= a >> 47
    b = ((high ^ a) * _MUL) & _M
    b ^= b >> 47
    return (b * _MUL) & _M


def _hash_0_to_16(data: bytes) -> int:
    length = len(data)
    if length > 8:
        a, b = _at(data, 0), _at(data, length - 8)
        return _hash_16(a, _rotate((b + length) & _M, length)) ^ b
    if length >= 4:
        a = int.from_bytes(data[:4], "little")
        return _hash_16(length + (a << 3), int.from_bytes(data[-4:], "little"))
    if length > 0:
        y = data[0] + (data[length >> 1] << 8)
        z = length + (data[-1] << 2)
        return (_mix((y * _K2 ^ z * _K3) & _M) * _K2) & _M
    return _K2


def _weak(words: tuple[int, ...], a: int, b: int) -> Pair:
    w, x, y, z = words
    a = (a + w) & _M
    b = _rotate((b + a + z) & _M, 21)
    c = a
    a = (a + x + y) & _M
    b = (b + _rotate(a, 44)) & _M
    return (a + z) & _M, (b + c) & _M


def _murmur(data: bytes, seed: Pair) -> Pair:
    a, b = seed
    length = len(data)
    left = length - 16
    if left <= 0:
        a = (_mix((a * _K1) & _M) * _K1) & _M
        c = (b * _K1 + _hash_0_to_16(data)) & _M
        d = _mix((a + (_at(data, 0) if length >= 8 else c)) & _M)
    else:
        c = _hash_16((_at(data, length - 8) + _K1) & _M, a)
        d = _hash_16((b + length) & _M, (c + _at(data, length - 16)) & _M)
        a = (a + d) & _M
        position = 0
        while left > 0:
            a = ((a ^ (_mix((_at(data, position) * _K1) & _M) * _K1)) * _K1) & _M
            b ^= a
            c = ((c ^ (_mix((_at(data, position + 8) * _K1) & _M) * _K1)) * _K1) & _M
            d ^= c
            position += 16
            left -= 16
    a = _hash_16(a, c)
    b = _hash_16(d, b)
    return a ^ b, _hash_16(b, a)


def _with_seed(data: bytes, seed: Pair) -> Pair:
    length = len(data)
    if length < 128:
        return _murmur(data, seed)
    x, y = seed
    z = (length * _K1) & _M
    v0 = (_rotate(y ^ _K1, 49) * _K1 + _at(data, 0)) & _M
    v1 = (_rotate(v0, 42) * _K1 + _at(data, 8)) & _M
    w0 = (_rotate((y + z) & _M, 35) * _K1 + x) & _M
    w1 = (_rotate((x + _at(data, 88)) & _M, 53) * _K1) & _M
    position, left = 0, length
    while left >= 128:
        for _ in range(2):
            words = unpack_from("<8Q", data, position)
            x = (_rotate((x + y + v0 + words[2]) & _M, 37) * _K1) & _M
            y = (_rotate((y + v1 + words[6]) & _M, 42) * _K1) & _M
            x ^= w1
            y ^= v0
            z = _rotate(z ^ w0, 33)
            v0, v1 = _weak(words[:4], (v1 * _K1) & _M, (x + w0) & _M)
            w0, w1 = _weak(words[4:], (z + w1) & _M, y)
            z, x = x, z
            position += 64
        left -= 128
    y = (y + _rotate(w0, 37) * _K0 + z) & _M
    x = (x + _rotate((v0 + z) & _M, 49) * _K0) & _M
    done = 0
    while done < left:
        done += 32
        at = length - done
        y = (_rotate((y - x) & _M, 42) * _K0 + v1) & _M
        w0 = (w0 + _at(data, at + 16)) & _M
        x = (_rotate(x, 49) * _K0 + w0) & _M
        w0 = (w0 + v0) & _M
        v0, v1 = _weak(unpack_from("<4Q", data, at), v0, v1)
    x = _hash_16(x, v0)
    y = _hash_16(y, w0)
    return (_hash_16((x + v1) & _M, w1) + y) & _M, _hash_16((x + w1) & _M, (y + v1) & _M)
