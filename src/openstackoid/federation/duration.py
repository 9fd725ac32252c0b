"""Reads durations of a federation file: 30s, 15m, 12h, or 0."""

import re
from typing import Annotated

from pydantic import BeforeValidator

_DURATION = re.compile(r"([0-9]{1,6})([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def _seconds(value: object) -> int:
    """Return the seconds of a duration as it is written; raises ValueError."""
    if isinstance(value, int) and value == 0 and value is not False:
        return 0
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("must be a duration such as 30s, 15m or 12h, or 0 for none")
    return int(found[1]) * _SECONDS[found[2]]


Duration = Annotated[int, BeforeValidator(_seconds)]
"""Whole seconds."""
