"""Where another cloud's frontends may lead, and what is said beforehand of those that may not."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.federation import loads
from openstackoid.federation.internal import Permitted, hosts, misled

NOWHERE = Permitted("One", (), frozenset())


def embedded(address: int) -> list[str]:
    """Return all ways to write an IPv4 address as an IPv6 one."""
    prefixes = ["::ffff:0:0", "::ffff:0:0:0", "64:ff9b::"]
    forms = [IPv6Address(int(IPv6Address(prefix)) | address) for prefix in prefixes]
    forms += [
        IPv6Address(0x2002 << 112 | address << 80),  # 6to4
        IPv6Address(0x20010000 << 96 | address ^ 0xFFFFFFFF),  # Teredo, its client
    ]
    return list(map(str, forms))


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.255", "loopback"),
        ("::1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("febf::1", "link-local"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.0.1", "private"),
        ("100.64.0.1", "private"),
        ("100.100.100.200", "private"),
        ("fc00::1", "private"),
        ("fd00:ec2::254", "private"),
        ("fec0::1", "private"),
        ("64:ff9b:1::a00:1", "private"),
        ("192.0.0.192", "reserved"),
        ("198.18.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("100::1", "reserved"),
        ("2001:2::1", "reserved"),
        ("2001:db8::1", "reserved"),
        ("3fff:fff::1", "reserved"),
        ("5f00::1", "reserved"),
        ("168.63.129.16", "of the machine's provider"),
        ("::ffff:168.63.129.16", "of the machine's provider"),
        ("64:ff9b::a83f:8110", "of the machine's provider"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("::7f00:1", "loopback"),
    ],
)
def test_an_internal_address_is_not_permitted(address: str, kind: str) -> None:
    """It is told what it is, and the line that would allow it."""
    fault = NOWHERE.fault(address, [])
    assert fault is not None
    assert fault.startswith(f"an internal address ({kind}); ")
    assert "add to clouds.One.own in the federation file of One: allow: [" in fault


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "11.0.0.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "126.0.0.1",
     "128.0.0.1", "169.253.0.1", "192.167.0.1", "223.0.0.1", "2600::1", "64:ff9b::101:101",
     "2002:101:101::", "::ffff:1.1.1.1"],
)  # fmt: skip
def test_an_address_of_the_internet_is_permitted(address: str) -> None:
    """Also the neighbours of the internal networks, and the forms of IPv4 in IPv6."""
    assert NOWHERE.fault(address, []) is None


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_counts_in_each_of_its_forms(number: int) -> None:
    """A translator or a tunnel on the way would lead to it; so would the kernel itself."""
    fault = NOWHERE.fault(str(IPv4Address(number)), [])
    assert {NOWHERE.fault(form, []) for form in embedded(number)} == {fault}


def test_a_network_is_allowed_by_name_alone() -> None:
    """Its neighbours stay refused, and so does the other version."""
    networks = (ip_network("10.1.0.0/16"), ip_network("fd00:1::/32"))
    allowing = Permitted("One", networks, frozenset())
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00:1::9"):
        assert allowing.fault(address, []) is None
    for address in ("10.2.0.1", "127.0.0.1", "::1", "fd00:2::1"):
        assert allowing.fault(address, []) is not None


@pytest.mark.parametrize("address", ["192.0.2.5", "::ffff:192.0.2.5", "64:ff9b::c000:205"])
def test_no_network_allows_a_backend_of_this_cloud(address: str) -> None:
    """Be it internal or not, in whichever form; the gateway would pass its own door by."""
    allowing = Permitted("One", (ip_network("192.0.2.0/24"),), frozenset())
    fault = allowing.fault(address, ["192.0.2.5"])
    assert fault == "where One itself has a backend; correct the entry of that cloud"
    assert allowing.fault(address, []) is None


FILE = """
clouds:
  One:
    frontends: {image: "http://10.0.0.1:9292", compute: "https://one.example"}
    backends: {image: {public: "http://backend.example:443", admin: "http://10.0.0.9:1"}}
    own: {allow: [10.7.0.0/16]}
  Two:
    frontends:
      image: {public: "https://two.example/image", internal: "http://10.0.0.5:9292"}
      compute: "https://two.example/compute"
      dns: https://10.0.0.6
  Far:
    frontends: {image: "https://far.example"}
    connect: 10.8.0.1
  Near:
    frontends: {image: "https://near.example"}
    connect: 10.7.0.1
"""


def test_what_a_gateway_will_refuse_is_said_beforehand() -> None:
    """For each host the services there: what others have at home is theirs, and may be internal."""
    federation = loads(FILE)
    addresses = {host: [host] for host in ("10.0.0.1", "10.0.0.6", "10.8.0.1", "10.7.0.1")}
    addresses["two.example"] = ["192.0.2.1", "169.254.169.254"]
    asked = hosts(federation)
    assert addresses.keys() <= asked
    assert "10.0.0.5" not in asked, "other clouds' internal interfaces are not connected to"
    said = list(misled(federation, federation.clouds, addresses))
    advice = "; if that is meant, add to clouds.One.own in the federation file of One: allow: "
    assert said == [
        "the gateway of One will refuse image, compute of Two: two.example leads to "
        f'169.254.169.254, an internal address (link-local){advice}["169.254.169.254"]',
        "the gateway of One will refuse dns of Two: 10.0.0.6 is an internal address (private)"
        f'{advice}["10.0.0.6"]',
        "the gateway of One will refuse image of Far: 10.8.0.1 is an internal address (private)"
        f'{advice}["10.8.0.1"]',
    ]
    addresses = {"two.example": ["192.0.2.1"], "backend.example": ["192.0.2.1"]}
    said = list(misled(federation, ["Two"], addresses))
    assert said == [
        "the gateway of One will refuse image, compute of Two: two.example leads to 192.0.2.1, "
        "where One itself has a backend; correct the entry of that cloud"
    ]


def test_a_file_of_no_gateway_is_read_as_one_that_allows_nothing() -> None:
    """An entry may be made before it is known whose file it gets into."""
    federation = loads("clouds: {Two: {frontends: {image: 'http://127.1'}}}")
    (said,) = misled(federation, ["Two"], {"127.1": ["127.0.0.1"]})
    assert said.startswith("the gateway of HERE will refuse image of Two: 127.1 leads to 127.0.0.1")
