"""Networks."""

import pytest
from replication.apis.saying import values_of

from openstackoid.replication.apis.api import NotReplicatedError
from openstackoid.replication.apis.network import NETWORK
from openstackoid.replication.operation import Write


def test_a_create_has_a_value_for_each_field() -> None:
    """What its user leaves out is the same everywhere, whatever a cloud's own default is."""
    draft = NETWORK.asked("POST", "/v2.0/networks", {"network": {"name": "n"}})
    assert draft is not None
    assert draft.name is None
    assert values_of(draft.writes) == {
        ("name", None): '"n"',
        ("description", None): '""',
        ("up", None): "true",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"admin_state_up": "yes"},
        {"shared": True},
        {"provider:network_type": "flat"},
        {"router:external": True},
        {"tags": ["blue"]},
        {"id": "7"},
    ],
)
def test_what_is_no_network_that_can_be_replicated_is_refused(wrong: dict[str, object]) -> None:
    """Also what only an administrator says, for it depends on the cloud."""
    with pytest.raises(NotReplicatedError):
        NETWORK.asked("POST", "/v2.0/networks", {"network": wrong})


@pytest.mark.parametrize("write", [Write("up", '"yes"'), Write("up", "null"), Write("mtu", "1")])
def test_a_hostile_write_is_not_carried_out(write: Write) -> None:
    """Whoever has sent it."""
    NETWORK.check(Write("up", "false"))
    with pytest.raises(ValueError, match=r"no "):
        NETWORK.check(write)
