"""Subnets."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replication.apis.saying import values_of

from openstackoid.replication.apis.api import NotReplicatedError, text, value
from openstackoid.replication.apis.subnet import SUBNET
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.operation import Write
from openstackoid.replication.plan import Change, Create, Replica

AT = Timestamp(1, 1, "Paris", 1)
BODY = {"network_id": "7", "ip_version": 4, "cidr": "10.0.0.0/24"}
POOL = {"start": "10.0.0.2", "end": "10.0.0.254"}


def created(**more: object) -> Any:
    return SUBNET.asked("POST", "/v2.0/subnets", {"subnet": {**BODY, **more}})


def ranges(**more: object) -> Any:
    return value(values_of(created(**more).writes), "ranges")


def test_a_create_says_its_ranges_in_full() -> None:
    """So no cloud chooses its own; what Neutron shows of it is what was ordered."""
    draft = created(name="s")
    for write in draft.writes:
        SUBNET.check(write)
    values = values_of(draft.writes)
    document: Any = SUBNET.create("u", Create(AT, values)).document
    body = {**document["subnet"], "description": ""}
    assert body == {
        **BODY, "name": "s", "description": "", "gateway_ip": "10.0.0.1",
        "allocation_pools": [POOL], "enable_dhcp": True, "dns_nameservers": [],
    }  # fmt: skip
    shown = {**body, "id": "9", "tags": [], "host_routes": [], "ipv6_ra_mode": None}
    assert SUBNET.seen([{"subnet": shown}]).values == values


@pytest.mark.parametrize(
    ("more", "gateway", "pools"),
    [
        ({"gateway_ip": None}, None, [("10.0.0.1", "10.0.0.254")]),
        (
            {"gateway_ip": "10.0.0.9"},
            "10.0.0.9",
            [("10.0.0.1", "10.0.0.8"), ("10.0.0.10", "10.0.0.254")],
        ),
        ({"gateway_ip": "10.0.0.254"}, "10.0.0.254", [("10.0.0.1", "10.0.0.253")]),
        ({"gateway_ip": "10.9.0.1"}, "10.9.0.1", [("10.0.0.1", "10.0.0.254")]),
        ({"allocation_pools": [POOL]}, "10.0.0.1", [("10.0.0.2", "10.0.0.254")]),
        ({"ip_version": 6, "cidr": "fd00::/124"}, "fd00::1", [("fd00::2", "fd00::f")]),
    ],
)
def test_the_rest_is_as_neutron_would_choose_it(
    more: dict[str, object], gateway: str | None, pools: list[tuple[str, str]]
) -> None:
    """Around the gateway."""
    said = ranges(**more)
    assert said["gateway_ip"] == gateway
    assert [(one["start"], one["end"]) for one in said["allocation_pools"]] == pools


@given(
    st.integers(8, 30).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, 2**n - 1))),
    st.integers(0, 2**32 - 1),
)
def test_no_pool_has_the_gateway(prefix: tuple[int, int], gateway: int) -> None:
    """Nor an address outside, the network's or that of all; all else is in one."""
    length, number = prefix
    network = ip_network((number << (32 - length), length))
    address = network.network_address + gateway % network.num_addresses
    said = ranges(cidr=str(network), gateway_ip=str(address))
    inside = sum(
        int(ip_address(one["end"])) - int(ip_address(one["start"])) + 1
        for one in said["allocation_pools"]
    )
    is_a_host = address not in {network.network_address, network.broadcast_address}
    assert inside == network.num_addresses - 2 - is_a_host
    for one in said["allocation_pools"]:
        assert ip_address(one["start"]) in network
        assert not int(ip_address(one["start"])) <= int(address) <= int(ip_address(one["end"]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"cidr": "10.0.0.1/24"},
        {"cidr": "10.0.0.0"},
        {"cidr": 1},
        {"cidr": "10.0.0.0/31"},
        {"ip_version": 6},
        {"ip_version": "4"},
        {"gateway_ip": "x"},
        {"allocation_pools": [{"start": "10.0.0.2"}]},
        {"allocation_pools": {}},
        {"allocation_pools": [POOL] * 65},
        {"dns_nameservers": ["x"]},
        {"dns_nameservers": "10.0.0.1"},
        {"enable_dhcp": None},
        {"network_id": ["7"]},
        {"ranges": {}},
        {"subnetpool_id": "1"},
        {"segment_id": "1"},
    ],
)
def test_what_is_no_subnet_that_can_be_replicated_is_refused(wrong: dict[str, object]) -> None:
    """Before anything is sent."""
    with pytest.raises(NotReplicatedError):
        created(**wrong)


@pytest.mark.parametrize("missing", sorted(BODY))
def test_a_create_says_what_it_is_of(missing: str) -> None:
    """There is no default for it."""
    body = {name: said for name, said in BODY.items() if name != missing}
    with pytest.raises(NotReplicatedError):
        SUBNET.asked("POST", "/v2.0/subnets", {"subnet": body})


def changed(**subnet: object) -> Any:
    return SUBNET.asked("PUT", "/v2.0/subnets/9", {"subnet": subnet})


def test_a_change_of_the_ranges_says_both_parts() -> None:
    """For they fit together; what can't be changed is refused."""
    pool = {"end": "10.0.0.9", "start": "10.0.0.5"}
    (write,) = changed(gateway_ip="10.0.0.1", allocation_pools=[POOL, pool]).writes
    assert write.field == "ranges"
    order = Change({write.place: write.value}, AT)
    (call,) = SUBNET.change(Replica("9", AT, None), order)
    assert call.document == {"subnet": {"gateway_ip": "10.0.0.1", "allocation_pools": [POOL, pool]}}
    assert changed(enable_dhcp=False).writes == (Write("dhcp", "false"),)
    for wrong in ({"gateway_ip": None}, {"cidr": "10.0.0.0/24"}, {"network_id": "1"}, {}):
        with pytest.raises(NotReplicatedError):
            changed(**wrong)


@pytest.mark.parametrize(
    "write",
    [
        Write("ranges", "[]"),
        Write("ranges", text({"gateway_ip": None, "allocation_pools": ["x"]})),
        Write("ranges", text({"gateway_ip": "x", "allocation_pools": []})),
        Write("cidr", '"10.0.0.0/24\\n"'),
        Write("version", "true"),
        Write("dns", '[{"a":1}]'),
        Write("network", "[]"),
    ],
)
def test_a_hostile_write_is_not_carried_out(write: Write) -> None:
    """Whoever has sent it."""
    with pytest.raises(ValueError, match=r"no "):
        SUBNET.check(write)
