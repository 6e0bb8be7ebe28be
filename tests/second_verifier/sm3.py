"""SM3 of GB/T 32905-2016, from the standard's own definition, so that no library stands behind both verifiers."""

from __future__ import annotations

from functools import lru_cache

_START = (0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E)
_MASK = 0xFFFFFFFF


def _left(word: int, by: int) -> int:
    by %= 32
    return ((word << by) | (word >> (32 - by))) & _MASK


def _p0(word: int) -> int:
    return word ^ _left(word, 9) ^ _left(word, 17)


def _p1(word: int) -> int:
    return word ^ _left(word, 15) ^ _left(word, 23)


_T = tuple(_left(0x79CC4519 if step < 16 else 0x7A879D8A, step) for step in range(64))


def _expanded(block: bytes) -> list[int]:
    words = [int.from_bytes(block[at : at + 4], "big") for at in range(0, 64, 4)]
    for at in range(16, 68):
        mixed = words[at - 16] ^ words[at - 9] ^ _left(words[at - 3], 15)
        words.append(_p1(mixed) ^ _left(words[at - 13], 7) ^ words[at - 6])
    return words


def _compressed(state: tuple[int, ...], block: bytes) -> tuple[int, ...]:
    words = _expanded(block)
    a, b, c, d, e, f, g, h = state
    for step in range(64):
        turned = _left(a, 12)
        ss1 = _left((turned + e + _T[step]) & _MASK, 7)
        ss2 = ss1 ^ turned
        if step < 16:
            ff, gg = a ^ b ^ c, e ^ f ^ g
        else:
            ff, gg = (a & b) | (a & c) | (b & c), (e & f) | (~e & g & _MASK)
        tt1 = (ff + d + ss2 + (words[step] ^ words[step + 4])) & _MASK
        tt2 = (gg + h + ss1 + words[step]) & _MASK
        a, b, c, d = tt1, a, _left(b, 9), c
        e, f, g, h = _p0(tt2), e, _left(f, 19), g
    return tuple(old ^ new for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True))


@lru_cache(maxsize=100_000)
def sm3(data: bytes) -> bytes:
    """The 32 bytes of SM3."""
    padded = data + b"\x80" + bytes((55 - len(data)) % 64) + (len(data) * 8).to_bytes(8, "big")
    state: tuple[int, ...] = _START
    for at in range(0, len(padded), 64):
        state = _compressed(state, padded[at : at + 64])
    return b"".join(word.to_bytes(4, "big") for word in state)
