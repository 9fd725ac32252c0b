"""What would happen to a request, hop by hop."""

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.federation import loads
from openstackoid.routing import Refusal
from openstackoid.routing.explain import head_of, ways

FEDERATION = loads("""
clouds:
  One:
    frontends: {identity: "http://one/identity", image: "http://one/image"}
    backends: {identity: "http://127.0.0.1:5000", image: "http://127.0.0.1:9292"}
  Two:
    insecure: true
    frontends: {image: "http://two:9292"}
  Open:
    frontends: {image: "https://open/image"}
    gateway: false
  Half:
    frontends: {identity: "http://half/identity", image: "http://half/image"}
    backends: {image: "http://127.0.0.3:9292"}
""")
IMAGES = "http://one/image/v2/images"


def hops(url: str, scope: str | None, start: str = "One") -> dict[str, list[tuple[str, str]]]:
    """Return by cloud the gateways on the way there, and to where each sends the request."""
    return {
        cloud: [(s.gateway, s.destination.url if s.destination else "its backend") for s in steps]
        for cloud, steps in ways(head_of("GET", url, scope), FEDERATION, start).items()
    }


@pytest.mark.parametrize(
    ("url", "host", "port", "target"),
    [
        ("http://one", "one", 80, "/"),
        ("https://one", "one", 443, "/"),
        ("http://one:8888/image", "one:8888", 8888, "/image"),
        ("https://one/image/v2?a=b&c=%2F", "one", 443, "/image/v2?a=b&c=%2F"),
        ("http://one?limit=1", "one", 80, "/?limit=1"),
        ("http://One.:8888/", "One.:8888", 8888, "/"),
        ("http://[::1]:8888/image", "[::1]:8888", 8888, "/image"),
        ("http://one/image#part", "one", 80, "/image"),
    ],
)
def test_a_head_is_what_a_client_sends_for_a_url(
    url: str, host: str, port: int, target: str
) -> None:
    """Host as written, the scheme's own port, a path at least; a fragment stays with the client."""
    head = head_of("get", url, None)
    assert (head.method, head.target, head.port) == ("GET", target, port)
    assert head.scheme == url.partition(":")[0]
    assert list(head.headers) == [("Host", host)]


def test_a_scope_rides_in_its_header_as_written() -> None:
    """Also an empty one, which is not the same as none."""
    assert head_of("GET", IMAGES, "glance=Two").headers.first("x-scope") == "glance=Two"
    assert head_of("GET", IMAGES, "").headers.first("x-scope") == ""
    assert head_of("GET", IMAGES, None).headers.first("x-scope") is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "one/image",
        "//one/image",
        "ftp://one/image",
        "http://",
        "http:///image",
        "http://one:port/",
        "http://one:65536/",
        "http://one:0/image",
        "http://[::1/",
        "http://me:secret@one/image",
        "http://o ne/",
        "http://one/im\tage",
        "http://one/im\r\nage",
        "http://one/a b",
        "http://one/é",
    ],
)
def test_what_no_client_sends_is_no_url(url: str) -> None:
    """Nothing in it is dropped or filled in: what is explained is what was asked."""
    with pytest.raises(ValueError, match=r"."):
        head_of("GET", url, None)


@given(st.text() | st.text("htps:/[]@?#%.0189a \t\n").map("http://".__add__))
def test_a_text_is_a_head_or_no_url(text: str) -> None:
    """Nothing but ValueError is raised, and the target is one that can be sent."""
    try:
        head = head_of("GET", text, None)
    except ValueError:
        return
    assert head.target.startswith("/")
    assert head.target.isascii()
    assert not any(c.isspace() for c in head.target)


def test_a_way_ends_at_a_backend_or_where_the_file_knows_no_more() -> None:
    """Another cloud's backend is known to its own file alone."""
    assert hops(IMAGES, None) == {"One": [("One", "http://127.0.0.1:9292/v2/images")]}
    assert hops(IMAGES, "image=Two") == {
        "Two": [("One", "http://two:9292/v2/images"), ("Two", "its backend")]
    }


def test_a_cloud_without_a_gateway_decides_nothing() -> None:
    """It is the end of the way, at its public address."""
    assert hops(IMAGES, "image=Open") == {"Open": [("One", "https://open/image/v2/images")]}


def test_ways_are_in_the_order_the_clouds_are_written() -> None:
    """Which is the order that `|` tries them in."""
    assert list(hops(IMAGES, "image=Two|Open|One")) == ["Two", "Open", "One"]
    assert list(hops(IMAGES, "image=One&Two")) == ["One", "Two"]


def test_the_next_gateway_is_asked_as_the_first_would_ask_it() -> None:
    """With the scope that is complete by now, and the sender's name, so it goes no further."""
    (steps,) = ways(head_of("GET", IMAGES, "image=Two"), FEDERATION, "One").values()
    first, last = steps
    assert last.route.sender == "One"
    assert first.route.scope == last.route.scope
    assert first.route.scope is not None
    assert first.route.scope.canonical == '{"*":"One","identity":"One","image":"Two"}'


def test_the_first_gateways_refusal_is_raised_at_once() -> None:
    """There is no way then."""
    with pytest.raises(Refusal, match="unknown cloud") as caught:
        ways(head_of("GET", IMAGES, "image=Tow"), FEDERATION, "One")
    assert caught.value.cloud == "One"


def test_a_refusal_on_one_way_ends_no_other() -> None:
    """Each is raised where its way gets to it, after the hops before."""
    url = "http://one/identity/v3"
    found = ways(head_of("GET", url, "identity=Two|Half|One"), FEDERATION, "One")
    with pytest.raises(Refusal) as caught:
        next(found["Two"])
    assert caught.value.status is HTTPStatus.BAD_REQUEST
    assert next(found["Half"]).gateway == "One"
    with pytest.raises(Refusal) as caught:
        next(found["Half"])
    assert (caught.value.status, caught.value.cloud) == (HTTPStatus.NOT_FOUND, "Half")
    assert [step.gateway for step in found["One"]] == ["One"]
