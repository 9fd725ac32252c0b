"""What may be wrong with the link between two clouds; remembered in DIR/links.yaml."""

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
    """Whether a link carries anything; both ways are always in the same state.

    Cut: connections are reset, new ones refused. Blackhole: nothing is answered.
    """

    UP = "up"
    CUT = "cut"
    BLACKHOLE = "blackhole"


@dataclass(frozen=True)
class Condition:
    """How a link is; `delay` is in seconds, one way."""

    state: State = State.UP
    delay: float = 0.0

    def __str__(self) -> str:
        return f"delayed by {shown(self.delay)}" if self.delay else str(self.state)


WHOLE = Condition()
CUT = Condition(State.CUT)
BLACKHOLE = Condition(State.BLACKHOLE)

Conditions: TypeAlias = Mapping[frozenset[str], Condition]
"""By the two clouds of a link; one that is not there is whole."""


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
    """Return a delay as `seconds` reads it."""
    return f"{delay * 1000:g}ms"


def load(directory: Path) -> Conditions:
    """Return the conditions of the links of the lab in a directory."""
    known: list[dict[str, Any]] = files.read_yaml(directory / FILE).get("links", [])
    return {
        frozenset(link["clouds"]): Condition(State(link["state"]), link["delay"]) for link in known
    }


def save(directory: Path, conditions: Conditions) -> None:
    """Remember the conditions of links; those that are whole need not be."""
    links = [
        {"clouds": sorted(clouds), "state": condition.state.value, "delay": condition.delay}
        for clouds, condition in conditions.items()
        if condition != WHOLE
    ]
    files.write_yaml(directory / FILE, {"links": links})
