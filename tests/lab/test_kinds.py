"""What scripts/converge does with each kind of resource."""

import pytest

from openstackoid.lab.kinds import KINDS, Kind, kind_of, plain
from openstackoid.replication.apis.table import APIS, asked


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_can_be_replicated(kind: Kind) -> None:
    """As it is created, and as it is changed."""
    created = asked(kind.service, "POST", kind.collection, kind.create("name", ["7"] * 4))
    if kind.change is not None:
        method, path, body, _ = kind.change(f"{kind.collection}/{'7' * 36}", "7")
        assert asked(kind.service, method, path, body).api is created.api


def test_all_kinds_are_tried() -> None:
    """Of an image its record, and its data."""
    names = {kind.name.partition(" ")[0] for kind in KINDS}
    assert {name.partition("-")[0] for name in APIS} == names
    assert kind_of("image data").uploads


def test_rules_of_security_groups_are_compared_without_what_is_each_clouds_own() -> None:
    """In whatever order they are shown."""
    one = [{"id": "1", "ethertype": "IPv4"}, {"id": "2", "ethertype": "IPv6"}]
    other = [{"id": "3", "ethertype": "IPv6"}, {"id": "4", "ethertype": "IPv4"}]
    assert plain(["g", one]) == plain(["g", other]) != plain(["g", other[:1]])
