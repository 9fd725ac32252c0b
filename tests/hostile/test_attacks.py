"""A hostile cloud behind the clients that people use: all that a user risks is a wrong answer."""

from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from client.fake import Request
from hostile import framing, headers, ids, links
from hostile.attack import Attack, Reply
from hostile.clients import Commands
from hostile.stage import Stage

pytestmark = pytest.mark.filterwarnings(r"ignore:::openstack\.")  # openstacksdk warns of itself

ATTACKS = list(chain(ids.ATTACKS, links.ATTACKS, headers.ATTACKS, framing.ATTACKS))
ROWS = [pytest.param(a, c, id=f"{a.name}: {c}") for a in ATTACKS for c in a.clients]


@pytest.mark.parametrize(("attack", "client"), ROWS)
def test_an_attack_fails(attack: Attack, client: str, stage: Stage, run: Commands) -> None:
    """No more than its own cloud's answer is wrong; one that is open as yet gets through."""
    found = attack.faults(attack.run(client, stage, run), stage)
    still = attack.open.get(client) or attack.open.get(f"{client} {stage.front}")
    if still:
        assert found, f"{attack.name} is closed for {client}: delete its `open`"
    else:
        assert found == []


@pytest.mark.parametrize("name", ["../{}", "x/../../{}", "./{}", "..\\{}"])
def test_an_object_is_saved_below_the_directory(name: str, stage: Stage, run: Commands) -> None:
    """`container save` writes to files with the objects' names, which the hostile cloud chooses."""
    stage.evil.reply = container(name.format("evil"))
    seen = run.run(stage, ["container", "save", "c"], "object-store=Evil")
    assert (seen.well, "Evil" in seen.text) == (False, True)


def test_an_object_with_an_absolute_name_is_not_saved_there(
    stage: Stage, run: Commands, tmp_path: Path
) -> None:
    """The command fails and names the cloud: its user would not have chosen that file."""
    stage.evil.reply = container(str(tmp_path / "evil"))
    seen = run.run(stage, ["container", "save", "c"], "object-store=Evil")
    assert (seen.well, "Evil" in seen.text) == (False, True)
    assert not (tmp_path / "evil").exists()


def container(name: str) -> Reply:
    """Answer with a container that holds one object."""

    def reply(request: Request) -> tuple[int, Any] | None:
        path, _, query = request.path.partition("?")
        if path.endswith("/c") and query:
            return 200, [{"name": name, "bytes": 4, "hash": "h", "content_type": "text/plain"}]
        return (200, b"evil") if "/c/" in path else None

    return reply
