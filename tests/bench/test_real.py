"""What is reported of real clouds."""

from pathlib import Path

import click
import pytest
import requests

from bench.real import memory, upgrade
from bench.real.links import Crossing, Measured, report
from bench.real.load import Load, RefusedError, allowed, running
from bench.real.program import source

ASKS = "GET identity /v3/auth/tokens"
IMAGES = "GET image /v2/images"


def test_links_are_compared_by_what_crosses_them() -> None:
    """All requests, and those that ask home; several counts as a range; the median of times."""
    before = Measured(
        first=[Crossing([IMAGES, ASKS], 0.2), Crossing([IMAGES, ASKS, ASKS], 0.4)],
        next=[Crossing([IMAGES], 0.1)],
        again=[Crossing([IMAGES, ASKS], 0.2)],
        boots=[Crossing([IMAGES] * 9, 3.0)],
    )
    now = Measured(*[[Crossing([IMAGES], 0.1)]] * 4)
    lines = report(before, now).splitlines()
    first, *_, boots = ([cell.strip() for cell in line.split("|")[2:-1]] for line in lines[2:])
    assert first == ["2 to 3", "1", "1 to 2", "0", "300", "100"]
    assert boots == ["9", "1", "0", "0", "3000", "100"]


def test_an_upgrade_has_a_line_for_each_stage() -> None:
    """And columns for both orders."""
    one = [upgrade.Row("both are old", 100, 2, 0)]
    assert "| both are old |      100 |       2 |       0 |" in upgrade.report(one, one)


def test_memory_is_told_in_mebibytes() -> None:
    """Beside how often it was asked."""
    row = memory.Row("2000 more", 2, 3 * 2**20, 2**19, 2**20)
    (line,) = memory.report([row]).splitlines()[2:]
    assert [cell.strip() for cell in line.split("|")[1:-1]] == [
        "2000 more",
        "2",
        "3.0",
        "0.5",
        "1.0",
    ]


def test_what_is_refused_counts_for_the_stage_in_which_it_ends() -> None:
    """With its reason; all goes on until the end."""
    load = Load(stage="both are old")
    load.note("server", lambda: None)
    load.note("images", lambda: refused("not today"))
    assert load.done == {("both are old", "server"): 1}
    assert load.refused == {("both are old", "images"): 1}
    assert load.why == ["both are old: images: not today"]


def refused(why: str) -> None:
    """Refuse."""
    raise RefusedError(why)


def test_users_go_on_until_it_is_over() -> None:
    """Each with all that he does."""
    with running({"one": lambda: None, "two": lambda: None}, {"three": lambda: None}) as load:
        while len(load.done) < 3:
            pass
    assert not load.why


def test_only_a_success_is_allowed() -> None:
    """Else it says what was answered."""
    answer = requests.Response()
    answer.status_code, answer._content = 401, b"who are you"
    answer.request = requests.Request("GET", "http://one/images").prepare()
    answer.url = "http://one/images"
    with pytest.raises(RefusedError, match="GET http://one/images: who are you"):
        allowed(answer)


def test_a_commit_that_is_not_there_is_asked_for(tmp_path: Path) -> None:
    """As in a clone without its history."""
    with pytest.raises(click.ClickException, match="git fetch --unshallow"):
        source("0" * 40, tmp_path)
