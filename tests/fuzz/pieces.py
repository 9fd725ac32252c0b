"""Cuts an input of the fuzzer into pieces, as a network may cut what another party sends."""

from itertools import cycle

LARGEST = 31


def split(data: bytes) -> tuple[bytes, list[bytes]]:
    """Return what was sent, whole and in pieces.

    The first two bytes say how long pieces are in turn, modulo 32; 0 is all that is left. In a
    corpus a blank is thus 0, and `!` is 1.
    """
    lengths, sent = data[:2], data[2:]
    pieces: list[bytes] = []
    position = 0
    for length in cycle([byte % (LARGEST + 1) for byte in lengths] or [0]):
        if position >= len(sent):
            return sent, pieces
        end = position + length if length else len(sent)
        pieces.append(sent[position:end])
        position = end
    raise AssertionError  # a cycle does not end
