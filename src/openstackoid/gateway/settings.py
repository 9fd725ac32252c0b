"""The settings of a gateway from its command line."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from openstackoid.operators.rules import PATIENCE

DRAIN_TIMEOUT = 60.0
"""Default of `drain_timeout`: seconds that requests may go on after SIGTERM."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one gateway; times in seconds, `rate` in requests per second per address."""

    federation: Path
    cloud: str
    connect_timeout: float = 5.0
    idle_timeout: float = 300.0
    drain_timeout: float = DRAIN_TIMEOUT
    patience: float = PATIENCE
    rate: int = 500

    @property
    def text(self) -> str:
        """All settings as JSON, for another process."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def of(cls, text: str) -> "Settings":
        """Read settings from JSON, as `text` wrote it."""
        known = json.loads(text)
        return cls(**known | {"federation": Path(known["federation"])})
