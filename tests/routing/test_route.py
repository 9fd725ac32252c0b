"""What holds for every request, whatever it is."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scope.strategies import ATOMIC_SCOPES, LIKE_SCOPES

from openstackoid.federation import loads
from openstackoid.message import Head, Headers
from openstackoid.routing import Refusal, decide, destination_of
from openstackoid.routing.route import DOT_SEGMENT, has_dot_segment
from openstackoid.scope import CloudRef, Scope, join

FEDERATION = loads("""
clouds:
  One:
    frontends:
      identity: http://one:8888/identity
      image: http://one:8888/image
      compute: http://one:8888/compute
    backends:
      identity: http://127.0.0.1:15000
      image: http://127.0.0.1:19292
  Two:
    insecure: true
    frontends:
      identity: http://two:5000
      image: http://two:9292
""")
PATHS = st.lists(
    st.sampled_from(
        ["/", "/identity", "/image", "/compute", "v3", "..", "%2e", "?", "%2f", "//", "\\", "http:"]
    ),
    max_size=8,
).map("".join)
SCOPES = LIKE_SCOPES | st.sampled_from(["image=Two", "*=Two", "{}", "compute=One,network=Two"])
HEADERS = st.lists(
    st.tuples(st.just("X-Scope"), SCOPES)
    | st.tuples(
        st.sampled_from(["X-Auth-Token", "X-Subject-Token", "x-auth-token"]),
        st.tuples(st.sampled_from(["T", ""]), SCOPES).map("!SCOPE!".join) | st.text(),
    )
    | st.tuples(st.just("Host"), st.sampled_from(["one", "[::1", "two:5000", ""]) | st.text())
    | st.tuples(
        st.just("Via"), st.sampled_from(["1.1 Two (openstackoid)", ",", "1.1 x"]) | st.text()
    ),
    max_size=4,
).map(tuple)


@given(st.sampled_from(["GET", "POST"]), PATHS | st.text(), HEADERS, st.sampled_from([8888, 80]))
@example("GET", "/image", (("X-Scope", "image=Two"),), 8888)
def test_a_request_is_sent_to_an_address_of_the_federation_or_refused(
    method: str, path: str, headers: tuple[tuple[str, str], ...], port: int
) -> None:
    """No URL ever comes from a request, and nothing but Refusal is raised."""
    try:
        route = decide(Head(method, path, Headers(headers), port), FEDERATION, "One")
        assert isinstance(route.expression, CloudRef)
        destination = destination_of(route, route.expression.name, FEDERATION, "One")
    except Refusal as refusal:
        assert refusal.message  # noqa: PT017
        return
    assert destination.url.startswith(
        (
            "http://127.0.0.1:15000/",
            "http://127.0.0.1:19292/",
            "http://two:5000/",
            "http://two:9292/",
        )
    )
    assert destination.url.endswith(path.removeprefix(f"/{route.service}"))


@given(ATOMIC_SCOPES.map(lambda s: Scope.of((k, CloudRef("Two")) for k, _ in s.items)))
def test_a_scope_says_the_same_wherever_it_rides(scope: Scope) -> None:
    """In X-Scope, behind the token, in both, completed or not."""
    ways = [
        (("X-Scope", scope.canonical),),
        (("X-Scope", scope.completed("One").canonical),),
        (("X-Auth-Token", join("T", scope)),),
        (("x-auth-token", join("T", scope)), ("x-scope", scope.completed("One").canonical)),
    ]
    routes = {
        decide(Head("GET", "/image/v2", Headers(way), 8888), FEDERATION, "One") for way in ways
    }
    assert len(routes) == 1


DOTTED = st.lists(
    st.sampled_from(
        [*"/\\.%a25?\u017f", "%2e", "%2E", "%2f", "%2F", "%5c", "%5C", "%252e", "\u0130"]
    )
).map("".join)


@given(DOTTED)
@example("/a/%2E%2e%5c")
@example("/..")
@example("%2f.")
def test_haproxy_and_the_gateway_find_the_same_dot_segments(path: str) -> None:
    """HAProxy by a regular expression, the gateway by what is faster over a long path."""
    assert has_dot_segment(path) == (DOT_SEGMENT.search(path) is not None)


STORE = loads("""
clouds:
  One:
    frontends: {object-store: "http://one:8888/store"}
    backends: {object-store: "http://127.0.0.1:18080/swift"}
""")


@pytest.mark.parametrize("up", ["/a/../b", "/a/b%2f../c", "/./a"])
def test_dots_are_a_part_of_a_name_that_is_as_long_as_a_name_can_be(up: str) -> None:
    """So nobody has a gateway follow tens of thousands of steps."""
    name = f"/store/v1/AUTH_p/c{up}/"
    fitting = Head("GET", name + "a/" * 3000, Headers([("Host", "one:8888")]), 8888)
    assert decide(fitting, STORE, "One").service == "object-store"
    longer = Head("GET", name + "a/" * 5000, Headers([("Host", "one:8888")]), 8888)
    with pytest.raises(Refusal, match="as a segment"):
        decide(longer, STORE, "One")
