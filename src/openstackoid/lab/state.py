"""Loads and saves the state of a lab in DIR/lab.yaml, and locks the directory."""

import fcntl
import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from pathlib import Path

from openstackoid.lab import addresses, files
from openstackoid.lab.cloud import LabCloud, check_name
from openstackoid.lab.errors import LabError
from openstackoid.lab.services import GATEWAY

# Special characters in SQLAlchemy's URLs, in oslo.config's values or in lists of files.
_UNFIT = re.compile(r"[?%$;,\"'\\\x00-\x1f]")


@dataclass(frozen=True)
class State:
    """The network of a lab and its clouds, in the order in which they were added."""

    network: IPv4Network
    clouds: tuple[LabCloud, ...] = ()
    front: str = GATEWAY

    def cloud(self, name: str) -> LabCloud:
        """Return a cloud by name; raises LabError, which lists the clouds."""
        for cloud in self.clouds:
            if cloud.name == name:
                return cloud
        known = ", ".join(c.name for c in self.clouds)
        there = f"there are {known}" if known else "the lab has none"
        raise LabError(f"there is no cloud {name}: {there}; add it with", f"up {name}")

    def having(self, name: str, directory: Path, extra: Collection[str]) -> "State":
        """Return a state with the cloud and at least these optional services of it."""
        for cloud in self.clouds:
            if cloud.name == name:
                grown = replace(cloud, extra=tuple(sorted({*cloud.extra, *extra})))
                return replace(self, clouds=tuple(grown if c is cloud else c for c in self.clouds))
        taken = {cloud.index for cloud in self.clouds}
        index = min(set(range(1, len(taken) + 2)) - taken)
        if index > addresses.MAX_CLOUDS:
            raise LabError(f"a lab has at most {addresses.MAX_CLOUDS} clouds")
        own = directory / check_name(name)
        cloud = LabCloud(name, index, self.network, own, tuple(sorted(set(extra))), self.front)
        return replace(self, clouds=(*self.clouds, cloud))

    def behind(self, front: str) -> "State":
        """Return a state in which all clouds have this front."""
        clouds = tuple(replace(cloud, front=front) for cloud in self.clouds)
        return replace(self, clouds=clouds, front=front)

    def without(self, names: Collection[str]) -> "State":
        """Return a state without these clouds."""
        return replace(self, clouds=tuple(c for c in self.clouds if c.name not in names))


def load(directory: Path) -> State:
    """Return the state of the lab in a directory, an empty one if there is no lab."""
    content = files.read_yaml(directory / "lab.yaml")
    network = addresses.network(content.get("network", addresses.DEFAULT_NETWORK))
    front = content.get("front", GATEWAY)
    return State(
        network,
        tuple(
            LabCloud(name, its["index"], network, directory / name, tuple(its["services"]), front)
            for name, its in content.get("clouds", {}).items()
        ),
        front,
    )


def save(directory: Path, state: State) -> None:
    """Write the state of the lab in a directory."""
    clouds = {c.name: {"index": c.index, "services": list(c.extra)} for c in state.clouds}
    content = {"network": str(state.network), "front": state.front, "clouds": clouds}
    files.write_yaml(directory / "lab.yaml", content)


def check_directory(directory: Path) -> Path:
    """Return the directory as an absolute path; raises LabError if no lab can live there."""
    absolute = directory.absolute()
    if unfit := _UNFIT.search(str(absolute)):
        raise LabError(f"a lab's directory cannot have {unfit[0]!r} in its name: {absolute}")
    return absolute


@contextmanager
def locked(
    directory: Path, waiting: Callable[[], AbstractContextManager[None]] = nullcontext
) -> Iterator[None]:
    """Lock a directory for this command; while another command holds it, be inside `waiting()`.

    Raises LabError if the directory cannot be used.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise LabError(f"{directory} cannot be used: {error.strerror}; choose another") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with waiting():
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
