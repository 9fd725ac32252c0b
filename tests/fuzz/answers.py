"""Answers of another cloud: ids, links, lists and catalogs, each with what must hold of it."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeAlias

from fuzz.pieces import split
from urllib3.util import parse_url

from openstackoid.federation import loads
from openstackoid.identity.catalog import CatalogEditor, CatalogError
from openstackoid.operators.listing import decode, listing
from openstackoid.operators.runs import Run, decoded, encode
from openstackoid.operators.shapes import CLOUD_LABEL
from openstackoid.routing.error_editor import ErrorEditor
from openstackoid.routing.foreign_ids import MAX_ID, Search, UnsafeIdError, has_unsafe_id
from openstackoid.routing.link_editor import LinkEditor
from openstackoid.routing.links import Links
from openstackoid.scope import parse
from openstackoid.services import special

Pairs: TypeAlias = list[tuple[str, Any]]

FEDERATION = loads("""
clouds:
  One:
    region: RegionOne
    frontends:
      identity: http://one:8888/identity
      compute: {public: "http://one:8888/compute", internal: "http://one.internal/compute"}
      image: http://one:8888/image
  Two:
    region: RegionTwo
    frontends:
      identity: http://two:5000
      compute: {public: "http://two:8774", internal: "http://two.internal:8774"}
      image: http://two:9292
""")
HOME, THERE = FEDERATION.clouds["One"], FEDERATION.clouds["Two"]
OURS = [str(url) for urls in HOME.frontends.values() for url in urls.values()]


class _Object(list[tuple[str, Any]]):
    """A JSON object with all its pairs, as another parser may take the first of two equal keys."""


def _loaded(body: bytes) -> Any:
    """Return JSON as the most lenient client reads it, with all pairs; raises ValueError."""
    try:
        return json.loads(body, object_pairs_hook=_Object, strict=False)
    except RecursionError as error:
        raise ValueError from error


def _pairs(document: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(document, list) and not isinstance(document, _Object):
        document = [("", value) for value in document]
    if isinstance(document, _Object | list):
        for key, value in document:
            yield key, value
            yield from _pairs(value)


_ID = re.compile(r"(?:id|uuid)|[a-z_]{1,60}_(?:id|uuid)")


def _leads_elsewhere(key: str, value: Any) -> bool:
    """Tell whether a client would make another path of an id: the rule of foreign_ids.py."""
    if not _ID.fullmatch(key):
        return False
    if not isinstance(value, str):
        return isinstance(value, list) and not isinstance(value, _Object)
    if any(character < " " or character in "\\\x7f" for character in value):
        return True
    if key in {"id", "uuid"}:
        return bool(set(value) & set("/?#%")) or value in {".", ".."} or len(value) > 2 * MAX_ID
    if value in {".", ".."} or set(value) & set("?#"):
        return True
    return bool(set(value) & set("/%")) and (".." in value or "%2e" in value.lower())


def ids(data: bytes) -> None:
    """Search a body for ids that are paths: pieces find what the whole has, and all of it."""
    body, pieces = split(data)

    def unsafe(pieces: list[bytes]) -> bool:
        search = Search()
        try:
            for piece in pieces:
                search.feed(piece)
            search.end()
        except UnsafeIdError:
            return True
        return False

    found = unsafe([body])
    assert unsafe(pieces) == found, "pieces decide what is found"
    if found:
        assert has_unsafe_id(body)
        return
    with suppress(ValueError):
        document = _loaded(body)
        missed = [pair for pair in _pairs(document) if _leads_elsewhere(*pair)]
        assert not missed, missed


_LINK = re.compile(r"first|href|last|next|prev|previous|self|.*_ref", re.DOTALL)


_OF_LINKS = (b"two", b'"/', b"..", b".\\", b"%2", b"\\u002")
"""In lower case, what is in each link that changes: a host, a path or a step."""


def links(data: bytes) -> None:
    """Edit the links of a body: pieces make no difference, and nothing but links changes.

    What is no JSON, no client reads: there only nothing may fail, or be held back for ever.
    """
    relative = data[:1] == b"r"
    body, pieces = split(data[1:])
    way = Links(THERE, HOME, "compute")

    def edited(pieces: list[bytes]) -> bytes:
        editor = LinkEditor(way.url, relative=relative)
        return b"".join([*map(editor.feed, pieces), editor.end()])

    whole, cut = edited([body]), edited(pieces)
    try:
        before = _loaded(body)
    except ValueError:
        assert whole == cut == body or any(mark in body.lower() for mark in _OF_LINKS)
        return
    assert cut == whole, "pieces decide what is edited"
    if b"\0" not in body:  # as UTF-16 and UTF-32 have it
        _only_links(before, _loaded(whole), "", way.url)


def _only_links(before: Any, after: Any, key: str, lead: Callable[[str], str]) -> None:
    assert type(before) is type(after)
    if isinstance(before, _Object):
        assert [k for k, _ in before] == [k for k, _ in after]
        for (inner, one), (_, other) in zip(before, after, strict=True):
            _only_links(one, other, inner, lead)
    elif isinstance(before, list):
        assert len(before) == len(after)
        for one, other in zip(before, after, strict=True):
            _only_links(one, other, "", lead)
    elif before != after and before == before:  # NaN differs from itself
        assert _LINK.fullmatch(key)
        assert isinstance(before, str)
        assert after == lead(before)


def errors(data: bytes) -> None:
    """Edit an error: it can be printed, and is in the name of its cloud alone."""
    body, pieces = split(data)

    def edited(pieces: list[bytes]) -> bytes:
        editor = ErrorEditor("Two", LinkEditor(str, relative=False))
        return b"".join([*map(editor.feed, pieces), *editor.rest()])

    whole = edited([body])
    assert edited(pieces) == whole, "pieces decide what is edited"
    text = whole.decode()
    try:
        document = json.loads(text)
    except ValueError:
        assert text.isprintable()
        assert not body or text.startswith("Two: ")
        return
    if isinstance(document, str):
        assert document.startswith("Two: ")
    _only_printable(document)


def _only_printable(document: Any) -> None:
    match document:
        case str():
            assert document.isprintable(), document
        case list():
            for item in document:
                _only_printable(item)
        case dict():
            _only_printable([*document, *document.values()])
            assert _is_named(document.get("message")), document
            error = document.get("error")
            assert not isinstance(error, dict) or error.get("cloud", "Two") == "Two"


def _is_named(message: object) -> bool:
    """Tell whether what clients print of an error names its cloud, be it JSON that does so."""
    if not message or not isinstance(message, str | list | dict):
        return True
    if not isinstance(message, str):
        return False
    return message.startswith("Two: ") or (message.startswith("{") and "Two: " in message)


VALUES = special("image").acted_on


def values(data: bytes) -> None:
    """Replace what an image's own services act on: in no spelling that passes is any of it left."""
    body, pieces = split(data)

    def edited(pieces: list[bytes]) -> bytes:
        editor = Links(THERE, HOME, "image").edit(VALUES)
        return b"".join([*map(editor.feed, pieces), editor.end()])

    whole, cut = edited([body]), edited(pieces)
    if has_unsafe_id(body):
        return
    try:
        before = _loaded(body)
    except ValueError:
        return
    assert cut == whole, "pieces decide what is replaced"
    replaced = [json.loads(new) for new in VALUES.values()]
    for key, value in _pairs(_loaded(whole)):
        described = isinstance(value, _Object) or not isinstance(value, str | list)
        assert key not in VALUES or described or value in replaced
    assert [key for key, _ in _pairs(before)][:1] == [key for key, _ in _pairs(_loaded(whole))][:1]


def lists(data: bytes) -> None:
    """Label the items of a list: each object gets its cloud, which counts, and nothing else."""
    try:
        document = decode(data)
    except (ValueError, RecursionError):
        return
    found = listing(document)
    if found is None:
        return
    try:
        items = [decoded(item) for item in found.items]
    except ValueError:  # a number out of range, which is found where an item is decoded
        return
    again = json.loads(b"".join(encode({"items": [Run("Two", list(found.items))]})))["items"]
    label = {CLOUD_LABEL: "Two"}
    assert again == [_own(item) | label if isinstance(item, dict) else item for item in items]


def _own(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item without the keys that only a gateway sets."""
    return {key: value for key, value in item.items() if not key.startswith("oid:")}


def catalogs(data: bytes) -> None:
    """Edit another cloud's catalog: whatever it holds, its endpoints are addresses of home."""
    editor = CatalogEditor(
        parse("image=Two").completed("One"), Links(THERE, HOME, "identity"), FEDERATION, "One"
    )
    editor.feed(data)
    try:
        edited = b"".join(editor.rest())
    except CatalogError:
        return
    if not edited:
        assert not data
        return
    document = json.loads(edited)
    holder = document.get("token", document)
    for entry in holder.get("catalog", []) if isinstance(holder, dict) else []:
        for endpoint in entry["endpoints"]:
            url = endpoint["url"]
            path = url.partition("?")[0]
            ours = [own for own in OURS if f"{path}/".startswith(f"{own}/")]
            assert ours, url
            assert "\\" not in path, url
            folded = f"{parse_url(url).path or ''}/"  # as clients fold the steps in it
            assert folded.startswith(f"{parse_url(ours[0]).path or ''}/"), url
            assert endpoint.get("region", "RegionOne") == "RegionOne"
