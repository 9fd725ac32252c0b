"""What a lab remembers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from openstackoid.lab import LabError, addresses, state

EMPTY = state.State(addresses.network("127.7.0.0/16"))


def grown(directory: Path, *names: str) -> state.State:
    """Return the state of a lab in which these clouds appeared one after another."""
    known = EMPTY
    for name in names:
        known = known.having(name, directory, ())
    return known


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """Network, order, numbers and optional services survive."""
    known = grown(tmp_path, "B", "A").having("A", tmp_path, ["block-storage"])
    state.save(tmp_path, known)
    assert state.load(tmp_path) == known
    assert [(c.name, c.index, c.extra) for c in known.clouds] == [
        ("B", 1, ()),
        ("A", 2, ("block-storage",)),
    ]


def test_a_front_is_that_of_all_clouds(tmp_path: Path) -> None:
    """Of those to come as well, and after a look at the file."""
    known = grown(tmp_path, "A").behind("haproxy").having("B", tmp_path, ())
    state.save(tmp_path, known)
    assert [c.fronts for c in state.load(tmp_path).clouds] == [("gateway", "haproxy")] * 2
    assert [c.gateway for c in known.clouds] == ["127.7.1.2", "127.7.2.3"]
    assert [c.address for c in known.clouds] == ["127.7.1.1", "127.7.2.1"]
    again = known.behind("gateway")
    assert [c.fronts for c in again.clouds] == [("gateway",)] * 2
    assert [c.gateway for c in again.clouds] == [c.address for c in again.clouds]


def test_a_directory_without_a_lab_is_an_empty_lab(tmp_path: Path) -> None:
    """Nothing is written by looking."""
    assert state.load(tmp_path / "none").clouds == ()
    assert not (tmp_path / "none").exists()


def test_a_cloud_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    """Its number and its optional services are not lost when it is named again."""
    known = grown(tmp_path, "A").having("A", tmp_path, ["block-storage"])
    assert known.having("A", tmp_path, ()) == known


def test_the_number_of_a_forgotten_cloud_is_taken_again(tmp_path: Path) -> None:
    """The others keep theirs, and with it their addresses."""
    known = grown(tmp_path, "A", "B", "C").without(["A"]).having("D", tmp_path, ())
    assert {c.name: c.index for c in known.clouds} == {"B": 2, "C": 3, "D": 1}


def test_a_lab_has_no_more_clouds_than_addresses(tmp_path: Path) -> None:
    """The 255th is refused."""
    full = grown(tmp_path, *(f"c{i}" for i in range(254)))
    with pytest.raises(LabError, match="at most 254"):
        full.having("one-more", tmp_path, ())


@pytest.mark.parametrize("name", ["", ".x", "a/b", "a b", "ü", "-v", "lab.yaml", "A-admin"])
def test_names_that_cannot_be_a_directory_or_a_login_are_refused(name: str, tmp_path: Path) -> None:
    """The message shows the name."""
    with pytest.raises(LabError, match=name or "''"):
        EMPTY.having(name, tmp_path, ())


def test_an_unknown_cloud_is_answered_with_those_there_are(tmp_path: Path) -> None:
    """And with what to do."""
    with pytest.raises(LabError, match=r"there are A, B.*lab up C"):
        grown(tmp_path, "A", "B").cloud("C")


@pytest.mark.parametrize("name", ["a?b", "a%b", "a$b", "a;b", "a,b", "a\nb"])
def test_directories_whose_name_means_something_to_a_service_are_refused(
    name: str, tmp_path: Path
) -> None:
    """Spaces and length are fine."""
    with pytest.raises(LabError, match="cannot have"):
        state.check_directory(tmp_path / name)
    assert state.check_directory(tmp_path / ("a b" * 60))


def test_a_second_command_waits_and_says_so(tmp_path: Path) -> None:
    """It goes on as soon as the first is done."""
    waiting, order = threading.Event(), []

    @contextmanager
    def notice() -> Iterator[None]:
        waiting.set()
        yield

    def second() -> None:
        with state.locked(tmp_path, notice):
            order.append("second")

    thread = threading.Thread(target=second)
    with state.locked(tmp_path):
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """With the system's reason."""
    (tmp_path / "file").touch()
    with pytest.raises(LabError, match="Not a directory"), state.locked(tmp_path / "file" / "lab"):
        pass
