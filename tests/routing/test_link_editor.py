"""Links in bodies are replaced, and nothing else, however a body is cut."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openstackoid.routing.link_editor import LinkEditor

THERE, HOME = "http://there:8774", "https://home/compute"


def lead(link: str) -> str:
    """Lead as Links does: addresses of the other cloud, and paths."""
    if link.startswith(THERE):
        return HOME + link.removeprefix(THERE)
    return f"/compute{link}" if link.startswith("/") else link


def edited(body: bytes, *sizes: int, relative: bool = True) -> bytes:
    """Return a body as it comes out, fed in pieces of these sizes in turn (none: at once)."""
    editor = LinkEditor(lead, relative=relative)
    out, position, turn = b"", 0, 0
    while position < len(body):
        size = sizes[turn % len(sizes)] if sizes else len(body)
        out += editor.feed(body[position : position + size])
        position, turn = position + size, turn + 1
    return out + editor.end()


RELATIONS = ("first", "href", "last", "next", "prev", "previous", "self")
REFERENCES = ("secret_ref", "container_ref", "order_ref", "acl_ref", f"{'x' * 56}_ref")


@pytest.mark.parametrize("key", [*RELATIONS, *REFERENCES])
@pytest.mark.parametrize("colon", [":", ": ", " : ", "\r\n:\t\n "])
def test_the_key_says_what_a_link_is(key: str, colon: str) -> None:
    """Whatever the spacing."""
    for value in (f"{THERE}/v1/x?a=b", "/v1/x", f"{THERE}/v1/%C3%A9?a=b\\u0026c=d"):
        body = f'{{"a": 1, "{key}"{colon}"{value}"}}'
        assert edited(body.encode()).decode() == body.replace(value, lead(value))


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "%s"}',
        '{"description": "%s", "user_data": "%s"}',
        '{"url": "%s", "uri": "%s", "redirect_url": "%s", "auth_url": "%s"}',
        '{"HREF": "%s", "x-href": "%s", "ref": "%s", "_reference": "%s", "xself": "%s"}',
        '["href", "%s"]',
        '{"href": ["%s"]}',
        '{"href": "see %s"}',
        '{"href": "%s is no more"}',
        '{"href": "%s\\n"}',
        '{"href": "%s\\\\"}',
        '{"href": "%s \\"quoted\\""}',
        '{"a\\"href": "%s"}',
        '{"text": "\\"href\\": \\"%s\\""}',
        '{"text": "{\\"metadata\\": {", "name": "%s"}',
        '{"href": "ftp%s"}',
        '{"metadata": {"href": "%s"}}',
        '{"metadata":{"a":"}","next":"%s","b":"\\"}","self":"%s","c":"\\\\","href":"%s"}}',
        '{"metadata": {"a": {"b": [{}, {"href": "%s"}]}, "href": "%s"}}',
        '{"volume_image_metadata" : {"my_ref": "%s"}, "properties": {"next": "%s"}}',
        '{"extra_specs": {"self": "%s"}, "labels": {"last": "%s"}, "parameters": {"first": "%s"}}',
        '{"metadata": {"broken": "%s',
    ],
)
def test_whatever_is_no_link_stays(body: str) -> None:
    """Text, data with addresses, a text that quotes JSON, and what users call their own keys."""
    text = body.replace("%s", THERE)
    for sizes in ((), (1,), (7, 3)):
        assert edited(text.encode(), *sizes).decode() == text


@pytest.mark.parametrize(
    "before",
    [
        '{"metadata": {}, "href": "%s"}',
        '{"metadata": {"href": "%s"}, "href": "%s"}',
        '{"metadata": {"a": "\\\\"}, "href": "%s"}',
        '{"metadata": {"a": "{"}, "href": "%s"}',
        '{"metadata": null, "href": "%s"}',
        '{"metadata": "{", "href": "%s"}',
        '{"metadata": ["href"], "href": "%s"}',
        '{"a": "metadata", "links": {"self": "%s"}}',
        '{"a\\"metadata": [{"href": "%s"}]}',
    ],
)
def test_links_beside_an_object_of_a_user_are_replaced(before: str) -> None:
    """What looks like one, or ends within a string, is none."""
    last = before.rindex("%s")
    there = before.replace("%s", THERE)
    home = before[:last].replace("%s", THERE) + before[last:].replace("%s", HOME)
    for sizes in ((), (1,), (5, 2)):
        assert edited(there.encode(), *sizes).decode() == home


def test_bytes_that_are_no_text_stay() -> None:
    """A link is led home whatever charset its query has."""
    body = b'{"x": "\xff\xfe", "href": "http://there:8774/?name=\xe9\xff"}'
    assert edited(body, 3) == body.replace(b"http://there:8774", b"https://home/compute")


def test_a_link_that_no_server_takes_stays() -> None:
    """It is longer than is held for it; the next one is found all the same."""
    for size in (8192, 8193):
        link = THERE + "/" + "x" * (size - len(THERE) - 1)
        body = f'{{"next": "{link}", "href": "{THERE}/"}}'
        expected = body.replace(f'{THERE}/"', f'{HOME}/"')
        if size == 8192:
            expected = expected.replace(link, lead(link))
        for sizes in ((), (1000,), (8192, 3)):
            assert edited(body.encode(), *sizes).decode() == expected


@pytest.mark.parametrize("text", ["x" * 100_000, '\\"' * 50_000, " " * 100_000, "[" * 100_000])
def test_no_more_is_held_back_than_a_link(text: str) -> None:
    """Whatever a body is made of, memory is bounded; and what is certain is passed on."""
    editor = LinkEditor(lead, relative=True)
    fed = passed = 0
    for body in (f'{{"a": "{text}', text, f'{text}", "metadata": {{"{text}', text):
        for start in range(0, len(body), 1000):
            piece = body[start : start + 1000].encode()
            fed += len(piece)
            passed += len(editor.feed(piece))
            assert fed - passed < 9000


KEYS = st.sampled_from(
    ["href", "next", "self", "a_ref", "name", "url", "metadata", "properties", 'x"href', "é", "}"]
)
STRINGS = st.sampled_from(
    [THERE, f"{THERE}/v2?x", f"see {THERE}", f"{THERE} ", "/v2", "//x", "", "\\", '"', "{", "é"]
) | st.text(max_size=5)
DOCUMENTS = st.recursive(
    STRINGS | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
LINKS = {"href", "next", "self", "a_ref"}


def expected(document: Any, key: str = "") -> Any:
    """Edit as the rule says it, on the decoded document."""
    if isinstance(document, list):
        return [expected(item) for item in document]
    if isinstance(document, dict):
        owned = key in {"metadata", "properties"}
        return document if owned else {k: expected(v, k) for k, v in document.items()}
    link = isinstance(document, str) and key in LINKS and " " not in document
    return lead(document) if link and "\\" not in document else document


@given(
    DOCUMENTS,
    st.lists(st.integers(1, 40), max_size=4),
    st.sampled_from([None, 1]),
    st.booleans(),
)
@example({"properties": {"href": THERE}}, [11], None, True)
@example({"metadata": {"a": "\\"}, "href": THERE}, [1], None, True)
def test_pieces_make_no_difference(
    document: Any, sizes: list[int], indent: int | None, ascii_only: bool
) -> None:
    """However the network cuts a body, it is edited as the rule says, and stays valid JSON."""
    body = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    whole = edited(body)
    assert edited(body, *sizes) == whole
    assert json.loads(whole) == expected(document)


@given(
    st.binary(max_size=200)
    | st.lists(
        st.sampled_from(
            [
                b'"',
                b"{",
                b"}",
                b"\\",
                b'"metadata": {',
                b'"href": "http://there:8774',
                b'" , ',
                b"x" * 30,
            ]
        ),
        max_size=20,
    ).map(b"".join),
    st.lists(st.integers(1, 40), max_size=4),
)
def test_what_is_no_json_is_cut_as_little(body: bytes, sizes: list[int]) -> None:
    """Another cloud may send anything: pieces make no difference, and nothing is lost."""
    whole = edited(body)
    assert edited(body, *sizes) == whole
    if THERE.encode() not in body and b'"/' not in body:
        assert whole == body


def test_relative_links_are_left_alone_where_none_changes() -> None:
    """As of the image service, whose are right in every cloud."""
    body = f'{{"next": "/v2/x", "href": "{THERE}/v2"}}'.encode()
    assert edited(body, relative=False) == body.replace(THERE.encode(), HOME.encode())


@pytest.mark.parametrize("piece", [b":{", b"://", b'"/'])
def test_single_bytes_stay_as_they_are(piece: bytes) -> None:
    """A cloud may send each byte alone, behind what cannot be sent on yet."""
    editor = LinkEditor(lambda url: url, relative=True)
    body = b'{"c":"' + piece * 3000
    out = editor.feed(body)
    for _ in range(1000):
        out += editor.feed(b":")
    assert out + editor.end() == body + b":" * 1000
