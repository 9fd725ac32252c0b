"""Which redirections of another cloud reach a client, and where they lead."""

import pytest

from openstackoid.federation import loads
from openstackoid.routing import redirections
from openstackoid.routing.links import Links

FEDERATION = loads("""
clouds:
  One: {frontends: {image: "http://one/image", identity: "http://one/identity"}}
  Two: {frontends: {image: "http://two:9292", identity: "http://two:5000"}}
""")
ONE, TWO = FEDERATION.clouds["One"], FEDERATION.clouds["Two"]
LINKS = Links(TWO, ONE, "image")
OWN, OTHER = "http://two:9292/v2/", "http://two:5000/v3/"


@pytest.mark.parametrize("status", [301, 302, 303, 305, 307, 308, 399])
def test_a_read_is_redirected_within_its_service(status: int) -> None:
    """Neither to another service nor to another host, nor to two places."""
    for method in ("GET", "HEAD"):
        assert redirections.fault(method, status, [OWN], LINKS, "/v2") is None
        assert redirections.fault(method, status, [], LINKS, "/v2") is None
        for location in (OTHER, "http://evil/", "//evil/", "\\"):
            fault = redirections.fault(method, status, [location], LINKS, "/v2")
            assert "an address that is not its own" in str(fault)
        assert "several" in str(redirections.fault(method, status, [OWN, OWN], LINKS, "/v2"))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_other_request_is_redirected(method: str) -> None:
    """And the reason names the method, whatever the address."""
    for locations in ([OWN], [OTHER], []):
        fault = redirections.fault(method, 307, locations, LINKS, "/v2")
        assert fault is not None
        assert f"redirects a {method}" in fault


@pytest.mark.parametrize("status", [200, 201, 300, 304, 404])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_redirects_nobody_passes(status: int, method: str) -> None:
    """A choice is made from the body of a 300; 304 has nothing to say."""
    assert redirections.fault(method, status, ["http://evil/", OTHER], LINKS, "/") is None


@pytest.mark.parametrize(
    ("status", "before", "after"),
    [
        (300, OWN, "http://one/image/v2/"),
        (300, "/v2/", "/image/v2/"),
        (300, "http://localhost:9292/v2/", None),
        (300, OTHER, None),
        (304, "http://evil/", None),
        (302, OWN, "http://one/image/v2/"),
        (302, OTHER, None),
        (201, OWN, "http://one/image/v2/"),
        (201, "/v2/images/i", "/image/v2/images/i"),
        (201, OTHER, None),
        (202, "http://elsewhere/", None),
        (204, "//elsewhere/", None),
        (201, "../x", None),
        (201, "http://two:9292/v2/../x", None),
    ],
)
def test_where_a_location_leads(status: int, before: str, after: str | None) -> None:
    """Home, within the service; what leads elsewhere is left out."""
    assert redirections.location(before, status, LINKS, "/") == after


def test_the_cloud_s_own_location_is_its_own_business() -> None:
    """Of it only a project's id changes."""
    links = Links(ONE, ONE, "image", {"a" * 32: "b" * 32})
    for status in (201, 300, 302):
        assert redirections.location("http://evil/", status, links, "/") == "http://evil/"
        led = redirections.location(f"http://one/image/{'a' * 32}", status, links, "/")
        assert led == f"http://one/image/{'b' * 32}"
