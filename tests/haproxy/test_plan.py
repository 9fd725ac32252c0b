"""What HAProxy is to do, from a federation."""

from pathlib import Path
from typing import Any

import pytest

from openstackoid.federation import Federation
from openstackoid.haproxy import PlanError, plan


def federation(**more: Any) -> Federation:
    here = {
        "bind": "127.0.0.2",
        "frontends": {"image": "http://one/image", "compute": "http://one/compute"},
        "backends": {"image": "http://127.0.0.1:9292"},
    }
    there = {"frontends": {"image": "http://two:9292"}, "insecure": True}
    there |= more.pop("there", {})
    return Federation.model_validate({"clouds": {"One": here | more, "Two": there}})


def test_the_longest_prefix_comes_first_and_one_without_a_backend_is_the_gateways() -> None:
    """So that no shorter prefix takes what is below it."""
    (listener,) = plan(federation(), "One").listeners
    assert [(e.prefix, e.server) for e in listener.entries] == [
        ("/compute", ""),
        ("/image", "127.0.0.1:9292"),
    ]


def test_each_interface_has_its_backend() -> None:
    """At the Host of its frontend."""
    endpoints = {"public": "http://one:9292", "internal": "http://10.0.0.1:9292"}
    backends = {"public": "http://127.0.0.1:1", "internal": "http://127.0.0.1:2"}
    made = plan(federation(frontends={"image": endpoints}, backends={"image": backends}), "One")
    assert [(e.name, e.hosts[0], e.server) for e in made.entries] == [
        ("image", "one", "127.0.0.1:1"),
        ("image-internal", "10.0.0.1", "127.0.0.1:2"),
    ]


def test_addresses_of_ipv6_are_in_brackets() -> None:
    """Or HAProxy would take their end for a port."""
    six = {"bind": "fd00::2", "frontends": {"image": "http://[fd00::1]/image"}}
    made = plan(federation(**six, backends={"image": "http://[::1]:9292"}), "One")
    (listener,) = made.listeners
    assert listener.addresses == ["[fd00::1]:80"]
    assert listener.entries[0].hosts == ("[fd00::1]", "[fd00::1]:80")
    assert listener.entries[0].server == "[::1]:9292"
    assert made.gateways[0].address == "[fd00::2]"


HTTPS = {"frontends": {"image": "https://one/image"}}
OWN = {"certificate": "one.pem", "key": "one.key"}
MIXED = {
    "image": {"public": "https://outside:1", "internal": "http://inside:1"},
    "compute": "http://inside:2",
}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"bind": None}, "the gateway of One listens at the frontends itself"),
        (
            {"bind": "127.0.0.9", "frontends": {"image": "http://127.0.0.9:8888"}},
            "clouds.One.bind is where HAProxy is to listen",
        ),
        (HTTPS, "in one file: write one"),
        (HTTPS | {"own": OWN}, "in one file: write one"),
        (HTTPS | {"there": {"peer": "two"}}, "HAProxy, where TLS ends, cannot hand it on"),
        (
            {"frontends": {"image": {"public": "https://one:1", "internal": "http://one:1"}}},
            "one:1 of One cannot be http and https at once; use two addresses, or two ports",
        ),
        (
            {"frontends": MIXED, "own": OWN},
            r"cannot listen behind HAProxy: 127\.0\.0\.2:1 .* name the proxy .* in own\.proxies",
        ),
        (
            {"frontends": {"image": "https://[fd00::1]"}, "own": OWN},
            r"no IP address .* let one\.pem have a DNS name, too, such as gateway\.one\.example",
        ),
        (
            {"frontends": {"image": "https://127.0.0.5"}, "own": OWN},
            r"no IP address .* let one\.pem have a DNS name, too, such as gateway\.one\.example",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_what_to_do(more: dict[str, Any], message: str) -> None:
    certificate = None if more.get("frontends") == HTTPS["frontends"] else Path("x.pem")
    with pytest.raises(PlanError, match=message):
        plan(federation(**more), "One", None, certificate)


def test_http_and_https_at_one_port_are_two_listeners() -> None:
    """At their own addresses, each with its own frontends; the gateway speaks TLS to both."""
    own = OWN | {"proxies": ["127.0.0.1"]}
    made = plan(federation(frontends=MIXED, own=own), "One", None, Path("x.pem"))
    assert [(one.name, one.addresses, one.tls, one.tls_behind) for one in made.listeners] == [
        ("1", ["inside:1"], False, True),
        ("1-tls", ["outside:1"], True, True),
        ("2", ["inside:2"], False, False),
    ]
    assert [[e.name for e in one.entries] for one in made.listeners] == [
        ["image-internal"],
        ["image"],
        ["compute"],
    ]
    assert [(g.port, g.name) for g in made.gateways] == [(2, None), (1, "outside")]


def test_entries_have_the_order_of_the_file() -> None:
    """So that the same file gives the same text, in whatever process."""
    names = [f"s-{letter}" for letter in "hcfaegdb"]
    urls = {name: f"http://one/{name}" for name in names}
    (listener,) = plan(federation(frontends=urls, backends={}), "One").listeners
    assert [entry.service for entry in listener.entries] == names


def test_with_bind_a_port_has_one_scheme() -> None:
    """For then all frontends have one address."""
    message = r"127\.0\.0\.3:1 of One cannot be http and https at once; leave --bind out"
    with pytest.raises(PlanError, match=message):
        plan(federation(frontends=MIXED), "One", "127.0.0.3", Path("x.pem"))


@pytest.mark.parametrize(
    ("hosts", "names", "chosen"),
    [
        (["one.example"], [], "one.example"),
        (["one.example"], ["one.example", "a.example"], "one.example"),
        (["one.example", "two.example"], ["two.example"], "two.example"),
        (["one.example", "127.0.0.5"], ["*.example"], "one.example"),
        (["a.one.example"], ["*.example", "gateway"], "*.example"),
        (["127.0.0.5"], ["gateway.one", "a.one"], "a.one"),
        (["[fd00::1]", "127.0.0.5"], ["gateway.one"], "gateway.one"),
    ],
)
def test_the_gateway_is_known_by_a_name_in_its_certificate(
    hosts: list[str], names: list[str], chosen: str
) -> None:
    """That of a frontend if it is there; an address is none for HAProxy."""
    frontends = {f"service-{n}": f"https://{host}:{n + 1}" for n, host in enumerate(hosts)}
    described = federation(frontends=frontends, backends={}, own=OWN)
    made = plan(described, "One", None, Path("x.pem"), frozenset(names))
    assert [gateway.name for gateway in made.gateways] == [chosen]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_a_backend_that_cannot_be_verified_is_the_gateways(host: str) -> None:
    """Which finds addresses in certificates."""
    made = plan(federation(backends={"image": f"https://{host}:9292"}), "One")
    assert made.entries == []
    assert [str(url) for url in made.unverified] == [f"https://{host}:9292"]
    named = plan(federation(backends={"image": "https://glance.one:9292"}), "One")
    assert [entry.name for entry in named.entries] == ["image"]
    assert named.unverified == ()


def test_paths_are_absolute() -> None:
    """HAProxy begins elsewhere than where the federation file is."""
    own = OWN | {"ca": "ca.pem"}
    made = plan(federation(**HTTPS, own=own), "One", None, Path("both.pem"))
    assert (made.ca, made.certificate) == (Path.cwd() / "ca.pem", Path.cwd() / "both.pem")
    one_file = {"certificate": "both.pem", "key": "both.pem"}
    made = plan(federation(**HTTPS, own=one_file), "One")
    assert made.certificate == Path.cwd() / "both.pem"


def test_the_gateway_speaks_tls_behind_if_it_has_a_certificate() -> None:
    """At its https ports; elsewhere not."""
    both = {"image": "https://one/image", "network": "http://one:9696"}
    backends = {"image": "http://127.0.0.1:1"}
    made = plan(federation(frontends=both, own=OWN, backends=backends), "One", None, Path("x.pem"))
    assert [(listener.port, listener.tls_behind) for listener in made.listeners] == [
        (443, True),
        (9696, False),
    ]
    assert [(g.port, g.name) for g in made.gateways] == [(9696, None), (443, "one")]
