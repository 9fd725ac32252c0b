"""The settings of a gateway from its command line."""

import json
import os
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

    @property
    def made(self) -> Path:
        """The file with what services of other clouds have created here.

        It is in the directory that systemd gives, or else beside the federation file.
        """
        given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
        directory = Path(given) if given else self.federation.parent
        return directory / f"made-{self.cloud}.sqlite"

    @classmethod
    def of(cls, text: str) -> "Settings":
        """Read settings from JSON, as `text` wrote it."""
        known = json.loads(text)
        return cls(**known | {"federation": Path(known["federation"])})
