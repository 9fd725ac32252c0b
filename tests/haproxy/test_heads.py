"""The headers that HAProxy looks at are those that the gateway does."""

import re

import pytest

from openstackoid.gateway.http import Headers
from openstackoid.gateway.protocol import connection_headers
from openstackoid.haproxy import heads
from openstackoid.routing.scoping import READ_HERE


def test_headers_of_a_connection_are_the_same() -> None:
    assert connection_headers(Headers(())) == heads.HOP_BY_HOP


UNUSUAL = re.compile(
    heads.UNUSUAL.replace("(?<name>", "(?P<name>").replace(r"\k<name>", "(?P=name)")
)
"""The same, in Python's dialect."""


@pytest.mark.parametrize("name", ["x-auth-token", "x-subject-token", "x-scope"])
def test_a_header_with_a_scope_is_left_to_the_gateway_if_it_comes_twice(name: str) -> None:
    """What both mean it alone knows."""
    assert name in READ_HERE
    once = f"host: h\r\nx-a: 1\r\n{name}: T\r\nx-b: 2\r\n\r\n"
    assert not UNUSUAL.search(once)
    assert UNUSUAL.search(once.replace("\r\n\r\n", f"\r\n{name}: T\r\n\r\n"))


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
