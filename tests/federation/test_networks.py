"""Networks, as the file says whom the gateway believes and where other clouds may be."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from openstackoid.federation.own import Own

FOURS = st.ip_addresses(v=4).map(int)
SIXES = st.ip_addresses(v=6).map(int)


def proxy(text: object) -> IPv4Network | IPv6Network:
    """Return the only proxy."""
    (network,) = Own.model_validate({"proxies": [text]}).proxies
    return network


def why(**keys: Any) -> str:
    """Return what is said against it."""
    with pytest.raises(ValidationError) as caught:
        Own.model_validate(keys)
    (error,) = caught.value.errors()
    return error["msg"].removeprefix("Value error, ")


@given(FOURS, st.integers(8, 32))
def test_a_network_is_written_with_its_first_address(number: int, length: int) -> None:
    """An address within could mean either the network or itself, so it is refused."""
    network = IPv4Network((number >> (32 - length) << (32 - length), length))
    assert proxy(str(network)) == network
    if number != int(network.network_address):
        written = f"{IPv4Network(number).network_address}/{length}"
        assert f"is an address within {network}" in why(proxies=[written])


@given(FOURS | SIXES.filter(lambda n: n >> 32 != 0xFFFF))
def test_an_address_is_a_network_of_one(number: int) -> None:
    """Of either version."""
    network = ip_network(number)
    assert proxy(str(network.network_address)) == network
    assert proxy(network) == network


@pytest.mark.parametrize("key", ["proxies", "allow"])
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("0.0.0.0/0", "every address"),
        ("::/0", "every address"),
        ("0.0.0.0/0.0.0.0", "every address"),
        ("0.0.0.0/1", "wider than /8"),
        ("128.0.0.0/1", "wider than /8"),
        ("10.0.0.0/7", "wider than /8"),
        ("2000::/3", "wider than /16"),
        ("2600::/12", "wider than /16"),
        ("2600::/15", "wider than /16"),
        ("f800::/5", "wider than /16"),
        ("fc00::/6", "wider than /16"),
        ("fe80::/10", "wider than /16"),
        ("::ffff:0:0/96", "a way to write an IPv4 network that is wider than /8"),
        ("::ffff:128.0.0.0/97", "a way to write an IPv4 network that is wider than /8"),
        ("::/80", "a way to write an IPv4 network that is wider than /8"),
        ("64:ff9b::/96", "a way to write an IPv4 network that is wider than /8"),
        ("2002::/16", "a way to write an IPv4 network that is wider than /8"),
        ("2001::/32", "a way to write an IPv4 network that is wider than /8"),
    ],
)
def test_much_of_the_internet_is_no_network(key: str, text: str, fault: str) -> None:
    """Who believes half of the internet believes nobody in particular; in no form of IPv4."""
    assert why(**{key: [text]}) == f'"{text}" is {fault}; name those that are meant'


@pytest.mark.parametrize(
    "text",
    ["10.0.0.0/8", "127.0.0.0/8", "11.0.0.0/8", "0.0.0.0/8", "fc00::/7", "fd00::/8", "2600::/16",
     "64:ff9b::a00:0/104", "2002:a00::/24", "::/128", "::1/128", "100::/64"],
)  # fmt: skip
def test_what_is_private_is_a_network(text: str) -> None:
    """As a whole; of the internet a part that one may mean."""
    assert proxy(text) == ip_network(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::ffff:a00:1", "10.0.0.1"),
        ("::ffff:10.0.0.1/128", "10.0.0.1"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
    ],
)
def test_an_ipv4_network_has_one_way_to_be_written(text: str, meant: str) -> None:
    """The message says which: the whole of it, not its first address alone."""
    assert why(proxies=[text]) == f'"{text}" is a way to write {meant}; write that'


@pytest.mark.parametrize(
    "text", ["", "proxy", "10.0.0", "010.0.0.1", "10.0.0.0/33", "10.0.0.1:80", "[::1]", "fe80::1%1",
             "10.0.0.1/", "1.2.3.4\n", "\x1b[2J"],
)  # fmt: skip
def test_what_is_no_network_is_told_what_to_be(text: str) -> None:
    """The message is safe on a terminal."""
    message = why(proxies=[text])
    assert message.endswith("must be an IP address, or a network like 10.0.0.0/24")
    assert message.isprintable()


@pytest.mark.parametrize("value", [7, 1.5, True, None, ["10.0.0.1"]])
def test_a_number_is_no_address(value: object) -> None:
    """Python would take 7 for 0.0.0.7."""
    assert why(proxies=[value]) == "must be an IP address or a network, in quotes"


@given(st.text())
def test_any_text_is_a_network_or_refused(text: str) -> None:
    """Nothing but pydantic's error is raised."""
    try:
        network = proxy(text)
    except ValidationError:
        return
    assert network.prefixlen > 0
