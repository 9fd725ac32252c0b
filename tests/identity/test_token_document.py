"""The document that a Keystone gives of a token."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.identity.token_document import (
    MAX_NAME,
    Distrust,
    line_of,
    project_of,
    seconds_of,
    time_of,
    token_of,
    written,
)

PROJECT = {"id": "p1", "name": "demo", "domain": {"id": "default", "name": "Default"}}


@pytest.mark.parametrize(
    "document", [None, [], {}, "token", 1, {"token": None}, {"token": []}, {"token": "x"}]
)
def test_what_is_no_document_of_a_token_is_refused(document: object) -> None:
    """Whatever its Keystone has answered."""
    with pytest.raises(Distrust, match="is not the document of a token"):
        token_of(document)
    assert token_of({"token": {"a": 1}}) == {"a": 1}


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ({}, "it is for no project; log in to one"),
        ({"project": None}, "it is for no project"),
        ({"project": {}}, "it is for no project"),
        ({"project": ["p1"]}, "it is for no project"),
        ({"system": {"all": True}}, "it is for the system"),
        ({"system": {"all": True}, "project": PROJECT}, "it is for the system"),
        ({"domain": {"id": "default"}}, "it is for a domain"),
        ({"domain": {"id": "default"}, "project": PROJECT}, "it is for a domain"),
        ({"project": PROJECT, "is_domain": True}, "stands for a domain"),
        ({"project": PROJECT | {"is_domain": True}}, "stands for a domain"),
    ],
)
def test_only_a_token_for_a_project_is_one(token: dict[str, Any], message: str) -> None:
    """A token for more is refused also where it names a project beside."""
    with pytest.raises(Distrust, match=message):
        project_of(token)
    assert project_of({"project": PROJECT, "system": {}, "is_domain": False}) == PROJECT


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=MAX_NAME))
def test_a_printable_line_is_a_name(name: str) -> None:
    """Of any language."""
    assert line_of({"name": name}, "name", "user") == name


@pytest.mark.parametrize(
    "value",
    [None, 1, True, "", [], {}, b"x", "a\nb", "a\r", "\0", "\x7f", "\u2028", "\u200b", "\ud800",
     "x" * (MAX_NAME + 1)],
)  # fmt: skip
def test_what_could_be_more_than_a_line_is_no_name(value: object) -> None:
    """Names go into headers; the message does not repeat one."""
    with pytest.raises(Distrust) as caught:
        line_of({"name": value}, "name", "user")
    assert str(caught.value) == "the name of its user is not a line of at most 255 characters"
    with pytest.raises(Distrust):
        line_of({}, "name", "user")


@given(st.integers(0, 253_402_300_799))
def test_a_time_is_written_as_keystone_writes_it(seconds: int) -> None:
    """To the end of the year 9999; it comes back."""
    text = written(seconds)
    assert text == datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    assert seconds_of({"at": text}, "at") == seconds
    assert time_of({"at": text}, "at") == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00.000000Z", 0),
        ("2026-11-30T07:00:00.999999Z", 1_796_022_000),
        ("2026-11-30T07:00:00Z", 1_796_022_000),
        ("2026-11-30T08:00:00+01:00", 1_796_022_000),
    ],
)
def test_a_time_has_a_zone_and_its_fraction_is_dropped(text: str, seconds: int) -> None:
    """A token is over no later than its second."""
    assert seconds_of({"at": text}, "at") == seconds


@pytest.mark.parametrize(
    "value",
    [None, 0, 1_796_022_000, True, "", "never", "2026-11-30T07:00:00", "2026-13-01T00:00:00Z",
     "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-01:00", []],
)  # fmt: skip
def test_what_is_no_time_is_refused(value: object) -> None:
    """One without a zone could be any; one that no calendar has is none."""
    for read in (seconds_of, time_of):
        with pytest.raises(Distrust, match="its expires_at is not a time"):
            read({"expires_at": value}, "expires_at")
