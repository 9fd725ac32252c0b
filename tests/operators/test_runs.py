"""The items of merged lists: bytes until they are sent, then labelled with their cloud."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.operators.listing import decode, listing
from openstackoid.operators.runs import Run, decoded, encode

finite = st.floats(allow_nan=False, allow_infinity=False)  # JSON has no other
values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from(["things", "links", "next", "count", "x"]), values)


def loaded(document: Any) -> Any:
    """Return a document by way of its JSON."""
    return json.loads(b"".join(encode(document)))


@given(documents | values)
def test_what_is_decoded_in_part_is_the_same(document: Any) -> None:
    """Whatever stays bytes, an answer is passed on as it came, and its items are those it had."""
    partly = decode(json.dumps(document).encode())
    assert loaded(partly) == document
    found = listing(partly)
    assert found is None or [decoded(i) for i in found.items] == (
        document if found.key is None else document[found.key]
    )


@given(st.lists(values, min_size=1), st.booleans())
def test_each_object_is_marked_and_nothing_else(items: list[Any], spaced: bool) -> None:
    """However a service writes its JSON, what is an object gets a cloud."""
    separators = (" , ", " : ") if spaced else (",", ":")
    partly = decode(json.dumps({"things": items}, separators=separators).encode())
    raw = partly["things"]
    labelled = [{"oid:cloud": "A"} | i if isinstance(i, dict) else i for i in items]
    assert loaded({"things": [Run("A", list(raw))]}) == {"things": labelled}
    assert loaded([Run("A", list(raw)), Run(None, list(raw))]) == labelled + items


@pytest.mark.parametrize("written", ['{"id":1}', '{ "id": 1 }', '{\n"id": 1}', "{}", "{ }", '"a"'])
def test_an_item_is_marked_however_it_is_written(written: str) -> None:
    """Spaces, no key at all, and no object."""
    item = json.loads(written)
    labelled = {"oid:cloud": 'A"'} | item if isinstance(item, dict) else item
    partly = decode(b'{"things":[%b]}' % written.encode())
    assert loaded([Run('A"', partly["things"])]) == [labelled]


def test_a_merged_list_can_be_merged_again() -> None:
    """Its items are single ones again, each with the cloud it had."""
    runs = [Run("A", [msgspec.Raw(b'{"id":1}')]), Run("B", [{"id": 2}, {"id": 3}])]
    found = listing({"things": runs, "things_links": []})
    assert found is not None
    assert [(item["oid:cloud"], item["id"]) for item in found.items] == [
        ("A", 1),
        ("B", 2),
        ("B", 3),
    ]


def test_what_is_beside_the_list_stays() -> None:
    """Links and counts."""
    document = {"things": [Run("A", [{"id": 1}])], "next": "/x", "count": 1}
    things = [{"oid:cloud": "A", "id": 1}]
    assert loaded(document) == {"things": things, "next": "/x", "count": 1}
    assert loaded({"things": [], "next": "/x"}) == {"things": [], "next": "/x"}


@pytest.mark.parametrize(
    "item",
    [
        b'{"oid:cloud":"B","id":1}',
        b'{"id":1,"oid:cloud":"B"}',
        b'{"id":1,"oid:page":"B"}',
        b'{"id":1,"oid:cloud":{"oid:cloud":"B"}}',
        b'{"oid:cloud":"B","id":1,"oid:cloud":"C"}',
    ],
)
def test_a_mark_of_the_cloud_s_own_is_left_out(item: bytes) -> None:
    """Wherever it stands: no reader finds another one than ours."""
    for items in ([msgspec.Raw(item)], [json.loads(item)]):
        (pairs,) = json.loads(b"".join(encode([Run("A", items)])), object_pairs_hook=list)
        assert pairs == [("id", 1), ("oid:cloud", "A")]


def test_a_mark_that_is_written_with_escapes_stands_before_ours() -> None:
    """JSON's readers take the last."""
    for mark in (rb"\u006fid:cloud", rb"oid\u003acloud"):
        item = b'{"id":1,"%b":"B"}' % mark
        assert loaded([Run("A", [msgspec.Raw(item)])]) == [{"id": 1, "oid:cloud": "A"}]


def test_what_is_deeper_in_an_item_is_the_user_s() -> None:
    """Only an item names its cloud."""
    item = b'{"id":1,"metadata":{"oid:cloud":"x"}}'
    found = {"id": 1, "metadata": {"oid:cloud": "x"}, "oid:cloud": "A"}
    assert loaded([Run("A", [msgspec.Raw(item)])]) == [found]
