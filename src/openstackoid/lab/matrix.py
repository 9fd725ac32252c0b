"""The table of scripts/matrix: which servers can be booted over which links (docs/explanation).

It has three real clouds. Every cell is tried with the ordinary `openstack` command, and holds only
if every attempt in it has the claimed result.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from tempfile import NamedTemporaryFile

import click

from openstackoid.lab import environment
from openstackoid.lab.lab import Lab
from openstackoid.lab.links.condition import BLACKHOLE, CUT, WHOLE, Condition
from openstackoid.lab.status import variables

ONE, TWO, THREE = CLOUDS = ("CloudOne", "CloudTwo", "CloudThree")
_OURS = "matrix-"
_BROKEN = {"cut": CUT, "blackholed": BLACKHOLE}


@dataclass
class Cell:
    """One cell of the table: each attempt, and whether it had the claimed result."""

    tried: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether there were attempts, and all had the claimed result."""
        return bool(self.tried) and all(held for _, held in self.tried)


@dataclass
class Matrix:
    """Fills the cells of the table by attempts on a lab's clouds."""

    lab: Lab
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    _count: int = 0

    def fill(self) -> None:
        """Try every cell; afterwards links are whole, and its servers and images are deleted."""
        self._delete("server", "image")  # an interrupted run may have left some
        try:
            self._fill()
        finally:
            self._delete("server", "image")

    def _fill(self) -> None:
        replica = self._replicate()
        whole = "all connected"
        self._try(whole, "1-DC", "a server in each cloud, all of it there", self._everywhere)
        self._try(
            whole, "x-DC", f"a server in {ONE}, image of {TWO}", self._boots(f"image={TWO}", TWO)
        )
        self._try(
            whole,
            "*-DC",
            f"a server in {ONE} and in {TWO}",
            lambda: len(self._servers(f"compute={ONE}&{TWO}", "debian")) == 2,
        )
        self._try(
            whole,
            "*-DC",
            f"image of {TWO} or {THREE}; {TWO} lacks it",
            self._boots(f"image={TWO}|{THREE}", THREE),
        )
        self._try(whole, "*-DC", "images of all three, one list", lambda: self._listed(CLOUDS))
        for name, broken in _BROKEN.items():
            self._delete("server")  # a project may have ten
            with self._links(broken, (ONE, TWO)):
                self._partly(f"{ONE} and {TWO} {name}", replica)

    def _partly(self, how: str, replica: str) -> None:
        part = "partly connected"
        self._try(part, "1-DC", f"{how}: a server in each, all of it there", self._everywhere)
        self._try(
            part,
            "x-DC",
            f"{how}: a server in {ONE}, image of {THREE}",
            self._boots(f"image={THREE}", THREE),
        )
        self._try(
            part,
            "x-DC",
            f"{how}: image of {TWO} is refused by name, nothing is left",
            lambda: self._refused(f"image={TWO}", TWO),
        )
        self._try(
            part,
            "*-DC",
            f"{how}: image of {TWO} or {THREE}",
            self._boots(f"image={TWO}|{THREE}", THREE),
        )
        self._try(
            part,
            "*-DC",
            f"{how}: the copy in {THREE} of an image that was put in both",
            lambda: self._booted(f"image={TWO}|{THREE}", replica),
        )
        self._try(
            part,
            "*-DC",
            f"{how}: a list of the rest, which says that {TWO} is missing",
            lambda: self._listed((ONE, THREE), missing=TWO),
        )

    def _try(self, column: str, row: str, what: str, attempt: Callable[[], bool]) -> None:
        begun = time.monotonic()
        held = attempt()
        self.cells.setdefault((row, column), Cell()).tried.append((what, held))
        mark = click.style("✓", fg="green") if held else click.style("✗", fg="red")
        click.echo(f"{mark} {row:<5} {what} ({time.monotonic() - begun:.1f} s)", err=True)

    def _everywhere(self) -> bool:
        return all(self._booted("", f"only-in-{cloud}", cloud) for cloud in CLOUDS)

    def _boots(self, scope: str, origin: str) -> Callable[[], bool]:
        return lambda: self._booted(scope, f"only-in-{origin}")

    def _booted(self, scope: str, image: str, cloud: str = ONE) -> bool:
        return [s["status"] for s in self._servers(scope, image, cloud)] == ["ACTIVE"]

    def _servers(self, scope: str, image: str, cloud: str = ONE) -> list[dict[str, str]]:
        """Create servers with a scope; return the status of each."""
        self._count += 1
        name = f"{_OURS}{self._count}"
        create = ("server", "create", name, "--flavor", "m1.tiny", "--network", "private")
        done = self._openstack(cloud, scope, *create, "--image", image, "--wait", "-f", "json")
        if done.returncode:
            click.echo(done.stderr, err=True)
            return []
        shown = json.loads(done.stdout)
        status = shown["status"]
        return [{"status": s} for s in (status.values() if isinstance(status, dict) else [status])]

    def _refused(self, scope: str, culprit: str) -> bool:
        before = self._names()
        create = ("server", "create", f"{_OURS}refused", "--flavor", "m1.tiny")
        given = ("--network", "private", "--image", f"only-in-{culprit}", "--wait")
        done = self._openstack(ONE, scope, *create, *given)
        return done.returncode != 0 and culprit in done.stderr and self._names() == before

    def _listed(self, expected: tuple[str, ...], missing: str = "") -> bool:
        scope = "image=" + "&".join(CLOUDS)
        done = self._openstack(ONE, scope, "image", "list", "-f", "json")
        listed = {row.get("Cloud") for row in json.loads(done.stdout or "[]")}
        return listed == set(expected) and missing in done.stderr

    def _replicate(self) -> str:
        """Create an image in two clouds with one command; return its name."""
        name = f"{_OURS}copy-{time.time_ns()}"
        create = ("image", "create", name, "--disk-format", "raw", "--container-format", "bare")
        with NamedTemporaryFile() as file:
            file.write(os.urandom(65_536))
            file.flush()
            self._openstack(ONE, f"image={TWO}&{THREE}", *create, "--file", file.name)
        return name

    def _names(self) -> set[str]:
        done = self._openstack(ONE, "", "server", "list", "-f", "json")
        return {row["Name"] for row in json.loads(done.stdout)}

    def _delete(self, *nouns: str) -> None:
        """Delete our servers and images in every cloud; name servers first, as they use images."""
        for noun, cloud in product(nouns, CLOUDS):
            done = self._openstack(cloud, "", noun, "list", "-f", "json")
            rows = json.loads(done.stdout or "[]")
            ours = [row["ID"] for row in rows if row["Name"].startswith(_OURS)]
            if ours:
                wait = ("--wait",) if noun == "server" else ()
                self._openstack(cloud, "", noun, "delete", *wait, *ours)

    def _openstack(
        self, cloud: str, scope: str, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("OS_")}
        environ |= variables(self.lab, self.lab.cloud(cloud), environ)
        script = str(environment.script("openstack"))
        scoped = ("--os-scope", scope) if scope else ()
        return subprocess.run(  # noqa: S603
            [sys.executable, script, *arguments, *scoped],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def _links(self, how: Condition, ends: tuple[str, str]) -> Iterator[None]:
        self.lab.link(*ends, how)
        try:
            yield
        finally:
            self.lab.link(*ends, WHOLE)


def main() -> None:
    """Fill the table and print it; exits 1 if a cell does not hold."""
    lab = Lab(environment.lab_directory())
    lab.up(CLOUDS)
    matrix = Matrix(lab)
    matrix.fill()
    columns = ("all connected", "partly connected")
    click.echo(f"{'boot a VM':<10} | {columns[0]:<16} | {columns[1]}")
    for row in ("1-DC", "x-DC", "*-DC"):
        marks = ["yes" if matrix.cells[row, column].holds else "NO" for column in columns]
        click.echo(f"{row:<10} | {marks[0]:<16} | {marks[1]}")
    for (row, column), cell in matrix.cells.items():
        click.echo(f"\n{row}, {column}:")
        for what, held in cell.tried:
            click.echo(f"  {'✓' if held else '✗'} {what}")
    if not all(cell.holds for cell in matrix.cells.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
