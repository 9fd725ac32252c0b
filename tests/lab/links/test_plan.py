"""Which links a cloud starts."""

import json
from pathlib import Path

import pytest

from openstackoid.lab import LabCloud, addresses, state
from openstackoid.lab.links import CUT, WHOLE
from openstackoid.lab.links.plan import Link, plan, text


@pytest.fixture
def clouds(tmp_path: Path) -> tuple[LabCloud, ...]:
    """Return three clouds: one with paths, one with ports, and one with paths."""
    known = state.State(addresses.network("127.7.0.0/16"))
    for name in ("A", "B", "C"):
        known = known.having(name, tmp_path, ())
    return known.clouds


def test_there_is_one_for_every_port_of_every_other_cloud(clouds: tuple[LabCloud, ...]) -> None:
    """And none to the cloud itself."""
    one, two, _three = clouds
    assert {(x.listen, x.port, x.target) for x in plan(one, clouds, {})} == {
        *(("127.7.1.3", port, "127.7.2.1") for port in (5000, 8774, 8778, 9292, 9696)),
        ("127.7.1.4", 8888, "127.7.3.1"),
    }
    assert set(plan(two, clouds, {})) == {
        Link("127.7.2.2", 8888, "127.7.1.1"),
        Link("127.7.2.4", 8888, "127.7.3.1"),
    }


def test_both_directions_are_in_the_same_condition(clouds: tuple[LabCloud, ...]) -> None:
    """The others are whole."""
    conditions = {frozenset("AB"): CUT}
    one, two, three = (plan(cloud, clouds, conditions) for cloud in clouds)
    assert {how for link, how in one.items() if link.target == "127.7.2.1"} == {CUT}
    assert two[Link("127.7.2.2", 8888, "127.7.1.1")] == CUT
    assert one[Link("127.7.1.4", 8888, "127.7.3.1")] == WHOLE
    assert set(three.values()) == {WHOLE}


def test_a_plan_in_writing_tells_each_change(clouds: tuple[LabCloud, ...]) -> None:
    """The process writes what it follows; the lab compares."""
    one = clouds[0]
    whole = plan(one, clouds, {})
    assert text(whole) == text(dict(reversed(list(whole.items()))))
    assert text(whole) != text(plan(one, clouds, {frozenset("AB"): CUT}))
    assert text(whole) != text(plan(one, clouds[:2], {}))
    assert json.loads(text(plan(one, clouds[:1], {}))) == []
