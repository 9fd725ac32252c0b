"""Compares the clocks of clouds with each other and with this machine's, and finds wrong ones."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median_low

MAX_SKEW = 30.0
"""Seconds that a clock may be off: half the lifetime of a signature, so that there is a margin."""

Clocks = Mapping[str, Mapping[str, float]]
"""How many seconds each clock is ahead of this machine's: by cloud, then by its owner there."""


def faults(clocks: Clocks) -> Iterator[str]:
    """Yield a fault for each clock that differs from most, or if there is no majority, from ours.

    Each cloud has one vote, the median of its clocks, and so has this machine.
    """
    right = _right([0.0, *(median_low(own.values()) for own in clocks.values() if own)])
    if right is not None and abs(right) > MAX_SKEW:
        yield f"this machine: its clock is {_off(-right)} most clouds'; let it follow NTP"
    for cloud, own in clocks.items():
        for whose, ahead in own.items():
            if right is None and abs(ahead) > MAX_SKEW:
                differ = f"its clock and ours differ by {abs(ahead):.0f} s"
                yield f"{cloud}: {whose}: {differ}; let both follow NTP"
            elif right is not None and abs(ahead - right) > MAX_SKEW:
                off = _off(ahead - right)
                yield f"{cloud}: {whose}: its clock is {off} most others; let it follow NTP"


def _right(votes: Sequence[float]) -> float | None:
    """Return the offset on which more than half of the votes agree, None if they do not."""
    for vote in votes:
        agreeing = [other for other in votes if abs(other - vote) <= MAX_SKEW]
        if 2 * len(agreeing) > len(votes):
            return median_low(agreeing)
    return None


def _off(ahead: float) -> str:
    return f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'}"
