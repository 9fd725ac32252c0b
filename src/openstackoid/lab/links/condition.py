"""Conditions of links between clouds (delay, cut, blackhole), stored in DIR/links.yaml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from openstackoid.lab import files

FILE = "links.yaml"
MAX_DELAY = 60.0
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
_UNITS = {"ms": 0.001, "s": 1.0}


class State(StrEnum):
    """Whether a link carries data; both directions have the same state.

    CUT: connections are reset, and new ones refused. BLACKHOLE: nothing is answered.
    """

    UP = "up"
    CUT = "cut"
    BLACKHOLE = "blackhole"


@dataclass(frozen=True)
class Condition:
    """The condition of a link; `delay` is in seconds, one way."""

    state: State = State.UP
    delay: float = 0.0

    def __str__(self) -> str:
        return f"delayed by {shown(self.delay)}" if self.delay else str(self.state)


WHOLE = Condition()
CUT = Condition(State.CUT)
BLACKHOLE = Condition(State.BLACKHOLE)

Conditions: TypeAlias = Mapping[frozenset[str], Condition]
"""Conditions by the two clouds of a link; a missing link is whole."""


def seconds(text: str) -> float:
    """Return a delay such as 50ms or 1.5s in seconds; raises ValueError."""
    match = _DURATION.fullmatch(text)
    value = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 0 < value <= MAX_DELAY:
        raise ValueError(
            f"{text!r} is no delay; write one up to {MAX_DELAY:g}s such as 50ms or 1.5s"
        )
    return value


def shown(delay: float) -> str:
    """Return a delay in seconds as text that `seconds` can parse."""
    return f"{delay * 1000:g}ms"


def load(directory: Path) -> Conditions:
    """Return the conditions of the links of the lab in a directory."""
    known: list[dict[str, Any]] = files.read_yaml(directory / FILE).get("links", [])
    return {
        frozenset(link["clouds"]): Condition(State(link["state"]), link["delay"]) for link in known
    }


def save(directory: Path, conditions: Conditions) -> None:
    """Write the conditions of links, except those of whole links."""
    links = [
        {"clouds": sorted(clouds), "state": condition.state.value, "delay": condition.delay}
        for clouds, condition in conditions.items()
        if condition != WHOLE
    ]
    files.write_yaml(directory / FILE, {"links": links})
