"""What a command creates."""

from argparse import Namespace

import pytest

from openstackoid.client.composite.creation import Creation, with_one_id
from openstackoid.client.composite.service import Known

SERVER = Known("server create", "openstack.compute.v2")
IMAGE = Known("image create", "openstack.image.v2")
FLAVOR = Known("flavor create", "openstack.compute.v2")
NETWORK = Known("network create", "openstack.network.v2")


@pytest.mark.parametrize(
    ("known", "arguments", "several"),
    [
        (SERVER, Namespace(min=1, max=1), False),
        (SERVER, Namespace(min=1, max=3), True),
        (SERVER, Namespace(min=None, max=None), False),
        (NETWORK, Namespace(max=3), False),
    ],
)
def test_a_command_may_create_several_things(
    known: Known, arguments: Namespace, several: bool
) -> None:
    """Of which the answer names the first: only servers, as the table of services has it."""
    assert Creation.of(known, arguments).several is several


@pytest.mark.parametrize(
    ("known", "arguments", "chosen"),
    [
        (IMAGE, Namespace(id=None, volume=None), True),
        (FLAVOR, Namespace(id="auto"), True),
        (FLAVOR, Namespace(id=""), True),
        (FLAVOR, Namespace(id="mine"), False),
        (IMAGE, Namespace(id=None, volume="v"), False),
        (NETWORK, Namespace(id=None), False),
    ],
)
def test_an_id_is_chosen_where_it_can_be_and_the_user_has_not(
    known: Known, arguments: Namespace, chosen: bool
) -> None:
    """It is the same in every cloud, for the arguments are."""
    creation, ours = with_one_id(Creation(known), arguments)
    assert (creation.chosen is not None) is chosen
    assert ours.id == (creation.chosen if chosen else arguments.id)
    assert creation.noun == known.name.removesuffix(" create")
