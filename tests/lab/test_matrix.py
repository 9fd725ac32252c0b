"""The table of scripts/matrix, as far as no cloud is needed: what it leaves behind."""

import json
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from openstackoid.lab.lab import Lab
from openstackoid.lab.matrix import CLOUDS, Matrix


class Played(Matrix):
    """Its commands meet clouds that are played: `things` are names, by cloud and noun.

    Where `interrupted`, the first server that is created is the last thing that happens.
    """

    interrupted = False

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab)
        self.things: dict[tuple[str, str], list[str]] = defaultdict(list)

    def _openstack(
        self, cloud: str, scope: str, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        noun, verb, *named = arguments
        out = ""
        if verb == "list":
            names = self.things[cloud, noun]
            out = json.dumps([{"ID": name, "Name": name} for name in names])
        elif verb == "delete":
            kept = [name for name in self.things[cloud, noun] if name not in named]
            self.things[cloud, noun] = kept
        else:
            where = scope.partition(f"{noun}=")[2] or cloud
            for one in CLOUDS:
                if noun == "server" or one in where:
                    self.things[one, noun].append(named[0])
            if noun == "server" and self.interrupted:
                raise KeyboardInterrupt
        return subprocess.CompletedProcess([], 1 if verb == "create" else 0, out, "no")


@pytest.fixture
def matrix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    """Return the table for a lab whose clouds have an image each, and things of an earlier run."""
    lab = Lab(tmp_path)
    monkeypatch.setattr(lab, "link", lambda *_: None)
    matrix = Played(lab)
    for cloud in CLOUDS:
        matrix.things[cloud, "image"] = ["debian", "matrix-copy-0"]
        matrix.things[cloud, "server"] = ["mine", "matrix-0"]
    return matrix


def left(matrix: Played) -> set[tuple[str, str]]:
    """Return what all clouds have."""
    return {(noun, name) for (_, noun), names in matrix.things.items() for name in names}


def test_nothing_of_it_is_left_where_every_cell_fails(matrix: Played) -> None:
    """Also of what an earlier run has left; what others have made stays."""
    matrix.fill()
    assert not any(cell.holds for cell in matrix.cells.values())
    assert left(matrix) == {("image", "debian"), ("server", "mine")}
    assert list(matrix.lab.directory.iterdir()) == []


def test_nothing_of_it_is_left_where_it_is_interrupted(matrix: Played) -> None:
    """In the middle of a cell."""
    matrix.interrupted = True
    with pytest.raises(KeyboardInterrupt):
        matrix.fill()
    assert left(matrix) == {("image", "debian"), ("server", "mine")}
