"""The settings of a gateway from its command line."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from openstackoid.federation import Federation
from openstackoid.operators.rules import PATIENCE

DRAIN_TIMEOUT = 60.0
"""Default of `drain_timeout`: seconds that requests may go on after SIGTERM."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one gateway; times in seconds, `rate` in requests per second per address.

    `journal` is the directory of its journal, the same for all its processes.
    """

    federation: Path
    cloud: str
    connect_timeout: float = 5.0
    idle_timeout: float = 300.0
    drain_timeout: float = DRAIN_TIMEOUT
    patience: float = PATIENCE
    rate: int = 500
    journal: Path | None = None

    @property
    def text(self) -> str:
        """All settings as JSON, for another process."""
        return json.dumps(asdict(self), default=str)

    @property
    def made(self) -> Path:
        """The file with what services of other clouds have created here.

        It is in the directory that systemd gives, or else beside the federation file.
        """
        return self._directory / f"made-{self.cloud}.sqlite"

    @property
    def _directory(self) -> Path:
        given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
        return Path(given) if given else self.federation.parent

    @classmethod
    def of(cls, text: str) -> "Settings":
        """Read settings from JSON, as `text` wrote it."""
        known = json.loads(text)
        paths = {name: Path(known[name]) for name in ("federation", "journal") if known.get(name)}
        return cls(**known | paths)


def replicas_of(federation: Federation, settings: Settings) -> Path:
    """Return the directory of what keeps a gateway's replicas: it has a journal of its own."""
    return journal_of(federation, settings) / "replicas"


def journal_of(federation: Federation, settings: Settings) -> Path:
    """Return the directory of a gateway's journal.

    That is what the gateway began with, or what the file says, or one beside the file.
    """
    named = settings.journal or federation.clouds[settings.cloud].own.journal
    return named or settings.made.with_name(f"journal-{settings.cloud}")
