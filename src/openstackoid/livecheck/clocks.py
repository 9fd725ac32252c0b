"""Compares the clocks of clouds with each other and with this machine's, and says whose is off."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median_low

MAX_SKEW = 30.0
"""Seconds: half of what a signed request of another gateway may be off, so that there is time."""

Clocks = Mapping[str, Mapping[str, float]]
"""By how many seconds each clock is ahead of this machine's: by its cloud, and by whose it is."""


def faults(clocks: Clocks) -> Iterator[str]:
    """Yield each clock that is off: from most others if most agree, else from this machine's.

    Each cloud has one vote, the median of its clocks, and this machine has one.
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
    """Return what more than half of the clocks agree on, None if they do not."""
    for vote in votes:
        agreeing = [other for other in votes if abs(other - vote) <= MAX_SKEW]
        if 2 * len(agreeing) > len(votes):
            return median_low(agreeing)
    return None


def _off(ahead: float) -> str:
    return f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'}"
