"""What is a list, and what is one resource."""

import json
from typing import Any

import msgspec
import pytest

from openstackoid.operators.listing import decode, listing
from openstackoid.operators.runs import Run

ITEMS = [{"id": "a"}]
NEXT = {"rel": "next", "href": "/v1/things?marker=a"}


@pytest.mark.parametrize(
    "beside",
    [
        {},
        {"things_links": []},
        {"things_links": [NEXT]},
        {"links": {"self": "x", "next": None, "previous": None}},
        {"links": [{"rel": "self", "href": "x", "type": "text"}]},
        {"first": "/v1/things", "schema": "/v1/schemas/things", "next": "/v1/things?marker=a"},
        {"next": None, "previous": None, "last": "x"},
        {"truncated": True},
        {"count": 3, "total_count": 3},
        {"total": 1},
        {"metadata": {"total_count": 1}},
        {"markers": {"prev": None, "next": "a"}},
        {"next_marker": "a"},
        {"page": 1, "pages": 1},
        {"has_more": False, "offset": 0},
        {"resource_provider_generation": 17},
        {"warning": None, "note": "", "extra": {}},
    ],
)
def test_a_list_may_have_about_itself_what_it_likes(beside: dict[str, Any]) -> None:
    """Links, markers, counts and nothings, decoded or in part bytes."""
    document = {"things": ITEMS, **beside}
    for found in (listing(document), listing(decode(json.dumps(document).encode()))):
        assert found is not None
        assert found.key == "things"
        assert len(found.items) == 1
        assert found.beside == beside


@pytest.mark.parametrize(
    "document",
    [
        {"thing": {"id": "a", "tags": ["x"]}},
        {"id": "a", "tags": ["x"], "size": 3},
        {"id": "a", "members": ITEMS},
        {"name": "a", "things": ITEMS},
        {"things": ["x"], "total": 1},
        {"things": [1, 2], "enabled": True},
        {"things": ITEMS, "others": ITEMS},
        {"columns": ["a"], "results": [[1]], "total": 1},
        {"things": ITEMS, "next_page": 2},
        {"things": ITEMS, "pages": 3},
        {"things": ITEMS, "hasMore": True},
        {"things": ITEMS, "page": {"size": 20}},
        {"things": ITEMS, "continue": "abc"},
        {"things": ITEMS, "deep": {"a": {"b": {"c": 1}}}},
        {"things": ITEMS, "next": {"href": "x"}},
        {"things": ITEMS, "next": 2},
        {"things": ITEMS, "links": {"next": {"href": "x"}}},
        {"things": ITEMS, "markers": {"next": 5}},
        {"things": ITEMS, "markers": "x"},
        {"things": {"a": 1}},
        {"links": [NEXT], "version": "v1"},
        {},
        "text",
        7,
        None,
    ],
)
def test_all_else_is_one_resource(document: Any) -> None:
    """Above all what has a text of its own, and what may go on in a way that is not understood."""
    assert listing(document) is None
    assert listing(decode(json.dumps(document).encode())) is None


def test_what_is_nested_a_thousand_deep_beside_a_list_is_looked_at_no_deeper() -> None:
    """It is no count, and no error either."""
    deep: Any = 1
    for _ in range(900):
        deep = {"a": deep}
    assert listing({"things": ITEMS, "total": deep}) is None


@pytest.mark.parametrize("beside", [{}, {"total": 0}, {"next": None}])
def test_a_list_may_be_called_links(beside: dict[str, Any]) -> None:
    """Its items have ids; an empty one has nothing else to be."""
    for key in ("links", "network_links"):
        items = [{"id": "a", "href": "http://x/a"}]
        found = listing({key: items, **beside})
        assert found is not None
        assert (found.key, found.items, found.next) == (key, items, None)
        empty = listing({key: [], **beside})
        assert empty is not None
        assert (empty.key, empty.items) == (key, [])


def test_a_bare_list_is_one_whatever_is_in_it() -> None:
    """It goes on by the header Link."""
    assert listing([1, "a"]) is not None
    found = listing([{"name": "a"}], [("Link", '</v1/r?marker=a>; rel="next"')])
    assert found is not None
    assert (found.key, found.next, found.marker) == (None, "/v1/r?marker=a", "a")


def test_the_items_of_a_list_stay_bytes() -> None:
    """Though there is something beside it that has to be looked at; odd items are decoded."""
    found = decode(b'{"total": 1, "things": [{"id": 1, "n": {"a": [1]}}], "metadata": {"c": 1}}')
    assert isinstance(found["things"][0], msgspec.Raw)
    assert decode(b'{"things": [{}], "total": 0}') == {"things": [{}], "total": 0}
    assert decode(b'{"id": "a", "tags": [{"x": 1}]}') == {"id": "a", "tags": [{"x": 1}]}


def test_a_merged_list_is_one_again() -> None:
    """With unknown keys beside it, too."""
    found = listing({"things": [Run("A", [{"id": 1}])], "kept": True})
    assert found is not None
    assert found.items == [{"id": 1, "oid:cloud": "A"}]


@pytest.mark.parametrize("data", [b"{", b'{"things": [}', b"[1,", b"", b'{"a": 1}{"b": 2}'])
def test_what_is_no_json_is_an_error(data: bytes) -> None:
    """Of the kind that json has."""
    with pytest.raises(ValueError, match=r"."):
        decode(data)


@pytest.mark.parametrize(
    "beside",
    [
        {f"k{number}": 1 for number in range(200_000)},
        {"counts": {f"k{number}": 1 for number in range(200_000)}},
        {"things_links": [{"rel": "prev", "href": "x"}] * 200_000},
    ],
)
def test_what_has_thousands_of_fields_is_no_list(beside: dict[str, Any]) -> None:
    """Each would be looked at, and compared with those of other clouds, for seconds."""
    assert listing({"things": [{"id": "a"}], **beside}) is None
