"""Which commands run in several clouds, and the scope of each branch."""

from importlib.metadata import entry_points

import pytest

from openstackoid.client.composite.service import AmbiguousScopeError, Known, placement
from openstackoid.scope import parse

SERVER = Known("server list", "openstack.compute.v2")
NETWORK = Known("network list", "openstack.network.v2")
USER = Known("user create", "openstack.identity.v3")
IMAGE = Known("image list", "openstack.image.v2")
LIMITS = Known("limits show", "openstack.common")
VERSIONS = Known("versions show", "openstack.common")


@pytest.mark.parametrize(
    ("group", "service"),
    [
        ("openstack.compute.v2", "compute"),
        ("openstack.volume.v3", "block-storage"),
        ("openstack.network.v2.bgpvpn", "network"),
        ("openstack.neutronclient.v2", "network"),
        ("openstack.share.v2", "shared-file-system"),
        ("openstack.load_balancer.v2", "load-balancer"),
        ("openstack.key_manager.v1", "key-manager"),
        ("openstack.common", None),
        ("openstack.extension", None),
    ],
)
def test_a_commands_service_is_that_of_its_group(group: str, service: str | None) -> None:
    """By the service-types authority."""
    assert Known("x list", group).service == service


@pytest.mark.parametrize(
    ("command", "scope", "branch"),
    [
        (SERVER, "compute=A&B", '{"compute":"A"}'),
        (SERVER, "compute=A&B,image=C|D", '{"compute":"A","image":"C|D"}'),
        (SERVER, "compute=A&B,image=A&B", '{"compute":"A","image":"A&B"}'),
        (SERVER, "*=A&B", '{"*":"A"}'),
        (SERVER, "*=A&B,image=C", '{"*":"A","image":"C"}'),
        (SERVER, "compute=A&B,network=A&B", '{"compute":"A","network":"A"}'),
        (SERVER, "compute=A&B,identity=A&B", '{"compute":"A","identity":"A"}'),
        (SERVER, "compute=A&B,identity=A|B", '{"compute":"A","identity":"A|B"}'),
        (NETWORK, "compute=A&B", '{"compute":"A"}'),
        (NETWORK, "compute=C,network=A|B", '{"compute":"C","network":"A"}'),
        (USER, "identity=A&B", '{"identity":"A"}'),
        (LIMITS, "compute=A&B", '{"compute":"A"}'),
        (LIMITS, "compute=A&B,image=C|D", '{"compute":"A","image":"C|D"}'),
        (VERSIONS, "image=A&B,dns=A&B", '{"dns":"A","image":"A"}'),
    ],
)
def test_a_branch_takes_to_its_cloud_what_goes_with_the_command(
    command: Known, scope: str, branch: str
) -> None:
    """What is bound to compute, and the login, as far as the same is written for them."""
    place = placement(parse(scope), command)
    assert place
    assert place.scope_in("A").canonical == branch


@pytest.mark.parametrize(
    ("command", "scope"),
    [
        (SERVER, "compute=A,image=B|C"),
        (SERVER, "identity=A|B"),
        (IMAGE, "compute=A&B"),
        (NETWORK, "compute=A&B,network=C"),
        (LIMITS, "image=A|B"),
        (LIMITS, "compute=A"),
        (VERSIONS, "compute=A"),
    ],
)
def test_a_command_whose_own_service_is_in_one_cloud_is_left_alone(
    command: Known, scope: str
) -> None:
    """The gateway evaluates the rest."""
    assert placement(parse(scope), command) is None


@pytest.mark.parametrize(
    ("command", "scope"),
    [(VERSIONS, "compute=A&B,image=B|C"), (LIMITS, "compute=A&B,network=A|B")],
)
def test_a_command_of_several_services_needs_one_expression(command: Known, scope: str) -> None:
    """The error says what to write instead."""
    with pytest.raises(AmbiguousScopeError, match="write one expression for all of them"):
        placement(parse(scope), command)


@pytest.mark.parametrize("scope", ["image=A&B", "image=A&B,compute=C|D"])
def test_our_own_commands_are_run_once(scope: str) -> None:
    """Whatever the scope says: the own gateway reads it."""
    for point in entry_points(group="openstack.oid.v1"):
        known = Known(point.name.replace("_", " "), point.group)
        assert placement(parse(scope), known) is None
