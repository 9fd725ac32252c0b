"""Headers are looked up in lower case, and kept as they came."""

import pytest

from openstackoid.message import (
    HOP_BY_HOP,
    MAX_WORDS,
    Head,
    Headers,
    connection_headers,
    is_json,
    is_xml,
)

SENT = Headers([("Host", "x"), ("X-A", "1"), ("x-a", "2"), ("Accept", "*/*")])


def test_a_header_is_found_in_any_case_and_each_time_it_was_sent() -> None:
    """The order and the spelling of all of them stay."""
    assert (SENT.first("x-a"), SENT.get("x-a"), SENT.all("x-a")) == ("1", "1", ["1", "2"])
    assert "x-a" in SENT
    assert list(SENT) == [("Host", "x"), ("X-A", "1"), ("x-a", "2"), ("Accept", "*/*")]


def test_a_header_that_was_not_sent_is_none_or_the_default() -> None:
    """Nobody has to ask first."""
    assert (SENT.first("x-b"), SENT.get("x-b"), SENT.get("x-b", "d"), SENT.all("x-b")) == (
        None,
        "",
        "d",
        [],
    )


def test_without_leaves_all_others() -> None:
    """What has none of the names is the same object: nothing is made anew."""
    assert SENT.without({"x-a", "x-b"}).pairs == (("Host", "x"), ("Accept", "*/*"))
    assert SENT.without({"x-b"}) is SENT


def test_headers_are_added_behind_the_others() -> None:
    """Under their names, beside equal ones; what they are added to stays as it is."""
    more = SENT.followed_by([("X-a", "3"), ("X-B", "4")])
    assert more.pairs == (*SENT.pairs, ("X-a", "3"), ("X-B", "4"))
    assert more == Headers(more.pairs)
    assert (more.all("x-a"), more.first("x-b")) == (["1", "2", "3"], "4")
    assert SENT.all("x-a") == ["1", "2"]
    assert SENT.followed_by([]) is SENT


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((), set()),
        (("close",), {"close"}),
        (("Close, X-A", "te"), {"close", "x-a", "te"}),
        (("a," * MAX_WORDS + "b,c",), {"a", "b,c"}),
        ((" ,, a ,",), {"a"}),
        ((",".join(f"x{n}" for n in range(50)),), {f"x{n}" for n in range(50)}),
    ],
)
def test_a_header_that_is_a_list_is_read_as_words(values: tuple[str, ...], words: set[str]) -> None:
    """Several lines are one list (RFC 9110, section 5.3)."""
    headers = Headers([("Connection", value) for value in values])
    assert headers.words("connection") == words
    assert connection_headers(headers) == HOP_BY_HOP | words


def test_equal_headers_are_equal() -> None:
    """By names, values and order."""
    assert Headers([("A", "1")]) == Headers([("A", "1")])
    assert Headers([("A", "1")]) != Headers([("a", "1")])
    assert hash(Headers([("A", "1")])) == hash(Headers([("A", "1")]))
    assert Headers(()) != ()


def test_the_path_of_a_head_ends_before_its_query() -> None:
    """Still percent-encoded."""
    assert Head("GET", "/a%20b?c=d?e", SENT, 80).path == "/a%20b"


@pytest.mark.parametrize(
    ("kind", "json"),
    [
        ("application/json", True),
        ("Application/JSON; charset=UTF-8", True),
        ("application/vnd.docker.distribution.manifest.v2+json", True),
        ("application/openstack-images-v2.1-json-patch", True),
        ("application/octet-stream", False),
        ("text/plain", False),
        ("application/jsonlines", False),
        ("", False),
    ],
)
def test_what_says_it_is_json_is_known_by_its_type(kind: str, json: bool) -> None:
    """Parameters and case do not count."""
    headers = Headers([("Content-Type", kind)] if kind else [])
    assert is_json(headers) is json


@pytest.mark.parametrize(
    ("kind", "xml"),
    [
        ("application/xml", True),
        ("Text/XML; charset=UTF-8", True),
        ("application/soap+xml", True),
        ("text/plain; format=xml", False),
        ("application/xmlx", False),
        ("xml", False),
        ("", False),
    ],
)
def test_what_says_it_is_xml_is_known_by_its_type(kind: str, xml: bool) -> None:
    """Parameters and case do not count."""
    assert is_xml(Headers([("Content-Type", kind)] if kind else [])) is xml


def test_names_are_looked_for_together() -> None:
    """One look tells whether any of them was sent, or returns all other headers."""
    assert SENT.has_any({"x-a", "x-b"})
    assert not SENT.has_any({"x-b"})
    assert SENT.pairs_without({"x-a"}) == (("Host", "x"), ("Accept", "*/*"))
    assert SENT.pairs_without({"x-b"}) is SENT.pairs
