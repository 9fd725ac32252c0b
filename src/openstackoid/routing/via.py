"""`Via` (RFC 9110, section 7.6.3): by which a gateway sees that a request has travelled already."""

import re
from collections.abc import Iterable, Iterator, Sequence

ENTRIES = 20
"""How many are read, from the last one on: no request passes so many proxies."""

_OURS = re.compile(r"\s*1\.1 (?P<cloud>[A-Za-z0-9._-]{1,64}) \(openstackoid\)\s*")


def via_entry(cloud: str) -> str:
    """Return what the gateway of a cloud puts on a request that it sends to another cloud."""
    return f"1.1 {cloud} (openstackoid)"


def is_via_entry(value: str) -> bool:
    """Tell whether one entry of a Via header was put there by a gateway."""
    return _OURS.fullmatch(value) is not None


def readable(values: Iterable[str]) -> bool:
    """Tell whether there are no more entries than are read."""
    return ",".join(values).count(",") < ENTRIES


def sender(values: Sequence[str]) -> str | None:
    """Return the cloud whose gateway sent the request on, None if it comes from none."""
    if not values:
        return None
    return next((m["cloud"] for e in _last(values) if (m := _OURS.fullmatch(e))), None)


def _last(values: Sequence[str]) -> Iterator[str]:
    """Yield the last entries, from right to left."""
    left = ENTRIES
    for value in reversed(values):
        entries = value.rsplit(",", left)[-left:] if left else []
        yield from reversed(entries)
        left -= len(entries)
