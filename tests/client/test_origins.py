"""Where a URL leads, as requests reads and connects to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import Request
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException

from openstackoid.client.origins import Origin, origins

HOME = Origin("https", "home.example", 443)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://home.example/image/v2", "https://home.example"),
        ("HTTPS://HOME.example:443", "https://home.example"),
        ("https://ho%6de.example/", "https://home.example"),  # as requests writes it
        ("http://home.example:443/", "http://home.example:443"),
        ("https://home.example./", "https://home.example."),
        ("https://b\u00fccher.example/", "https://xn--bcher-kva.example"),
        ("http://[0:0:0:0:0:0:0:1]:80/", "http://[::1]"),
        ("http://[fe80::1%25eth0]:8/", "http://[fe80::1%eth0]:8"),
        ("https://home.example\\@away.example/", "https://home.example"),
        ("https://away.example#@home.example/", "https://away.example"),
    ],
)
def test_an_origin_is_what_requests_connects_to(url: str, shown: str) -> None:
    """Case, the scheme's own port and other spellings of one host do not count."""
    (origin,) = origins([url])
    assert str(origin) == shown


@pytest.mark.parametrize(
    "url",
    [
        "https://home.example@away.example/",
        "https://alice:pw@home.example/",
        "https://home.example\\@away.example/",
        "https://home.example/\t",
        "https://home.example /",
        "https://h\u00f6me.example/",
        "https://home.example:99999/",
        "https://home.example:443:1/",
        "http://[v1.a]/",
        "https:///path",
        "//home.example/",
        "file:///etc/passwd",
        "",
    ],
)
def test_what_two_could_read_in_two_ways_has_none(url: str) -> None:
    """Where something leaves it as it is; requests mends some of these before they are sent."""
    with pytest.raises(ValueError):  # noqa: PT011  (the parsers' own, too)
        Origin.of(url)


def test_only_urls_of_web_servers_are_taken_of_a_configuration() -> None:
    """Among its names, numbers and faulty URLs."""
    values = [
        "alice",
        3,
        None,
        ["https://a"],
        "https://alice@b/",
        "https://",
        "https://home.example",
    ]
    assert origins(values) == {HOME}


@given(st.text("/\\@:#?%[]. \tae0\u3002\uff48", max_size=20))
def test_no_spelling_leads_elsewhere_than_it_is_compared(rest: str) -> None:
    """Whatever requests prepares: the host it hands to urllib3 is the one of the origin."""
    try:
        url = Request("GET", f"https://{rest}").prepare().url or ""
        origin = Origin.of(url)
    except (RequestException, ValueError):
        return
    request = Request("GET", url).prepare()
    host, _ = HTTPAdapter().build_connection_pool_key_attributes(request, verify=True)
    assert (origin.scheme, origin.port) == (host["scheme"], host["port"] or 443)
    assert origin.host == host["host"] or ":" in origin.host
