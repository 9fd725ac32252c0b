"""How a gateway runs."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

DRAIN_TIMEOUT = 60.0
"""Seconds for which requests may go on after SIGTERM, unless the gateway is told otherwise."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one gateway; times in seconds, `rate` in requests per second of one address."""

    federation: Path
    cloud: str
    connect_timeout: float = 5.0
    idle_timeout: float = 300.0
    drain_timeout: float = DRAIN_TIMEOUT
    patience: float = 30.0
    rate: int = 500

    @property
    def text(self) -> str:
        """All of it, for another process."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def of(cls, text: str) -> "Settings":
        """Return what was written as text."""
        known = json.loads(text)
        return cls(**known | {"federation": Path(known["federation"])})
