"""Operations as gateways give them to each other."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.operation import Action, Operation, Write
from openstackoid.replication.parcel import Parcel, Resource, digest

AT = Timestamp(1, 1, "Paris", 1)
ONE = Operation(AT, "keypair:Paris:u:k", "keypair", Action.CHANGE, writes=(Write("a", "1"),))


@given(st.tuples(*(st.text(min_size=1) for _ in range(2))))
def test_an_id_says_whose_a_resource_is(names: tuple[str, str]) -> None:
    """Whatever is in the names: no two owners have one id."""
    owner, key = names
    if any("\ud800" <= c <= "\udfff" for c in owner):
        return
    resource = Resource("image", "Paris", owner, key)
    assert Resource.of(resource.id) == resource


@pytest.mark.parametrize(
    "text", ["", "image", "image:Paris:1", "image:Paris::k", "image::1:k", "image:Paris:%41:k"]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    """Also one that is written otherwise than gateways do."""
    with pytest.raises(ValueError, match=r"no id|unpack"):
        Resource.of(text)


def test_the_digest_is_that_of_all_it_says() -> None:
    """Whoever changes something has another operation, which nobody has ordered."""
    others = [
        msgspec.structs.replace(ONE, at=Timestamp(2, 1, "Paris", 1)),
        msgspec.structs.replace(ONE, resource="keypair:Paris:u:l"),
        msgspec.structs.replace(ONE, action=Action.DELETE),
        msgspec.structs.replace(ONE, after=(AT,)),
        msgspec.structs.replace(ONE, writes=(Write("a", "2"),)),
        msgspec.structs.replace(ONE, writes=(Write("a", None),)),
        msgspec.structs.replace(ONE, members=("Paris",)),
    ]
    assert len({digest(one) for one in (ONE, *others)}) == len(others) + 1


def test_it_is_the_same_after_a_journey() -> None:
    """A gateway that has read an operation comes to the same digest."""
    parcel = Parcel(ONE, {"Paris": "oid1.x"})
    read = msgspec.json.decode(msgspec.json.encode(parcel), type=Parcel)
    assert digest(read.operation) == digest(ONE)
    assert "oid1" not in repr(read)
