"""The token that a login holds in its body."""

import json
import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.federation import loads
from openstackoid.identity import is_authentication, strip, token_in
from openstackoid.identity.body import keystone_path
from openstackoid.message import Head, Headers
from openstackoid.routing import Route, decide
from openstackoid.scope import CloudRef

FEDERATION = loads("""
clouds:
  One:
    frontends:
      identity: http://one:8888/identity
      image: http://one:8888/image
""")
SUFFIX = '!SCOPE!{"image":"Two"}'


def login(token: object, **other: object) -> bytes:
    """Return the body of a login by token."""
    identity = {"methods": ["token"], "token": {"id": token}} | other
    return json.dumps({"auth": {"identity": identity, "scope": {"project": {"id": "7"}}}}).encode()


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("POST", "/identity/v3/auth/tokens", True),
        ("POST", "/identity/v3/auth/tokens/?nocatalog", True),
        ("GET", "/identity/v3/auth/tokens", False),
        ("POST", "/identity/v3/auth/catalog", False),
        ("POST", "/identity/v3/auth/tokens/x", False),
        ("POST", "/identity/v3/users", False),
        ("POST", "/image/v3/auth/tokens", False),
    ],
)
def test_only_a_login_may_hold_a_token_in_its_body(
    method: str, target: str, expected: bool
) -> None:
    """Every other body is streamed, never read."""
    route = decide(Head(method, target, Headers(()), 8888), FEDERATION, "One")
    assert is_authentication(method, route) == expected


@pytest.mark.parametrize("slash", ["/", "%2f", "%2F", "/%2f"])
def test_a_login_is_known_however_many_slashes_it_has(slash: str) -> None:
    """Keystone reads each once, and an encoded one as well; its letters may be encoded, too."""
    target = f"/identity/v3{slash * 15_000}auth/%74okens"
    route = decide(Head("POST", target, Headers(()), 8888), FEDERATION, "One")
    assert is_authentication("POST", route)
    long = decide(Head("POST", f"{target}/{'%2e' * 9000}x", Headers(()), 8888), FEDERATION, "One")
    assert not is_authentication("POST", long)


SPELLINGS = st.lists(
    st.sampled_from(["/", "%2f", "%2F", "%", "%25", "2f", "v3", "%e9", "%2", "%%2f", "%61"])
).map("".join)


@given(SPELLINGS)
def test_a_path_of_keystone_is_decoded_and_has_each_slash_once(path: str) -> None:
    """In whichever order that is done."""
    route = Route("identity", "public", path, None, CloudRef("One"), None)
    assert keystone_path(route) == re.sub("//+", "/", unquote(path)).rstrip("/")


def test_a_token_is_found_if_it_has_a_suffix() -> None:
    """Without one there is nothing to do."""
    assert token_in(login("T" + SUFFIX)) == "T" + SUFFIX
    assert token_in(login("T")) is None


def test_the_stripped_body_differs_in_the_token_only() -> None:
    """Keystone gets what it would have got without a scope."""
    other = {"password": {"user": {"name": "ü\ud83d", "password": SUFFIX}}}
    assert json.loads(strip(login("T" + SUFFIX, **other))) == json.loads(login("T", **other))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"!SCOPE!",
        b"\xff!SCOPE!",
        b'"!SCOPE!"',
        b'["!SCOPE!"]',
        b'{"auth": "!SCOPE!"}',
        b'{"auth": {"identity": ["!SCOPE!"]}}',
        b'{"auth": {"identity": {"token": "x!SCOPE!{}"}}}',
        b'{"auth": {"identity": {"token": {"x!SCOPE!{}": 1}}}}',
        b'{"auth": {"identity": {"token": null, "password": {"user": "!SCOPE!"}}}}',
        b'{"auth": {"identity": {"token": {"id": ["!SCOPE!"]}}}}',
        b'{"auth": {"identity": {"token": {"id": {"!SCOPE!": 1}}}}}',
        b'{"auth": {"identity": {"token": {"id": "x!SCOPE!{}"}}}',
        b'{"auth!SCOPE!": 1' + b"0" * 5000 + b"}",
        b'{"!SCOPE!": ' + b"[" * 100_000,
    ],
)
def test_a_body_that_is_no_login_by_token_is_left_alone(body: bytes) -> None:
    """Keystone says what is wrong with it; the gateway does not stumble."""
    assert token_in(body) is None


@given(
    st.binary()
    | st.recursive(
        st.none() | st.just("T" + SUFFIX) | st.integers(),
        lambda c: (
            st.lists(c) | st.dictionaries(st.sampled_from(["auth", "identity", "token", "id"]), c)
        ),
        max_leaves=8,
    ).map(lambda d: json.dumps(d).encode())
)
def test_no_body_raises(body: bytes) -> None:
    """Whatever is sent is either a login with a suffix, or passed on."""
    if (token := token_in(body)) is not None:
        assert token == "T" + SUFFIX
        assert token_in(strip(body)) is None
