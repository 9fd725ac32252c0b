"""Writes and reads Via entries (RFC 9110, section 7.6.3): which gateway has sent a request on."""

import re
from collections.abc import Iterable, Iterator, Sequence

ENTRIES = 20
"""How many entries are read, from the last one; no request passes through so many proxies."""

_OURS = re.compile(r"\s*1\.1 (?P<cloud>[A-Za-z0-9._-]{1,64}) \(openstackoid\)\s*")


def via_entry(cloud: str) -> str:
    """Return the entry that the gateway of a cloud adds on each crossing."""
    return f"1.1 {cloud} (openstackoid)"


def is_via_entry(value: str) -> bool:
    """Return whether an entry of a Via header is one of a gateway."""
    return _OURS.fullmatch(value) is not None


def readable(values: Iterable[str]) -> bool:
    """Return whether there are at most ENTRIES entries, so that all of them are read."""
    return ",".join(values).count(",") < ENTRIES


def sender(values: Sequence[str]) -> str | None:
    """Return the cloud of the last gateway that sent a request, None if no gateway did."""
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
