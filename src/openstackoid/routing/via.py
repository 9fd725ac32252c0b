"""`Via` (RFC 9110, section 7.6.3): by which a gateway sees that a request has travelled already."""

import re
from collections.abc import Iterable

_OURS = re.compile(r"\s*1\.1 (?P<cloud>[A-Za-z0-9._-]{1,64}) \(openstackoid\)\s*")


def stamp(cloud: str) -> str:
    """Return what the gateway of a cloud puts on a request that it sends to another cloud."""
    return f"1.1 {cloud} (openstackoid)"


def is_stamp(value: str) -> bool:
    """Tell whether one entry of a Via header was put there by a gateway."""
    return _OURS.fullmatch(value) is not None


def origin(values: Iterable[str]) -> str | None:
    """Return the cloud whose gateway sent the request on, None if it comes from none."""
    for value in reversed(list(values)):
        for entry in reversed(value.split(",")):
            if match := _OURS.fullmatch(entry):
                return match["cloud"]
    return None
