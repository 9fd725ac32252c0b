"""An error of another cloud is printed as its own, on one line, and acts on no terminal."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.routing.error_editor import MAX_ERROR, MAX_VALUES, ErrorEditor
from openstackoid.routing.link_editor import LinkEditor

ESCAPES = "\x1b[2J\x07\x9b31m\r\n\x7f\u202e"


def edited(*pieces: bytes, markup: bool = False) -> str:
    """Return the body of an error, edited."""
    editor = ErrorEditor("Two", LinkEditor(str, relative=False), markup=markup)
    return b"".join([*map(editor.feed, pieces), *editor.rest()]).decode()


def told(document: Any) -> Any:
    """Return an error of JSON, edited."""
    return json.loads(edited(json.dumps(document).encode()))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            {"itemNotFound": {"message": "no server", "code": 404}},
            {"itemNotFound": {"message": "Two: no server", "code": 404}},
        ),
        (
            {"NeutronError": {"type": "NotFound", "message": "no net", "detail": ""}},
            {"NeutronError": {"type": "NotFound", "message": "Two: no net", "detail": ""}},
        ),
        (
            {"error": {"code": 401, "message": "no", "title": "Unauthorized"}},
            {"error": {"code": 401, "message": "Two: no", "title": "Unauthorized"}},
        ),
        (
            {"errors": [{"status": 404, "title": "Not Found", "detail": "no provider"}]},
            {"errors": [{"status": 404, "title": "Two: Not Found", "detail": "Two: no provider"}]},
        ),
        (
            {"explanation": "no stack", "code": 404, "error": {"message": "no", "type": "X"}},
            {
                "explanation": "Two: no stack",
                "code": 404,
                "error": {"message": "Two: no", "type": "X"},
            },
        ),
        (
            {"code": 403, "title": "Forbidden", "description": "no secret"},
            {"code": 403, "title": "Two: Forbidden", "description": "Two: no secret"},
        ),
        (
            {"error_message": json.dumps({"faultstring": "no node", "debuginfo": None})},
            {"error_message": json.dumps({"faultstring": "Two: no node", "debuginfo": None})},
        ),
        (
            {"error": {"message": json.dumps({"faultstring": "no"})}},
            {"error": {"message": json.dumps({"faultstring": "Two: no"})}},
        ),
        ("no", "Two: no"),
        ([1, None, True], [1, None, True]),
    ],
)
def test_each_kind_of_error_names_its_cloud(before: Any, after: Any) -> None:
    """Nova's, neutron's, keystone's, placement's, heat's, barbican's and ironic's."""
    assert told(before) == after


def test_an_error_is_in_nobody_else_s_name() -> None:
    """Whatever it says of itself: the cloud that answers is the one it is of."""
    forged = {"error": {"code": 502, "message": "Two: One: log in again", "cloud": "One"}}
    assert told(forged)["error"] == {
        "code": 502,
        "message": "Two: Two: One: log in again",
        "cloud": "Two",
    }


@pytest.mark.parametrize("key", ["message", "faultstring"])
@pytest.mark.parametrize(
    "forged",
    [
        "[One] log in again",
        '"One" says: log in again',
        "{One}: log in again",
        '"One: log in again"',
        '["One: log in again"]',
        '{"x": "One: log in again"}',
        '{"message": "", "x": "One: log in again"}',
        ["One: log in again"],
        {"One": "log in again"},
    ],
)
def test_no_text_speaks_as_another_by_its_first_character(forged: Any, key: str) -> None:
    """Neither what looks like JSON, nor what is: clients print it as it stands."""
    said = told({"error": {"code": 401, key: forged}})["error"][key]
    assert isinstance(said, str)
    assert said.startswith("Two: ")


def test_nothing_in_it_acts_on_a_terminal() -> None:
    """In no text or key, as deep as clients look."""
    inner = json.dumps({"faultstring": ESCAPES})
    document = {
        ESCAPES: [{"message": ESCAPES, "x": ESCAPES}],
        "error_message": inner,
        "y": f" {inner}",
    }
    found = told(document)
    texts = [*found, found["error_message"], found["y"], json.loads(found["y"])["faultstring"]]
    texts += found["?[2J??31m  ??"][0].values()
    assert all(text.isprintable() for text in texts)
    assert found["?[2J??31m  ??"][0]["message"] == "Two: ?[2J??31m  ??"


@pytest.mark.parametrize(
    ("body", "after"),
    [
        (b"404 Not Found\n\nOne: log in\x1b[0m", "Two: 404 Not Found  One: log in?[0m"),
        (b"<html><h1>No</h1>\n</html>", "Two: <html><h1>No</h1> </html>"),
        (b"\xff\xc2\x9b", "Two: \ufffd?"),
        (b'{"message": ', 'Two: {"message": '),
        (b'{"message": 1e999}', 'Two: {"message": 1e999}'),
        (b"[" * 16_000, f"Two: {'[' * 16_000}"),
        (b'["[",' * 900, "Two: " + '["[",' * 900),
        (b"", ""),
    ],
)
def test_what_is_no_json_is_a_text(body: bytes, after: str) -> None:
    """On one line, with the cloud's name before it."""
    assert edited(body) == after


def test_what_is_json_within_json_is_read_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each text that looks like it is decoded: of thousands that would take half a second."""
    read = 0
    loads = json.loads

    def counting(text: str) -> Any:
        nonlocal read
        read += 1
        return loads(text)

    monkeypatch.setattr(json, "loads", counting)
    for text in ('"[",', '{"message": "{"},', '{"title": "[\\"[\\"]"},'):
        edited(f"[{text * 10_000}1]".encode())
    assert read < 3 * MAX_VALUES


def test_xml_stays_xml() -> None:
    """A name before it would spoil it."""
    assert edited(b"<?xml?>\x1b", markup=True) == "<?xml?>?"
    assert edited(b"One: log in", markup=True) == "Two: One: log in"


def test_an_error_without_end_is_cut() -> None:
    """And says so."""
    text = edited(*[b"x" * 10_000] * 100)
    assert text.endswith("x…")
    assert len(text) <= MAX_ERROR + 10


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("message"), inner),
)


@given(values | st.builds(json.dumps, values))
def test_any_json_becomes_json_that_can_be_printed(document: Any) -> None:
    """Nothing that a service may answer fails."""

    def check(value: Any) -> None:
        match value:
            case str():
                assert value.isprintable()
            case list():
                for item in value:
                    check(item)
            case dict():
                check([*value, *value.values()])

    check(told(document))


@given(st.binary())
def test_any_bytes_become_a_text(body: bytes) -> None:
    """In UTF-8."""
    edited(body[:5], body[5:])
