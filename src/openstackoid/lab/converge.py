"""The table of scripts/converge: what is ordered while a cloud is cut off, and what becomes of it.

It has three real clouds. For each kind of resource that is replicated, and each way in which the
third cloud can miss something, one is created, one is changed and one is deleted. A cell holds if
all three clouds have the same afterwards, or if the state of each difference says why.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from secrets import token_bytes
from typing import Any

import click
import requests

from openstackoid.lab import environment, files, processes
from openstackoid.lab.contending import Contending
from openstackoid.lab.killing import Killing
from openstackoid.lab.kinds import KINDS, Kind, kind_of, plain
from openstackoid.lab.lab import Lab
from openstackoid.lab.links.condition import BLACKHOLE, CUT
from openstackoid.lab.services import GATEWAY
from openstackoid.lab.user import User
from openstackoid.message import REPLICAS

ONE, TWO, THREE = CLOUDS = ("CloudOne", "CloudTwo", "CloudThree")
ALL = " & ".join(CLOUDS)

DATA = 5 * 2**20 + 1
"""Bytes of an image: some parts, and a bit more."""

PENDING = 100
"""Writes that wait for a cloud when it comes back."""

PATIENCE = 180.0
"""Seconds in which all clouds have to have the same."""

READ = 10.0
"""Seconds after a reload in which gateways read all copies, and hear all again."""

LIVED = 70.0
"""Seconds after its first start in which a gateway creates nothing: see docs/how-to/replicas.md."""

_UNDER_WAY = {"pending", "waiting", "building"}


@dataclass
class Cell:
    """One cell: what was found otherwise than claimed, and what differs and has a state for it."""

    faults: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def word(self) -> str:
        """What became of it."""
        return "NO" if self.faults else "named" if self.named else "equal"


@dataclass
class Converge:
    """Fills the cells of the table by attempts on a lab's clouds."""

    lab: Lab
    user: User
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    """How long after the link was whole again each of the pending writes had arrived."""
    _names: dict[str, str] = field(default_factory=dict)
    _others: dict[str, list[tuple[Kind, str]]] = field(default_factory=dict)
    """What was made for something to refer to, by the id of that."""
    _run: str = field(default_factory=lambda: f"converge-{time.time_ns()}")

    def fill(self) -> None:
        """Try every cell."""
        for name, missing in self._ways().items():
            for kind in KINDS:
                self._try(kind, name, missing)
        self._pending()

    def _ways(self) -> Mapping[str, Callable[[], Any]]:
        return {
            "cut": lambda: self.lab.apart(THREE, (ONE, TWO), CUT),
            "blackholed": lambda: self.lab.apart(THREE, (ONE, TWO), BLACKHOLE),
            "gateway stopped": self._stopped,
            "journal restored": self._restored,
        }

    def _try(self, kind: Kind, way: str, missing: Callable[[], Any]) -> None:
        """Create, change and delete one of a kind while the third cloud misses it."""
        cell = self.cells[way, kind.name] = Cell()
        old = [self._created(kind, f"{what}-{way}") for what in ("changed", "deleted")]
        with missing():
            new = self._created(kind, f"created-{way}")
            if kind.change is not None:
                self._changed(kind, old[0])
            self._delete(kind, old[1])
        begun = time.monotonic()
        left = {"created": new, "changed": old[0], "deleted": old[1]}
        while left and time.monotonic() < begun + PATIENCE:
            left = {
                what: one
                for what, one in left.items()
                if not self._same(kind, one, there=what != "deleted")
            }
            time.sleep(0.1 * bool(left))
        cell.seconds = time.monotonic() - begun
        for what, one in left.items():
            states = self._states(one)
            explained = set(states.values()) - {"fits", "pending", "unreachable"}
            (cell.named if explained else cell.faults).append(f"{what}: {states}")
        for one in (new, old[0]):
            self._delete(kind, one)
        self._delete_others(kind, (new, *old))
        mark = click.style("✗", fg="red") if cell.faults else click.style("✓", fg="green")
        click.echo(f"{mark} {way:<17} {kind.name:<13} ({cell.seconds:.1f} s)", err=True)

    def _delete_others(self, kind: Kind, made: Sequence[str]) -> None:
        """Delete what was made for something to refer to, once nothing uses it."""
        until = time.monotonic() + PATIENCE
        while kind.of and time.monotonic() < until:
            if all(self._same(kind, one, there=False) for one in made):
                break
            time.sleep(0.1)
        for one in made:
            for its, other in self._others[one]:
                self._delete(its, other)

    def _created(self, kind: Kind, what: str) -> str:
        name = f"{self._run}-{what}".replace(" ", "-")
        others: list[tuple[Kind, str]] = []
        for its in map(kind_of, kind.of):
            other = self._created(its, f"{what}-of-{kind.one}")
            others += [(its, other), *self._others[other]]
        body = kind.create(name, [one for _, one in others])
        answer = self._order("POST", kind, kind.collection, json=body)
        document = answer.json()
        made = str(document.get(kind.one, document)[kind.key])
        self._names[made], self._others[made] = name, others
        if kind.uploads:
            headers = {"Content-Type": "application/octet-stream"}
            path = f"{kind.collection}/{made}/file"
            self._order("PUT", kind, path, data=token_bytes(DATA), headers=headers)
        if kind.of:  # no cloud's gateway may be stopped while a server is built of what it gives
            until = time.monotonic() + PATIENCE
            while set(self._states(made).values()) & _UNDER_WAY and time.monotonic() < until:
                time.sleep(0.1)
        return made

    def _changed(self, kind: Kind, identifier: str) -> None:
        if kind.change is None:
            return
        path = f"{kind.collection}/{identifier}"
        method, path, body, type_ = kind.change(path, identifier)
        headers = {"Content-Type": type_}
        self._order(method, kind, path, json=body, headers=headers)

    def _delete(self, kind: Kind, identifier: str) -> None:
        self._order("DELETE", kind, f"{kind.collection}/{identifier}")

    def _order(self, method: str, kind: Kind, path: str, **more: Any) -> requests.Response:
        answer = self.user.ask(method, kind.service, path, ALL, **more)
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise click.ClickException(f"{method} {kind.name}: {answer.status_code} {answer.text}")
        return answer

    def _same(self, kind: Kind, identifier: str, *, there: bool) -> bool:
        """Return whether all clouds have the same of something, or have it no more, and say so."""
        shown = [self._shown(kind, identifier, cloud) for cloud in CLOUDS]
        if not shown[0] == shown[1] == shown[2] or bool(shown[0]) is not there:
            return False
        return set(self._states(identifier).values()) == {"fits"}

    def _shown(self, kind: Kind, identifier: str, cloud: str) -> list[object]:
        """Return what a cloud shows of something, nothing if it is not there."""
        if kind.listed is not None:
            where = f"{kind.collection}{kind.list}?name={self._names[identifier]}"
            listed = self.user.ask("GET", kind.service, where, cloud).json()[kind.listed]
            return [plain([one.get(key) for key in kind.shown]) for one in listed]
        path = f"{kind.collection}/{identifier}"
        answer = self.user.ask("GET", kind.service, path, cloud)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return []
        if answer.status_code != HTTPStatus.OK:
            return [answer.status_code, cloud]
        document = answer.json()
        one = document.get(kind.one, document)
        return [one.get(key) for key in kind.shown]

    def _states(self, identifier: str) -> dict[str, str]:
        """Return the states of copies, by cloud; of none if nobody can say them now."""
        answer = self.user.ask("GET", "identity", f"{REPLICAS}?id={self._names[identifier]}")
        if answer.status_code != HTTPStatus.OK:
            return {}
        copies = answer.json()["replicas"][-1]["clouds"]
        return {copy["cloud"]: copy["state"] for copy in copies}

    def _pending(self) -> None:
        """Let many writes wait for a cloud, and see how long each takes once it is back."""
        flavor = kind_of("flavor")
        with self.lab.apart(THREE, (ONE, TWO), CUT):
            made = [self._created(flavor, f"pending-{n}") for n in range(PENDING)]
        begun, left = time.monotonic(), set(made)
        while left and time.monotonic() < begun + PATIENCE:
            answer = self.user.ask("GET", "compute", f"{flavor.collection}?limit=1000", THREE)
            now = time.monotonic() - begun
            there = {one["id"] for one in answer.json().get("flavors", ())}
            self.late += [now] * len(left & there)
            left -= there
            time.sleep(0.25 * bool(left))  # so that looking takes nothing from what is looked at
        self.late += [PATIENCE] * len(left)
        for name in made:
            self._delete(flavor, name)

    @contextmanager
    def _stopped(self) -> Iterator[None]:
        """Stop the gateway of the third cloud."""
        cloud = self.lab.cloud(THREE)
        processes.end([(cloud, GATEWAY)])
        try:
            yield
        finally:
            processes.start(cloud, GATEWAY)
            while not processes.is_ready(cloud, GATEWAY):
                time.sleep(0.1)

    @contextmanager
    def _restored(self) -> Iterator[None]:
        """Restore what the third cloud's gateway knew before: what came meanwhile is lost there."""
        cloud = self.lab.cloud(THREE)
        kept = cloud.federation.parent / f"journal-{THREE}" / "replicas"
        copied = kept.with_name("replicas-copied")
        with self._stopped():
            shutil.copytree(kept, copied, ignore=shutil.ignore_patterns("*.socket"))
        yield
        with self._stopped():
            shutil.rmtree(kept)
            copied.rename(kept)


def trusting(lab: Lab) -> None:
    """Let the administrators of all clouds be some in the others, who may make flavors."""
    ids = {}
    for cloud in CLOUDS:
        found = User(lab, cloud).ask("GET", "identity", "/v3/projects").json()["projects"]
        ids[cloud] = {project["name"]: project["id"] for project in found}
    for cloud in CLOUDS:
        described = files.read_yaml(lab.cloud(cloud).federation)
        for other in CLOUDS:
            if other == cloud:
                continue
            trust = described["clouds"][cloud]["trust"][other]
            trust["roles"] = {**trust["roles"], "admin": "admin"}
            both = ids[other].keys() & ids[cloud].keys()
            trust["projects"] = {"table": {ids[other][name]: ids[cloud][name] for name in both}}
        files.write_yaml(lab.cloud(cloud).federation, described)
        gateway = processes.find(lab.cloud(cloud), GATEWAY)
        if gateway is not None:
            processes.reload(lab.cloud(cloud), gateway)


def main() -> None:
    """Fill the table and print it; exits 1 if a cell does not hold."""
    lab = Lab(environment.lab_directory())
    seconds = LIVED if lab.up(CLOUDS) else READ
    trusting(lab)
    with click.progressbar(range(int(seconds)), label="Waiting until all is read") as waited:
        for _ in waited:
            time.sleep(1)
    converge = Converge(lab, User(lab, ONE))
    converge.fill()
    names = [kind.name for kind in KINDS]
    click.echo(f"{'':<17} | " + " | ".join(f"{name:<13}" for name in names))
    for way in dict.fromkeys(way for way, _ in converge.cells):
        cells = [converge.cells[way, name] for name in names]
        marks = [f"{c.word}, {c.seconds:.1f} s" for c in cells]
        click.echo(f"{way:<17} | " + " | ".join(f"{mark:<13}" for mark in marks))
    for (way, name), cell in converge.cells.items():
        for line in (*cell.faults, *cell.named):
            click.echo(f"{way}, {name}: {line}")
    late = sorted(converge.late)
    most = late[int(len(late) * 0.99) - 1]
    click.echo(
        f"\n{PENDING} pending writes: half within {late[len(late) // 2]:.1f} s, 99 % within "
        f"{most:.1f} s, all within {late[-1]:.1f} s"
    )
    faults = any(cell.faults for cell in converge.cells.values())
    for trial in (Contending(lab, CLOUDS), Killing(lab, CLOUDS)):
        trial.try_all()
        for line in (*trial.found, *trial.faults):
            click.echo(line)
        faults = faults or bool(trial.faults)
    if faults:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
