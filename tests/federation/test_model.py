"""What a federation knows of its clouds."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.federation import Federation, Url, loads
from openstackoid.federation.model import host_of

FEDERATION = loads("""
clouds:
  Paths:
    frontends:
      keystone: http://paths:8888/identity
      nova: {public: "http://paths:8888/compute", internal: "http://10.0.0.1:8888/compute"}
      volumev3: http://paths:8888/volume
      ledger: http://paths:8888
    backends:
      compute: {public: "http://127.0.0.1:1", admin: "http://127.0.0.1:2"}
  Ports:
    insecure: true
    frontends:
      identity: http://ports:5000
      compute: http://ports:8774/
    region: RegionOne
    bind: "::1"
shared:
- {clouds: [Paths, Ports], services: [cinder]}
""")
PATHS = FEDERATION.clouds["Paths"]


@pytest.mark.parametrize(
    ("text", "netloc", "whole"),
    [
        ("http://one", "one", "http://one"),
        ("http://one:80/", "one", "http://one"),
        ("HTTP://One.Example:8774/Compute/", "one.example:8774", "http://one.example:8774/Compute"),
        ("https://one:443/a/b-c.d_~e", "one", "https://one/a/b-c.d_~e"),
        ("https://one:80", "one:80", "https://one:80"),
        ("http://One.Example.:80/x", "one.example", "http://one.example/x"),
        ("http://192.0.2.1:5000", "192.0.2.1:5000", "http://192.0.2.1:5000"),
        ("http://[2001:DB8:0::1]:8774/x", "[2001:db8::1]:8774", "http://[2001:db8::1]:8774/x"),
        ("http://[::1]", "[::1]", "http://[::1]"),
        ("http://one/v2x/volume", "one", "http://one/v2x/volume"),
    ],
)
def test_an_address_has_one_form(text: str, netloc: str, whole: str) -> None:
    """Scheme and host in lower case, no default port, no slash or dot at the end, short IPv6."""
    assert Url.parse(text).netloc == netloc
    assert str(Url.parse(text)) == whole
    assert Url.parse(whole) == Url.parse(text)


@pytest.mark.parametrize(
    ("url", "target", "rest"),
    [
        ("http://one/image", "/image", ""),
        ("http://one/image", "/image/", "/"),
        ("http://one/image", "/image/v2?a=/image", "/v2?a=/image"),
        ("http://one/image", "/image?a", "?a"),
        ("http://one/image", "/images", None),
        ("http://one/image", "/image%2Fv2", None),
        ("http://one/image", "/%69mage/v2", None),
        ("http://one/image", "/Image", None),
        ("http://one/image", "/x/image", None),
        ("http://one/image", "//image", None),
        ("http://one", "/v2", "/v2"),
        ("http://one", "/", "/"),
        ("http://one", "//v2", "//v2"),
        ("http://one", "/?a", "/?a"),
    ],
)
def test_a_prefix_ends_at_a_segment(url: str, target: str, rest: str | None) -> None:
    """And is compared as written: nothing is decoded, so nothing can be read in two ways."""
    assert Url.parse(url).rest(target) == rest


@pytest.mark.parametrize(
    ("netloc", "host"),
    [
        ("One", "one"),
        ("one:8888", "one"),
        ("One.:8888", "one"),
        ("[::1]", "::1"),
        ("[0:0::1]:8888", "::1"),
        ("192.0.2.1:80", "192.0.2.1"),
    ],
)
def test_a_host_is_found_with_and_without_a_port(netloc: str, host: str) -> None:
    """As a Host header has it."""
    assert host_of(netloc) == host


@pytest.mark.parametrize(
    "netloc",
    [
        "",
        ".",
        "one..",
        ":80",
        "[::1",
        "[one]",
        "o ne",
        "one/",
        "o\tne",
        "me@one",
        "a,b",
        "[fe80::1%0]",
    ],
)
def test_what_is_no_host_is_refused(netloc: str) -> None:
    """With ValueError, and nothing else."""
    with pytest.raises(ValueError, match=r"."):
        host_of(netloc)


def test_services_have_their_official_names() -> None:
    """Whatever they are called in the file; a service of one's own keeps its name."""
    assert list(PATHS.frontends) == ["identity", "compute", "block-storage", "ledger"]
    assert FEDERATION.services == {"identity", "compute", "block-storage", "ledger"}
    assert FEDERATION.names == {"Paths", "Ports"}
    assert list(FEDERATION.having("compute")) == ["Paths", "Ports"]
    assert list(FEDERATION.having("image")) == []


def test_an_interface_that_is_not_there_is_the_public_one() -> None:
    """For frontends and backends alike."""
    assert str(PATHS.frontend("compute", "internal")) == "http://10.0.0.1:8888/compute"
    assert str(PATHS.frontend("compute", "admin")) == "http://paths:8888/compute"
    assert str(PATHS.backend("compute", "admin")) == "http://127.0.0.1:2"
    assert str(PATHS.backend("compute", "internal")) == "http://127.0.0.1:1"
    assert PATHS.frontend("image", "public") is None
    assert PATHS.backend("identity", "public") is None


def test_addresses_come_longest_prefix_first() -> None:
    """So that a service at the root of a port takes nothing away from the others."""
    lengths = [len(frontend.url.path) for frontend in PATHS.addresses]
    assert lengths == sorted(lengths, reverse=True)
    assert PATHS.addresses[-1].service == "ledger"


def test_a_frontend_is_found_by_host_port_and_prefix() -> None:
    """All three, as Url has them; nothing is cut off or folded."""
    found = PATHS.at_prefix("paths", 8888, "/compute")
    assert found is not None
    assert (found.service, found.interface) == ("compute", "public")
    assert PATHS.at_prefix("paths", 8888, "/compute/v2.1") is None
    assert PATHS.at_prefix("paths", 80, "/compute") is None
    assert PATHS.at_prefix("ports", 8888, "/compute") is None
    assert PATHS.prefixes == (1, 0)


def test_infrastructure_is_shared_as_the_file_says() -> None:
    """By name of the service, in both directions, and by each cloud with itself."""
    assert FEDERATION.apart("block-storage", ["Paths"], ["Ports"]) is None
    assert FEDERATION.apart("block-storage", ["Ports"], ["Paths"]) is None
    assert FEDERATION.apart("network", ["Paths"], ["Ports"]) == ("Paths", "Ports")
    assert FEDERATION.apart("network", ["Paths"], ["Paths"]) is None


NAMES = [f"c{n}" for n in range(7)]
SOME = st.lists(st.sampled_from(NAMES), max_size=6)
SHARED = st.lists(st.sets(st.sampled_from(NAMES), min_size=2), max_size=4)


def sharing(groups: Iterable[Iterable[str]], names: Iterable[str]) -> Federation:
    """Return a federation in which these groups of clouds share their network."""
    return Federation.model_validate(
        {
            "clouds": {n: {"frontends": {"network": f"http://{n}"}} for n in names},
            "shared": [{"clouds": sorted(g), "services": ["network"]} for g in groups],
        }
    )


@given(SHARED, SOME, SOME)
def test_the_first_two_that_share_nothing_are_found(
    groups: list[set[str]], ones: list[str], others: list[str]
) -> None:
    """As a look at each pair would find them."""
    pairs = (
        (one, other)
        for one in ones
        for other in others
        if one != other and not any({one, other} <= group for group in groups)
    )
    assert sharing(groups, NAMES).apart("network", ones, others) == next(pairs, None)


class Counted(str):
    """A name that counts how often it is looked up."""

    __slots__ = ()
    looked_up = 0

    def __hash__(self) -> int:
        Counted.looked_up += 1
        return super().__hash__()


def test_hundreds_of_clouds_are_not_compared_by_pairs() -> None:
    """A scope may name as many on both sides, and anybody may send one."""
    names = [f"c{n}" for n in range(300)]
    federation = sharing([names], names)
    ones, others = ([Counted(name) for name in names] for _ in range(2))
    assert federation.apart("network", ones, others) is None
    assert Counted.looked_up < 5 * len(names)


def test_quotes_comments_and_a_byte_order_mark_do_no_harm() -> None:
    """Whoever edits the file, with whatever editor."""
    text = "\ufeff# ours\nclouds:\n  'A': # one\n    \"frontends\": {'glance': \"http://a\"}\n"
    assert str(loads(text).clouds["A"].frontend("image", "public")) == "http://a"
