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
    there = {"frontends": {"image": "http://two:9292"}}
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
    ],
)
def test_what_cannot_work_is_refused_with_what_to_do(more: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        plan(federation(**more), "One")


def test_the_gateway_speaks_tls_behind_if_it_has_a_certificate() -> None:
    """At its https ports; elsewhere not."""
    both = {"image": "https://one/image", "network": "http://one:9696"}
    backends = {"image": "http://127.0.0.1:1"}
    made = plan(federation(frontends=both, own=OWN, backends=backends), "One", None, Path("x.pem"))
    assert [(listener.port, listener.tls_behind) for listener in made.listeners] == [
        (443, True),
        (9696, False),
    ]
    assert [(g.port, g.tls) for g in made.gateways] == [(9696, False), (443, True)]
