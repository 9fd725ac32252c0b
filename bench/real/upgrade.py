"""`scripts/bench upgrade`: gateways of two releases in one federation, and one after the other."""

import copy
import json
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from clouds.api import Api
from clouds.conftest import tell
from clouds.recorder import Borders, recorded
from clouds.servers import begin, booted, gone

from bench import page
from bench.machine import machine
from bench.processes import beside_python, output
from bench.real import ROOT
from bench.real.load import Load, running
from bench.real.program import BEFORE, Program, source
from bench.table import table
from openstackoid.lab import Lab, files
from openstackoid.lab.cloud import LabCloud

NETWORK = "127.67.0.0/16"
CLOUDS = ("CloudOne", "CloudTwo")
SECONDS = 5.0
"""How long requests go on in each stage, at least."""


class Operator:
    """The operator of a cloud, who does what docs/how-to/upgrade-to-assertions.md says.

    `entries` are what is told of each cloud in his federation file.
    """

    def __init__(self, lab: Lab, name: str) -> None:
        self._lab = lab
        self.name = name
        self.cloud = lab.cloud(name)
        self.described: dict[str, Any] = files.read_yaml(self.cloud.federation)
        self.program = Program(self.cloud)
        self.upgraded = False

    @property
    def own(self) -> dict[str, Any]:
        """The entry of his own cloud."""
        entry: dict[str, Any] = self.described["clouds"][self.name]
        return entry

    def begin(self, before: Path) -> None:
        """Run the program of before, with the keys that it made: without one for assertions."""
        secrets = json.loads(self.cloud.keys.read_text())
        del secrets["assertion"]
        files.write(self.cloud.directory / "old.json", json.dumps(secrets))
        self.own["own"]["keys"] = "old.json"
        for entry in self.described["clouds"].values():
            del entry["keys"]["assertion"]
        files.write_yaml(self.cloud.federation, self.described)
        self.program.start(before)

    def reload(self) -> None:
        """Let the gateway read the federation file again."""
        tell(self._lab, self.name, self.described)

    def make_keys(self) -> list[dict[str, str]]:
        """Make a second pair of keys by the new program; return what is sent to the others."""
        directory = self.cloud.directory
        made = output(
            [
                beside_python("openstackoid"),
                *("federation", "keys", "--out", directory / "new.json"),
                *("--beside", directory / "old.json"),
            ]
        )
        pairs = [
            dict(re.findall(r"(\w+): (\S+)", pair)) for pair in made.split("- ")[1:]
        ]
        self.own["keys"] = pairs
        return pairs

    def learn(self, other: str, pairs: list[dict[str, str]]) -> None:
        """Write the other cloud's lines, without those that an old gateway refuses."""
        kept = [
            {k: v for k, v in pair.items() if self.upgraded or k != "assertion"} for pair in pairs
        ]
        self.described["clouds"][other]["keys"] = kept

    def upgrade(self, tokens_of: str | None) -> None:
        """Name both files of keys and who sends tokens yet, check the file, exchange the program."""
        self.own["own"]["keys"] = ["old.json", "new.json"]
        if tokens_of:
            self.own["trust"][tokens_of]["tokens"] = True
        files.write_yaml(self.cloud.federation, self.described)
        output([beside_python("openstackoid"), "federation", "check", self.cloud.federation])
        self.program.exchange(ROOT)
        self.upgraded = True

    def finish(self, other: str) -> None:
        """Take no more tokens from the other cloud's gateway."""
        del self.own["trust"][other]["tokens"]
        self.reload()
