"""Ids in another cloud's answer that would lead a client's next request elsewhere are found."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.routing.foreign_ids import (
    Search,
    UnsafeIdError,
    has_unsafe_id,
)

UNSAFE = [
    '{"id": "../../../network/v2.0/networks/n"}',
    '{"images": [{"name": "foo", "id": "a/b"}]}',
    '{"id": "a?x"}',
    '{"id": "a#"}',
    '{"id": "a%2fb"}',
    '{"id": "a\\\\b"}',
    '{"id": "a\\u002fb"}',
    '{"id": "a\\/b"}',
    '{"id": "a\\nb"}',
    '{"id": "a\nb"}',
    '{"id": ".."}',
    '{"id": "."}',
    '{"uuid": "../x"}',
    '{"network_id": "../x"}',
    '{"network_id": "x/../../y"}',
    '{"network_id": "%2E%2e/y"}',
    '{"network_uuid": "y?z"}',
    '{"i\\u0064": "x"}',
    '{"\\u0069d": "../x"}',
    '{"\\u0049D_\\u0069d": "../x"}',
    '{"id": ["/../x"]}',
    '{"id": "' + "x" * 600 + '"}',
    '{"id"' + " " * 100 + ': "../x"}',
    '{"id":' + " " * 100 + '"../x"}',
    '{"id"\n\t: \r\n"../x"}',
    '{"a": 1, "id": "../x", "id": "x"}',
]
SAFE = [
    "{}",
    '{"id": "7459ba58-1709-40a1-9aae-9d00d3127491"}',
    '{"id": 5, "uuid": null}',
    '{"id": "caf\\u00e9 42"}',
    '{"id": ""}',
    '{"id": "m1.tiny..x"}',
    '{"properties": {"id": {"type": "string", "pattern": "^[/]"}}}',
    '{"client_id": "https://idp.example.org/x"}',
    '{"paid": "../x", "grid": "a/b"}',
    '{"name": "../x", "path": "a/b"}',
    '["id", "../x"]',
    '{"text": "\\"id\\": \\"../x\\""}',
    '{"text": "\\\\\\"id\\\\\\": \\"../x"}',
    '{"C:\\\\u0069d": "x"}',
    '{"text": "\\\\u0069d"}',
    '{"caf\\u00e9": "x"}',
]


@pytest.mark.parametrize("text", UNSAFE)
def test_what_would_be_another_path_is_unsafe(text: str) -> None:
    """Whatever the spelling of key and value, as long as a client reads it."""
    assert has_unsafe_id(text.encode())


@pytest.mark.parametrize("text", SAFE)
def test_what_services_answer_is_safe(text: str) -> None:
    """Ids as they are, other keys, schemas, and texts that only quote an id."""
    json.loads(text)
    assert not has_unsafe_id(text.encode())


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_no_coding_hides_an_id(coding: str) -> None:
    """Clients guess UTF-16 and UTF-32 by their marks and zeros, and decode them."""
    search = Search()
    search.feed('{"id": "../x"}'.encode(coding))
    with pytest.raises(UnsafeIdError):
        search.end()


@pytest.mark.parametrize("first", [1, 2, 3])
def test_zeros_count_wherever_a_piece_ends(first: int) -> None:
    """Also those before the first brace, of which a client may take a body for UTF-16."""
    body, search = b'\0\0\0{"id": "x"}', Search()
    search.feed(body[:first])
    search.feed(body[first:])
    with pytest.raises(UnsafeIdError):
        search.end()


@given(
    st.sampled_from(UNSAFE + SAFE),
    st.integers(0, 5000),
    st.integers(0, 5000),
    st.lists(st.integers(0, 12_000)),
)
def test_no_split_of_a_body_changes_what_is_found(
    text: str, before: int, behind: int, cuts: list[int]
) -> None:
    """An id is found wherever pieces begin and end, and nothing else is."""
    body = b'[{"text": "%b"}, %b, {"text": "%b"}]' % (
        b"x" * before,
        text.encode(),
        b"y" * behind,
    )
    places = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
    search, found = Search(), False
    try:
        for start, end in pairwise(places):
            search.feed(body[start:end])
        search.end()
    except UnsafeIdError:
        found = True
    assert found == (text in UNSAFE)


def test_bytes_of_no_json_are_not_looked_through() -> None:
    """The image of a disk may have any bytes."""
    search = Search()
    search.feed(b'\x7fELF {"id": "../x"}\0')
    search.end()
    assert search.is_json is False


@pytest.mark.parametrize("piece", [b"\\u0061", b"\\u0061" + b"a" * 250, b"\\u0061\\\\" * 9])
def test_escapes_in_a_value_are_no_key(piece: bytes) -> None:
    """However many there are, and wherever the body is cut; behind them a key is found."""
    search = Search()
    body = b'{"name": "' + piece * (200_000 // len(piece)) + b'", '
    for start in range(0, len(body), 4096):
        search.feed(body[start : start + 4096])
    search.feed(b'"\\u0069d": "x"}')
    with pytest.raises(UnsafeIdError):
        search.end()


def test_single_bytes_are_searched_as_a_whole_is() -> None:
    """A cloud may send each byte alone."""
    search = Search()
    for byte in b'{"name": "' + b"x" * 20_000 + b'", "id": "../x"}':
        search.feed(bytes([byte]))
    with pytest.raises(UnsafeIdError):
        search.end()
