"""A URL belongs to the same frontend however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.federation import loads
from openstackoid.routing.addresses import frontend_of

CLOUD = loads("""
clouds:
  Two:
    frontends:
      identity: https://two.example.org/identity
      compute: {public: "https://two.example.org/compute", internal: "http://10.0.0.2:8774"}
      instance-ha: https://two.example.org/compute/ha
      image: http://images.example.org
      dns: http://six.example.org:80/
      metric: "https://[2001:db8::2]:8041"
""").clouds["Two"]


@pytest.mark.parametrize(
    ("url", "service", "rest"),
    [
        ("https://two.example.org/compute", "compute", ""),
        ("https://two.example.org/compute/v2.1?a=b", "compute", "/v2.1?a=b"),
        ("https://two.example.org:443/compute/", "compute", "/"),
        ("https://two.example.org:/compute/", "compute", "/"),
        ("https://two.example.org:0443/compute/", "compute", "/"),
        ("HTTPS://Two.Example.ORG/compute?x", "compute", "?x"),
        ("https://two.example.org./compute", "compute", ""),
        ("https://TWO.example.org.:443/compute/ha/v1", "instance-ha", "/v1"),
        ("http://two.example.org:443/compute/v2.1", "compute", "/v2.1"),
        ("https://images.example.org:80/v2/images", "image", "/v2/images"),
        ("http://10.0.0.2:8774/v2.1", "compute", "/v2.1"),
        ("https://10.0.0.2:8774/v2.1", "compute", "/v2.1"),
        ("https://six.example.org", "dns", ""),
        ("https://six.example.org/v2", "dns", "/v2"),
        ("https://[2001:DB8:0::2]:8041/v1", "metric", "/v1"),
        ("http://[2001:db8::2]:8041?x", "metric", "?x"),
    ],
)
def test_every_spelling_is_the_same_address(url: str, service: str, rest: str) -> None:
    """Of scheme, host and port; the path stays as it is written."""
    found = frontend_of(CLOUD, url)
    assert found is not None
    assert (found[0].service, found[1]) == (service, rest)


def test_the_written_scheme_counts_before_the_other() -> None:
    """Where either is the address of a service, each is its own."""
    cloud = loads("""
clouds:
  Two: {frontends: {image: "http://two", compute: "https://two", network: "https://three"}}
""").clouds["Two"]
    for url, service in (
        ("http://two/", "image"),
        ("https://two/", "compute"),
        ("http://two:443/", "compute"),
        ("http://three/", "network"),
    ):
        found = frontend_of(cloud, url)
        assert found is not None
        assert found[0].service == service


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/compute",
        "//two.example.org/compute",
        "two.example.org/compute",
        "ftp://two.example.org/compute",
        "https:/two.example.org/compute",
        "https://two.example.org/computer",
        "https://two.example.org/Compute",
        "https://two.example.org:444/compute",
        "https://two.example.org:99999/compute",
        "https://two.example.org:443x/compute",
        "https://two.example.org:-443/compute",
        "https://two.example.org../compute",
        "https://.two.example.org/compute",
        "https://two.example.org.evil.example/compute",
        "https://two.example.org@evil.example/compute",
        "https://user@two.example.org/compute",
        "https://two.example.org\\@evil.example/compute",
        "https://two.example.org#/compute",
        "https://two.example.org/compute#x",
        "https://two.example.org\n/compute",
        "https://two.example.org/compute\n",
        "https://tw\u00f3.example.org/compute",
        "https://two.example.org%2fcompute",
        "https://[2001:db8::2/v1",
        "https://[2001:db8::2::]:8041/v1",
        "https://[fe80::1%eth0]:8041/v1",
        f"https://{'a' * 300}.example.org/compute",
    ],
)
def test_what_is_none_of_the_cloud_s_addresses(url: str) -> None:
    """Nor what some reader could take for another one's."""
    assert frontend_of(CLOUD, url) is None


@given(st.text())
def test_whatever_a_text_is_nothing_is_raised(text: str) -> None:
    """Another cloud may write anything."""
    frontend_of(CLOUD, f"https://{text}")
    frontend_of(CLOUD, text)
