"""The headers that HAProxy looks at are those that the gateway does."""

import re

import pytest

from openstackoid.haproxy import heads
from openstackoid.message import HOP_BY_HOP, Headers, connection_headers
from openstackoid.routing.scoping import READ_HERE


def test_headers_of_a_connection_are_the_same() -> None:
    assert connection_headers(Headers(())) == HOP_BY_HOP


def usual(*headers: str) -> bool:
    """Tell whether HAProxy goes on by itself with these headers, of which each is a line."""
    lines = "".join(f"{line}\r\n" for line in (*headers, ""))
    return re.fullmatch(heads.USUAL, lines) is not None


@pytest.mark.parametrize("name", ["x-auth-token", "x-subject-token", "x-scope", "x-scope-service"])
def test_a_header_with_a_scope_is_left_to_the_gateway_if_it_comes_twice(name: str) -> None:
    """What both mean it alone knows."""
    assert name in READ_HERE
    once = ("host: h", "x-a: 1", f"{name}: T", "x-b: 2")
    assert usual(*once)
    assert not usual(*once, f"{name}: T")
    assert not usual(f"{name}: T", *once)
    assert not usual(*once[:3], f"{name}: T", "x-b: 2")


def test_headers_of_every_day_are_usual() -> None:
    """What the openstack command, curl and a service send."""
    assert usual()
    assert usual("host: [::1]:8888", "accept: */*", "x-empty:", "x-scoped: a", "x-hosts: b, c")
    assert usual("host: a_b", "connection: close", "transfer-encoding: chunked")
    for suffix in ("", '!SCOPE!{"image":"CloudTwo"}'):
        assert usual("host: h", f"x-auth-token: gAAA_-=.b.c{suffix}", "x-subject-token: T")


@pytest.mark.parametrize(
    "header",
    [
        "x_a: 1",
        "te: trailers",
        "keep-alive: 5",
        "upgrade: h2c",
        "expect: 100-continue",
        "x-scope-proof: a",
        "x-storage-token: a",
        "x-roles: admin",
        "x-service-user-domain-name: a",
        "openstack-system-scope: all",
        "host: h, i",
        "host:",
        "connection: x-scope",
        "connection: close, te",
        "transfer-encoding: gzip",
        "x-auth-token: two words",
        "x-auth-token: a.b.c.d",
        "x-auth-token: T!SCOPE!image=CloudTwo",
        "x-auth-token: T!SCOPE!{}!SCOPE!{}",
        "x-subject-token: T!SCOPE!{}",
        "x-a: caf\u00e9",
        "x-a: a\x7fb",
        "x-a: a\rb",
        "x-a: a\0b",
    ],
)
def test_a_header_that_two_could_read_in_two_ways_is_unusual(header: str) -> None:
    """Wherever it stands among the others."""
    others = ("accept: a", "x-b: c")
    for at in range(3):
        assert not usual(*others[:at], header, *others[at:])


@pytest.mark.parametrize(
    ("prefix", "to", "path", "moved"),
    [
        ("/image", "", "/image/v2?x=/image/", "/v2?x=/image/"),
        ("/image", "", "/image", "/"),
        ("/image", "", "/image?x", "/?x"),
        ("/image", "", "/image/image", "/image"),
        ("/image", "/glance", "/image", "/glance"),
        ("/image", "/glance", "/image/v2", "/glance/v2"),
        ("", "/glance", "/v2", "/glance/v2"),
        ("/im.age", "/glance", "/im.age/v2", "/glance/v2"),
        ("/same", "/same", "/same/v2", "/same/v2"),
    ],
)
def test_a_path_moves_to_the_backend(prefix: str, to: str, path: str, moved: str) -> None:
    """Behind its prefix, with one slash at least."""
    for pattern, replacement in heads.moves(prefix, to):
        path = re.sub(pattern, replacement, path)
    assert path == moved
