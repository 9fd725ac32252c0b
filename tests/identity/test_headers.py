"""The headers that a request is sent on with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scope.strategies import LIKE_SCOPES

from openstackoid.federation import loads
from openstackoid.identity import headers_for, validates_at_issuer
from openstackoid.message import Head, Headers
from openstackoid.routing import Destination, Refusal, Route, decide, destination_of
from openstackoid.scope import DELIMITER, CloudRef

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
      compute: http://127.0.0.1:18774
  Two:
    insecure: true
    frontends:
      identity: http://two:5000
      image: http://two:9292
      compute: http://two:8774
  Tls:
    frontends:
      identity: https://tls:8888/identity
      image: {public: "https://tls:8888/image", internal: "http://inside:8888/image"}
    backends:
      identity: http://127.0.0.1:15000
      image: http://127.0.0.1:19292
""")
HERE = '{"*":"One","identity":"One"}'
IMAGE_TWO = '{"*":"One","identity":"One","image":"Two"}'
ALL_TWO = '{"*":"Two","identity":"Two"}'
FROM_TWO = ("Via", "1.1 Two (openstackoid)")
STAMP = ("Via", "1.1 One (openstackoid)")
MEANT = ("X-Scope-Service", "image")
TO_IMAGES = [("X-Scope", ALL_TWO), MEANT, STAMP]
TO_KEYSTONE = [("X-Scope", ALL_TWO), ("X-Scope-Service", "identity"), STAMP]


def decision_of(
    path: str, *headers: tuple[str, str], method: str = "GET", here: str = "One"
) -> tuple[Head, Route, Destination]:
    """Return what the gateway of a cloud decides."""
    head = Head(method, path, Headers(headers), 8888)
    route = decide(head, FEDERATION, here)
    assert isinstance(route.expression, CloudRef)
    return head, route, destination_of(route, route.expression.name, FEDERATION, here)


def sent(path: str, *headers: tuple[str, str], here: str = "One") -> list[tuple[str, str]]:
    """Return the headers that the gateway of a cloud sends on."""
    return list(headers_for(*decision_of(path, *headers, here=here), here))


# fmt: off
TABLE = {  # claim: path, the headers that come, the headers that go
    "Keystone here gets clean tokens": (
        "/identity/v3/auth/tokens",
        [("X-Auth-Token", f"T!SCOPE!{HERE}"), ("X-Subject-Token", f"S!SCOPE!{HERE}")],
        [("X-Auth-Token", "T"), ("X-Subject-Token", "S")],
    ),
    "Keystone here is not told the scope": (
        "/identity/v3/users",
        [("X-Scope", HERE), ("X-Auth-Token", "T")],
        [("X-Auth-Token", "T")],
    ),
    "a service here gets the completed scope behind the token": (
        "/compute/v2.1",
        [("X-Auth-Token", 'T!SCOPE!{"image":"Two"}')],
        [("X-Auth-Token", f"T!SCOPE!{IMAGE_TWO}")],
    ),
    "a service here gets the scope of X-Scope behind the token": (
        "/compute/v2.1",
        [("Host", "one:8888"), ("x-scope", "glance=Two"), ("x-auth-token", "T"), ("Accept", "*/*")],
        [("Host", "one:8888"), ("x-auth-token", f"T!SCOPE!{IMAGE_TWO}"), ("Accept", "*/*")],
    ),
    "a request without a token gets none": (
        "/compute/",
        [("X-Scope", "glance=Two")],
        [],
    ),
    "another gateway gets the scope twice, its own Host and a stamp": (
        "/image/v2",
        [("Host", "one:8888"), ("Accept-Encoding", "gzip"),
         ("X-Auth-Token", 'T!SCOPE!{"image":"Two"}'), ("Accept", "*/*")],
        [("Host", "two:9292"), ("X-Auth-Token", f"T!SCOPE!{IMAGE_TWO}"), ("Accept", "*/*"),
         ("X-Scope", IMAGE_TWO), MEANT, STAMP],
    ),
    "a scope without a token travels alone": (
        "/identity/v3",
        [("HOST", "one:8888"), ("X-Scope", "*=Two")],
        [("Host", "two:5000"), *TO_KEYSTONE],
    ),
    "Vias of others stay before the stamp": (
        "/image/v2",
        [("Via", "1.1 squid"), ("X-Scope", "*=Two"), ("via", "1.0 x, 1.1 y")],
        [("Host", "two:9292"), ("Via", "1.1 squid"), ("via", "1.0 x, 1.1 y"), *TO_IMAGES],
    ),
    "the stamp ends at the gateway it is meant for": (
        "/image/v2",
        [("X-Scope", '{"*":"One","identity":"One"}'), ("Via", "1.1 squid"), FROM_TWO],
        [("Via", "1.1 squid")],
    ),
    "what the client means is said to a gateway once, and to no service": (
        "/image/v2",
        [("x-scope-service", "glance"), ("X-Scope", "*=Two")],
        [("Host", "two:9292"), *TO_IMAGES],
    ),
    "what a gateway means ends at the gateway it is meant for": (
        "/image/v2",
        [("X-Scope", HERE), MEANT, FROM_TWO],
        [],
    ),
    "a service's token is dropped on its way out": (
        "/image/v2",
        [("X-Scope", "*=Two"), ("X-Auth-Token", "T"), ("x-SERVICE-token", "S")],
        [("Host", "two:9292"), ("X-Auth-Token", f"T!SCOPE!{ALL_TWO}"), *TO_IMAGES],
    ),
    "a service's token is dropped on its way in": (
        "/image/v2",
        [("X-Scope", HERE), ("X-Auth-Token", "T"), ("X-Service-Token", "S"), FROM_TWO],
        [("X-Auth-Token", f"T!SCOPE!{HERE}")],
    ),
    "a service's token is kept between services of one cloud": (
        "/image/v2",
        [("X-Auth-Token", f"T!SCOPE!{HERE}"), ("X-Service-Token", "S")],
        [("X-Auth-Token", f"T!SCOPE!{HERE}"), ("X-Service-Token", "S")],
    ),
    "a token to be validated elsewhere asks for itself": (
        "/identity/v3/auth/tokens",
        [("X-Auth-Token", "SERVICE"), ("X-Subject-Token", f"T!SCOPE!{ALL_TWO}"),
         ("X-Service-Token", "S")],
        [("Host", "two:5000"), ("X-Subject-Token", f"T!SCOPE!{ALL_TWO}"),
         ("X-Auth-Token", f"T!SCOPE!{ALL_TWO}"), *TO_KEYSTONE],
    ),
    "the asker's token is dropped wherever it stands": (
        "/identity/v3/auth/tokens",
        [("X-Subject-Token", f"T!SCOPE!{ALL_TWO}"), ("x-auth-token", "SERVICE")],
        [("Host", "two:5000"), ("X-Subject-Token", f"T!SCOPE!{ALL_TWO}"),
         ("X-Auth-Token", f"T!SCOPE!{ALL_TWO}"), *TO_KEYSTONE],
    ),
    "a token validated at its issuer keeps its asker": (
        "/identity/v3/auth/tokens",
        [("X-Auth-Token", "SERVICE"), ("X-Subject-Token", f"T!SCOPE!{HERE}")],
        [("X-Auth-Token", "SERVICE"), ("X-Subject-Token", "T")],
    ),
    "a user who asks elsewhere asks as himself": (
        "/identity/v3/auth/tokens",
        [("X-Auth-Token", f"A!SCOPE!{ALL_TWO}"), ("X-Subject-Token", f"T!SCOPE!{ALL_TWO}")],
        [("Host", "two:5000"), ("X-Auth-Token", f"A!SCOPE!{ALL_TWO}"),
         ("X-Subject-Token", f"T!SCOPE!{ALL_TWO}"), *TO_KEYSTONE],
    ),
    "a subject without a suffix gets none": (
        "/identity/v3/auth/tokens",
        [("X-Scope", "*=Two"), ("X-Auth-Token", "A"), ("X-Subject-Token", "T")],
        [("Host", "two:5000"), ("X-Auth-Token", f"A!SCOPE!{ALL_TWO}"), ("X-Subject-Token", "T"),
         *TO_KEYSTONE],
    ),
}
# fmt: on


@pytest.mark.parametrize(("path", "came", "goes"), TABLE.values(), ids=TABLE)
def test_the_headers_that_go_are_those_of_the_table(
    path: str, came: list[tuple[str, str]], goes: list[tuple[str, str]]
) -> None:
    """In their order, and in the spelling they came in."""
    assert sent(path, *came) == goes


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        (
            "/identity/v3/auth/tokens",
            {"X-Auth-Token": "S", "X-Subject-Token": f"T!SCOPE!{ALL_TWO}"},
            True,
        ),
        ("/identity/v3/auth/tokens", {"X-Subject-Token": f"T!SCOPE!{ALL_TWO}"}, True),
        (
            "/identity/v3/auth/tokens",
            {"X-Auth-Token": "S", "X-Subject-Token": f"T!SCOPE!{HERE}"},
            False,
        ),
        ("/identity/v3/auth/tokens", {"X-Auth-Token": "S", "X-Subject-Token": "T"}, False),
        (
            "/identity/v3/auth/tokens",
            {"X-Auth-Token": f"A!SCOPE!{ALL_TWO}", "X-Subject-Token": f"T!SCOPE!{ALL_TWO}"},
            False,
        ),
        (
            "/identity/v3/auth/tokens",
            {"X-Scope": ALL_TWO, "X-Auth-Token": "A", "X-Subject-Token": f"T!SCOPE!{ALL_TWO}"},
            False,
        ),
        ("/image/v2", {"X-Auth-Token": "S", "X-Subject-Token": f"T!SCOPE!{ALL_TWO}"}, False),
    ],
)
def test_only_a_service_s_question_about_a_foreign_token_is_a_validation_at_home(
    path: str,
    headers: dict[str, str],
    expected: bool,
) -> None:
    """Its own token has no scope, the one it asks about has one, of another cloud."""
    assert validates_at_issuer(*decision_of(path, *headers.items())) == expected


TOKENS = ["MINE", "OTHER"]
FOR = ("X-Forwarded-For", "192.0.2.9")
PROTO = ("X-Forwarded-Proto", "https")
SAID = [  # of the way, by whoever sends the request
    [],
    [("X-Forwarded-Proto", "https")],
    [("x-forwarded-proto", "http")],
    [("X-FORWARDED-PROTO", "https, http")],
    [("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "http")],
    [("X_Forwarded_Proto", "https")],
    [("x-forwarded_proto", "gopher")],
    [("Forwarded", "for=192.0.2.1;proto=https")],
    [("forwarded", "for=192.0.2.1, for=192.0.2.2; PROTO = http")],
    [("X-Forwarded-For", "127.0.0.1")],
    [("X_Forwarded-For", "127.0.0.1"), ("x-forwarded-for", "192.0.2.9")],
    [("X-Real-IP", "127.0.0.1"), ("True-Client-Ip", "127.0.0.1")],
    [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Prefix", "//evil.example")],
]
KEPT = [("X-Forward", "x"), ("X-Container-Meta-Forwarded", "for=192.0.2.1")]


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("scope", [[], [("X-Scope", "image=Tls")]])
@pytest.mark.parametrize(("host", "told"), [("tls:8888", [FOR, PROTO]), ("inside", [FOR])])
def test_a_service_is_told_of_the_way_by_its_gateway_alone(
    said: list[tuple[str, str]],
    scope: list[tuple[str, str]],
    host: str,
    told: list[tuple[str, str]],
) -> None:
    """The client's address and the frontend's scheme, whoever says something else."""
    headers = [("Host", host), *KEPT]
    decided = decision_of("/image/v2", *headers, *said, *scope, here="Tls")
    assert list(headers_for(*decided, "Tls", client="192.0.2.9")) == [*headers, *told]


@pytest.mark.parametrize("said", SAID)
def test_another_cloud_is_told_nothing_of_the_way_here(said: list[tuple[str, str]]) -> None:
    """It has a frontend of its own; who the client is stays here."""
    headers = [("Host", "tls"), *said, ("X-Scope", "image=Two")]
    going = headers_for(*decision_of("/image/v2", *headers, here="Tls"), "Tls", client="192.0.2.9")
    assert {name for name, _ in going} == {"Host", "X-Scope", "X-Scope-Service", "Via"}


SCOPES = LIKE_SCOPES | st.sampled_from(["{}", "*=Two", "image=Two", ALL_TWO, IMAGE_TWO, HERE])
VALUES = st.sampled_from(TOKENS) | st.tuples(st.sampled_from(TOKENS), SCOPES).map(DELIMITER.join)
NAMES = [
    "X-Auth-Token",
    "X-Subject-Token",
    "X-Service-Token",
    "Host",
    "Via",
    "Accept-Encoding",
    "Foo",
]
PATHS = st.sampled_from(["/identity/v3/auth/tokens", "/identity/v3", "/image/v2", "/compute/v2.1"])


def _any_case(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name, name.lower(), name.upper(), name.swapcase()])


@given(
    PATHS,
    st.lists(
        st.tuples(st.sampled_from(NAMES).flatmap(_any_case), st.text(alphabet="aé,( ")), max_size=6
    ),
)
def test_without_a_scope_the_headers_are_the_ones_that_came(
    path: str, headers: list[tuple[str, str]]
) -> None:
    """One for one, where none says how the request came."""
    head, route, destination = decision_of(path, *headers)
    assert headers_for(head, route, destination, "One") is head.headers


@given(
    PATHS,
    st.none() | SCOPES,
    st.dictionaries(st.sampled_from(NAMES[:3]), VALUES, min_size=1),
    st.booleans(),
    st.data(),
)
def test_no_token_crosses_the_border_unless_it_is_meant_to(
    path: str,
    scope: str | None,
    tokens: dict[str, str],
    arrived: bool,
    data: st.DataObject,
) -> None:
    """To another cloud goes no asker's token without its scope, and no service's token at all."""
    headers = [(data.draw(_any_case(name)), value) for name, value in tokens.items()]
    headers += [("X-Scope", scope)] if scope is not None else []
    headers += [FROM_TWO] if arrived else []
    try:
        head, route, destination = decision_of(path, *headers)
    except Refusal:
        return
    going = headers_for(head, route, destination, "One")
    if destination.remote or (arrived and route.scope is not None):
        assert going.all("x-service-token") == []
    if not destination.remote:
        return
    assert route.scope is not None
    assert going.all("x-scope") == [route.scope.canonical]
    assert going.all("host") == [destination.address.netloc]
    assert len(going.all("x-auth-token")) <= 1
    for value in going.all("x-auth-token"):
        assert value.endswith(DELIMITER + route.scope.canonical)
    if validates_at_issuer(head, route, destination):
        assert going.all("x-auth-token") == going.all("x-subject-token")
