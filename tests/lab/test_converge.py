"""The table of scripts/converge, as far as no cloud is needed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import click
import pytest

from openstackoid.lab import converge
from openstackoid.lab.converge import CLOUDS, THREE, Converge
from openstackoid.lab.kinds import KINDS
from openstackoid.lab.lab import Lab

LISTED = [kind.listed for kind in KINDS if kind.listed is not None]


class Played:
    """A user whose clouds are played: the third one has what the others have, or lags behind."""

    def __init__(
        self, *, behind: bool = False, refuses: bool = False, state: str = "pending"
    ) -> None:
        self.things: dict[str, dict[str, Any]] = {cloud: {} for cloud in CLOUDS}
        self.behind = behind
        self.state = state
        self.refuses = refuses

    def ask(self, method: str, service: str, path: str, scope: str = "", **more: Any) -> Any:
        if service == "identity":
            clouds = [{"cloud": THREE, "state": self.state if self.behind else "fits"}]
            return answer(200, {"replicas": [{"clouds": clouds}]})
        if self.refuses and method == "POST":
            return answer(403, {})
        if method == "GET" and "?" in path:
            every = list(self.things[scope].values())
            fits = [one for one in every if f"name={one['name']}" in path]
            return answer(200, {"flavors": every, **dict.fromkeys(LISTED, fits)})
        name = path.rpartition("/")[2]
        if method == "GET":
            there = self.things[scope].get(path.split("/")[3])
            return answer(200 if there else 404, there or {})
        where = [c for c in CLOUDS if c != THREE or not self.behind]
        body = more.get("json") or {}
        document = next(iter(body.values())) if isinstance(body, dict) and len(body) == 1 else body
        named = document.get("name") if isinstance(document, dict) else None
        made = None if named is None else {"id": named, "name": named}
        for cloud in where:
            if method == "DELETE":
                self.things[cloud].pop(name, None)
            elif method == "POST" and made is not None:
                self.things[cloud][made["id"]] = made
        return answer(200, made or {})


def answer(status: int, document: Any) -> Any:
    return SimpleNamespace(status_code=status, json=lambda: document, text=json.dumps(document))


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    lab = Lab(tmp_path)
    monkeypatch.setattr(lab, "link", lambda *_: None)
    monkeypatch.setattr(converge, "PATIENCE", 0.1)
    monkeypatch.setattr(converge, "PENDING", 3)

    @contextmanager
    def nothing(_: Converge) -> Iterator[None]:
        yield

    monkeypatch.setattr(Converge, "_stopped", nothing)
    monkeypatch.setattr(Converge, "_restored", nothing)
    return lab


def test_a_cell_holds_if_all_clouds_have_the_same(lab: Lab) -> None:
    """And the pending writes are counted one by one."""
    table = Converge(lab, cast("Any", Played()))
    table.fill()
    assert len(table.cells) == 4 * len(KINDS)
    assert not any(cell.faults for cell in table.cells.values())
    assert len(table.late) == 3


def test_a_difference_without_a_state_is_a_fault(lab: Lab) -> None:
    """What stays pending is none that anybody could act on."""
    table = Converge(lab, cast("Any", Played(behind=True)))
    table.fill()
    assert all(cell.faults for cell in table.cells.values())
    assert table.late == [0.1] * 3


def test_a_write_that_is_refused_ends_it(lab: Lab) -> None:
    """For then nothing can be said of it."""
    with pytest.raises(click.ClickException, match="403"):
        Converge(lab, cast("Any", Played(refuses=True))).fill()


def test_a_difference_with_a_state_is_named(lab: Lab) -> None:
    """And is not called equal."""
    table = Converge(lab, cast("Any", Played(behind=True, state="refused")))
    table.fill()
    assert {cell.word for cell in table.cells.values()} == {"named"}
    assert all("refused" in line for cell in table.cells.values() for line in cell.named)
