"""Fields that name other replicated resources."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.replication import references
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.desired import Place
from openstackoid.replication.operation import Write
from openstackoid.replication.parcel import Resource
from openstackoid.replication.plan import Change, Create, Delete

AT = Timestamp(1, 1, "Paris", 1)
KINDS = {"network": "network", "groups": "group"}
SUBNET = Resource("subnet", "Paris", "p", "s")
IDS = st.text("abc", min_size=1, max_size=2)


@given(st.dictionaries(IDS, IDS.map(lambda one: f"x{one}")), st.lists(IDS), IDS)
def test_what_is_renamed_can_be_renamed_back(
    ids: dict[str, str], many: list[str], one: str
) -> None:
    """Where no two have the same id; nothing else is touched."""
    ids = {name: its for its, name in {its: name for name, its in ids.items()}.items()}
    values: dict[Place, str] = {
        ("groups", None): json.dumps(many, separators=(",", ":")),
        ("network", None): json.dumps(one),
        ("name", None): json.dumps(one),
    }
    there = references.renamed(values, KINDS, ids)
    assert there["name", None] == values["name", None]
    back = {its: name for name, its in ids.items()}
    assert references.renamed(there, KINDS, back) == values
    assert references.named(there.items(), KINDS).keys() == {
        ids.get(each, each) for each in (*many, one)
    }


def test_an_order_is_sent_with_the_ids_of_a_cloud() -> None:
    """What is taken out stays so; a deletion names nothing."""
    ids = {"a": "1"}
    create = references.sent(Create(AT, {("network", None): '"a"'}), KINDS, ids)
    assert create == Create(AT, {("network", None): '"1"'})
    change = Change({("groups", None): '["a","b",null]', ("tags", "t"): None}, AT)
    assert references.sent(change, KINDS, ids) == Change(
        {("groups", None): '["1","b",null]', ("tags", "t"): None}, AT
    )
    assert references.sent(Delete("a", AT), KINDS, ids) == Delete("a", AT)


def test_writes_are_rewritten() -> None:
    """In the fields that name something alone."""
    writes = (Write("network", '"a"'), Write("name", '"a"'), Write("groups", None))
    assert references.rewritten(writes, KINDS, {"a": "1"}) == (Write("network", '"1"'), *writes[1:])


@pytest.mark.parametrize("other", ["subnet:Paris:p:n", "network:Paris:p", "n", ""])
def test_what_is_named_is_of_its_kind(other: str) -> None:
    """Whoever has sent it; whose it is, each cloud looks at for itself."""
    references.check(Write("network", '"network:Paris:p:n"'), "network")
    with pytest.raises(ValueError, match=r"kind|id|unpack"):
        references.check(Write("network", json.dumps(other)), "network")
