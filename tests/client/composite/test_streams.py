"""One stdout and one stdin for several branches."""

import os
import sys
import threading
from pathlib import Path

import pytest
from osc_lib.exceptions import CommandError

from openstackoid.client.composite.streams import Console, apart, speaking


def test_each_thread_prints_into_its_own_branchs_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever is no branch prints to stdout, and progress is left out."""
    consoles = [Console("A"), Console("B")]
    both = threading.Barrier(2)

    def speak(console: Console) -> None:
        with speaking(console):
            both.wait(5)
            sys.stdout.write("\rProgress: 0\rProgress: 50")
            print(console.cloud)  # noqa: T201

    with apart():
        threads = [threading.Thread(target=speak, args=(console,)) for console in consoles]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print("mine")  # noqa: T201
    assert [console.text for console in consoles] == ["A\n", "B\n"]
    assert capsys.readouterr().out == "mine\n"


def test_data_for_stdout_is_refused_to_branches_that_run_at_once() -> None:
    """But is let through for one that runs alone, and noted."""
    alone = Console("A", alone=True)
    with apart() as (out, _):
        with speaking(Console("B")), pytest.raises(CommandError, match="name one of them"):
            _ = out.buffer
        with speaking(alone):
            _ = out.buffer
    assert alone.wrote


def test_each_branch_reads_stdin_from_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As text or as bytes, and the real one stays open."""
    path = tmp_path / "in"
    path.write_text("one\ntwo\n")
    with path.open() as real:
        monkeypatch.setattr(sys, "stdin", real)
        with apart():
            with speaking(Console("A")):
                assert list(sys.stdin) == ["one\n", "two\n"]
            with speaking(Console("B")):
                assert sys.stdin.buffer.read() == b"one\ntwo\n"
        assert sys.stdin is real
        assert not real.closed


def test_a_question_at_the_terminal_is_refused_to_branches_that_run_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody could tell whose it is; a branch that has the terminal for itself may ask."""
    master, terminal = os.openpty()
    with os.fdopen(terminal) as real:
        monkeypatch.setattr(sys, "stdin", real)
        with apart():
            with speaking(Console("A")), pytest.raises(CommandError, match="one terminal"):
                input()
            os.write(master, b"yes\n")
            with speaking(Console("A", direct=True)):
                assert sys.stdin.readline() == "yes\n"
    os.close(master)
