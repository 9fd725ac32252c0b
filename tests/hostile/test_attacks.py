"""A hostile cloud behind the clients that people use: all that a user risks is a wrong answer."""

from itertools import chain

import pytest
from hostile import framing, headers, ids, links
from hostile.attack import Attack
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
