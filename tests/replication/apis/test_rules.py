"""Rules of security groups, said in one way."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.replication.apis import rules
from openstackoid.replication.apis.api import NotReplicatedError

SSH = {"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"ethertype": "IPv4"}),
        ({"ethertype": "ipv6"}, {"ethertype": "IPv6"}),
        ({"protocol": "TCP"}, {"protocol": 6}),
        ({"protocol": "6"}, {"protocol": "tcp"}),
        ({"protocol": "any"}, {"protocol": None}),
        ({"protocol": -1}, {}),
        ({"ethertype": "IPv6", "protocol": "icmp"}, {"ethertype": "IPv6", "protocol": "58"}),
        ({"ethertype": "IPv6", "protocol": 1}, {"ethertype": "IPv6", "protocol": "icmpv6"}),
        ({"port_range_min": "22"}, {"port_range_min": 22}),
        ({"port_range_min": 1, "port_range_max": 65535}, {}),
        ({"remote_ip_prefix": "0.0.0.0/0"}, {}),
        ({"ethertype": "IPv6", "remote_ip_prefix": "::/0"}, {"ethertype": "IPv6"}),
        ({"remote_ip_prefix": "10.0.0.5"}, {"remote_ip_prefix": "10.0.0.5/32"}),
        ({"remote_ip_prefix": "10.0.0.5/24"}, {"remote_ip_prefix": "10.0.0.0/24"}),
        ({"description": "a"}, {"description": "b", "id": "7", "project_id": "p"}),
    ],
)
def test_what_means_the_same_is_the_same_element(
    one: dict[str, object], other: dict[str, object]
) -> None:
    """In whatever words: Neutron would refuse the second one."""
    same = {"direction": "ingress"}
    assert rules.element(same | one) == rules.element(same | other)


@pytest.mark.parametrize(
    "bad",
    [
        {"direction": "up"},
        {"direction": None},
        {"ethertype": "IPv5"},
        {"protocol": "\n"},
        {"protocol": ""},
        {"port_range_min": 65_536},
        {"port_range_min": -1},
        {"port_range_max": "x"},
        {"port_range_max": True},
        {"remote_ip_prefix": "10.0.0.0/33"},
        {"remote_ip_prefix": "::1"},
        {"remote_group_id": 7},
        {"remote_group_id": "g", "remote_ip_prefix": "10.0.0.0/8"},
    ],
)
def test_what_is_no_rule_is_refused(bad: dict[str, object]) -> None:
    """With what is wrong, before any cloud has it."""
    with pytest.raises(NotReplicatedError):
        rules.element(SSH | bad)


def test_an_element_says_all_that_a_request_needs() -> None:
    """In the names of the API, and nothing that is not said."""
    said = SSH | {"ethertype": "IPv4", "remote_group_id": "g"}
    assert rules.rule(rules.element(said)) == said


WORDS = st.sampled_from([None, "tcp", "6", "icmp", "58", "any", "x", "ingress", "IPv6", "::/0"])
SAID = st.dictionaries(
    st.sampled_from(
        ["direction", "ethertype", "protocol", "port_range_min", "remote_ip_prefix", "more"]
    ),
    WORDS | st.integers(-2, 70_000) | st.text(max_size=3),
)


@given(SAID)
def test_an_element_is_one_or_refused(said: dict[str, Any]) -> None:
    """And says the same when it is said again."""
    try:
        element = rules.element({"direction": "egress", **said})
    except NotReplicatedError:
        return
    rules.check(element)
    assert rules.element(rules.rule(element)) == element


@pytest.mark.parametrize(
    "key",
    [
        "7",
        "{}",
        "[]",
        json.dumps({"direction": "ingress", "ethertype": "IPv4"}),
        '{"direction":"ingress","ethertype":"IPv4","protocol":"6"}',
        '{"addresses":"a","direction":"ingress","ethertype":"IPv4"}',
        '{"direction":"ingress","ethertype":"IPv4","more":1}',
        '{"direction":["ingress"],"ethertype":"IPv4"}',
    ],
)
def test_only_the_one_way_is_accepted_from_others(key: str) -> None:
    """Else one rule could be two elements."""
    with pytest.raises(ValueError, match="no rule"):
        rules.check(key)


def test_a_group_of_addresses_tells_a_rule_from_others() -> None:
    """So one by hand is no rule that somebody has ordered; no user can order one."""
    by_hand = SSH | {"remote_address_group_id": "a"}
    assert rules.element(by_hand) != rules.element(SSH)
    with pytest.raises(NotReplicatedError, match="remote_address_group_id"):
        rules.check_asked(by_hand)
