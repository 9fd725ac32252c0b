"""An operator who upgrades his gateway as docs/how-to/upgrade-to-assertions.md says."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clouds.conftest import tell

from bench.processes import beside_python, output
from bench.real import ROOT
from bench.real.program import Program
from openstackoid.lab import Lab, files

Pairs = Sequence[dict[str, str]]
"""The public halves of keys, as `openstackoid federation keys` prints them."""


class Operator:
    """The operator of a cloud; `upgraded` says which program its gateway runs."""

    upgraded = True

    def __init__(self, lab: Lab, name: str) -> None:
        self._lab, self.name = lab, name
        self._cloud = lab.cloud(name)
        self._described: dict[str, Any] = files.read_yaml(self._cloud.federation)
        self._entries: dict[str, Any] = self._described["clouds"]
        self._program = Program(self._cloud)

    def go_back(self, before: Path) -> None:
        """Run the program of before, which knows of no keys for assertions."""
        secrets = json.loads(self._cloud.keys.read_text())
        del secrets["assertion"]
        files.write(self._cloud.directory / "old.json", json.dumps(secrets))
        (self._cloud.directory / "new.json").unlink(missing_ok=True)
        self._entries[self.name]["own"]["keys"] = "old.json"
        for entry in self._entries.values():
            del entry["keys"]["assertion"]
        files.write_yaml(self._cloud.federation, self._described)
        self._program.start(before)
        self.upgraded = False

    def make_keys(self) -> Pairs:
        """Make a second pair by the new program; return what the other operators get."""
        old, new = (self._cloud.directory / name for name in ("old.json", "new.json"))
        command = (beside_python("openstackoid"), "federation", "keys", "--out", new)
        printed = output([*command, "--beside", old])
        pairs = [dict(re.findall(r"(\w+): (\S+)", text)) for text in printed.split("- ")[1:]]
        self._entries[self.name]["keys"] = pairs
        return pairs

    def learn(self, other: str, pairs: Pairs) -> None:
        """Write another cloud's lines, but for those that an old gateway refuses; reload."""
        self._write_keys(other, pairs)
        tell(self._lab, self.name, self._described)

    def upgrade(self, others: dict[str, Pairs]) -> None:
        """Exchange the program; `others` are the keys of the clouds that have upgraded before."""
        self.upgraded = True
        own = self._entries[self.name]
        own["own"]["keys"] = ["old.json", "new.json"]
        for rule in own["trust"].values():
            rule["tokens"] = True
        for other, pairs in others.items():
            self._write_keys(other, pairs)
        files.write_yaml(self._cloud.federation, self._described)
        output([beside_python("openstackoid"), "federation", "check", self._cloud.federation])
        self._program.exchange(ROOT)

    def take_no_tokens(self, other: str) -> None:
        """Take assertions alone from another cloud's gateway, for it has upgraded; reload."""
        del self._entries[self.name]["trust"][other]["tokens"]
        tell(self._lab, self.name, self._described)

    def _write_keys(self, other: str, pairs: Pairs) -> None:
        known = [{k: v for k, v in p.items() if self.upgraded or k != "assertion"} for p in pairs]
        self._entries[other]["keys"] = known
