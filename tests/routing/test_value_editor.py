"""Values of some keys are replaced, whatever they are and however the body arrives."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.routing.link_editor import LinkEditor
from openstackoid.routing.value_editor import ValueEditor

VALUES = {"direct_url": b'""', "locations": b"[]"}
texts = st.text(max_size=8) | st.sampled_from(["direct_url", '"direct_url":"', "\\", '["', "]"])
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(texts | st.sampled_from(["locations", "direct_url"]), inner, max_size=4)
    ),
    max_leaves=20,
)


def edited(*pieces: bytes) -> bytes:
    """Return a body that arrives in pieces, edited."""
    editor = ValueEditor(VALUES, LinkEditor(str, relative=False))
    return b"".join([*map(editor.feed, pieces), editor.end()])


def expected(document: Any) -> Any:
    """Return a document with the values replaced."""
    match document:
        case list():
            return [expected(item) for item in document]
        case dict():
            return {key: _replaced(key, value) for key, value in document.items()}
    return document


def _replaced(key: str, value: Any) -> Any:
    if key in VALUES and isinstance(value, str | list):
        return json.loads(VALUES[key])
    return expected(value)


@given(documents, st.data(), st.sampled_from([None, 1]), st.booleans())
def test_in_any_document_in_any_pieces(
    document: Any, data: st.DataObject, indent: int | None, ascii_only: bool
) -> None:
    """Only those values change, wherever they are."""
    body = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert json.loads(edited(*pieces)) == expected(document)


@given(documents)
def test_byte_by_byte(document: Any) -> None:
    """As if it came at once."""
    body = json.dumps(document).encode()
    assert edited(*(body[i : i + 1] for i in range(len(body)))) == edited(body)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'{"direct_url":"rbd://x"}', b'{"direct_url":""}'),
        (b'{"direct_url" \n:\t"rbd://\\"x\\\\","a":1}', b'{"direct_url" \n:\t"","a":1}'),
        (b'{"locations":[{"url":"file:///]","m":{"a":["]"]}}],"b":[]}', b'{"locations":[],"b":[]}'),
        (b'{"locations":"x","direct_url":["y"]}', b'{"locations":[],"direct_url":""}'),
        (b'{"locations":{"type":"array"},"direct_url":null}', None),
        (b'{"tags":["locations","direct_url"],"name":"direct_url"}', None),
        (b'{"name":"\\"direct_url\\":\\"x\\""}', None),
        (b'{"name":"\\\\","direct_url":"x"}', b'{"name":"\\\\","direct_url":""}'),
        (b'{"direct_url":"a","direct_url":"b"}', b'{"direct_url":"","direct_url":""}'),
        (b'{"direct_url":"never ends', b'{"direct_url":""'),
        (b'{"locations":[[[', b'{"locations":[]'),
        (b'{"my_locations":["x"],"direct_url_":"x"}', None),
        (b"no json", None),
        (b"", None),
    ],
)
def test_what_changes(before: bytes, after: bytes | None) -> None:
    """None: nothing."""
    assert edited(before) == (before if after is None else after)


def test_blanks_without_end_hide_no_value() -> None:
    """They need not be held."""
    blanks = b" " * 100_000
    body = b'{"direct_url"%b:%b"rbd://x"}' % (blanks, blanks)
    assert edited(*(body[i : i + 7] for i in range(0, len(body), 7))).endswith(b':%b""}' % blanks)
    editor = ValueEditor(VALUES, LinkEditor(str, relative=False))
    editor.feed(b'{"a":1,"direct_url"')
    assert len(editor.feed(blanks)) > 80_000


@pytest.mark.parametrize(
    "item",
    [b'"locations":[],', b'"locations":1,', b'"locations"', b'"direct_url" : "" ,',
     b'"locations":[[[]],{"a":[]}],'],
)  # fmt: skip
def test_each_key_is_searched_for_once(item: bytes) -> None:
    """In a long piece that is full of one of them, and has none of the others."""
    assert len(edited(b"[" + item * (2**22 // len(item)))) <= 2**22 + 1
