"""The question whether assertions stand, and the answer: written and read in one way."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.identity.assertion import MAX_LENGTH
from openstackoid.identity.confirmation import (
    MAX_ANSWER,
    MAX_QUESTION,
    MOST,
    Asked,
    BadConfirmationError,
    answer,
    asked_in,
    fitting,
    question,
    said_in,
)
from openstackoid.identity.keys import SigningKey, assertion_signers, make

KEYS = make()
SIGNERS = assertion_signers([KEYS.public])
ONE = Asked("a" * 22, "CloudOne", "own")
NONCE = b"n" * 16
BODY = question([ONE], NONCE)

IDS = st.from_regex(r"\A[A-Za-z0-9_-]{22}\Z")
CLOUDS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
OWN = st.text(st.characters(codec="utf-8"), max_size=50)
ASKED = st.lists(st.builds(Asked, IDS, CLOUDS, OWN), min_size=1, max_size=5)


def key() -> SigningKey:
    """Return the key that signs."""
    assert KEYS.assertion is not None
    return KEYS.assertion


@given(ASKED, st.binary(min_size=16, max_size=16))
def test_what_is_asked_is_read(asked: list[Asked], nonce: bytes) -> None:
    """In its order."""
    assert list(asked_in(question(asked, nonce))) == asked


def with_(**changes: Any) -> bytes:
    """Return a question with changes."""
    return json.dumps(json.loads(BODY) | changes, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        BODY + b" ",
        BODY.replace(b",", b", ", 1),
        BODY.replace(b'{"nonce"', b'{"nonce":"A","nonce"'),
        BODY.replace(b"own", b"\\u006fwn"),
        b"[" * 100_000,
        with_(nonce="short"),
        with_(nonce="n" * 23),
        with_(nonce=None),
        with_(assertions=[]),
        with_(assertions=[["a" * 22, "CloudOne"]]),
        with_(assertions=[["a" * 22, "CloudOne", "own", "more"]]),
        with_(assertions=[["a" * 21, "CloudOne", "own"]]),
        with_(assertions=[["a" * 22, "Cloud One", "own"]]),
        with_(assertions=[["a" * 22, "CloudOne", 5]]),
        with_(assertions=[["a" * 22, "CloudOne", "o" * (MAX_LENGTH + 1)]]),
        with_(assertions=[list(ONE)] * (MOST + 1)),
        with_(user="alice"),
        BODY.replace(b"own", b"\xff"),
    ],
)
def test_no_other_question_is_read(body: bytes) -> None:
    """One that can be written in two ways is refused, and nothing of it is repeated."""
    with pytest.raises(BadConfirmationError) as error:
        asked_in(body)
    assert str(error.value) == "it is not a question as gateways write them"
    assert error.value.__cause__ is None


def test_a_question_has_as_many_as_fit() -> None:
    """By their number, and by their length."""
    many = [ONE] * (MOST + 1)
    assert len(fitting(many)) == MOST
    long = [ONE._replace(own="o" * MAX_LENGTH)] * MOST
    chosen = fitting(long)
    assert 200 < len(chosen) < MOST
    assert MAX_QUESTION - 5000 < len(question(chosen, NONCE)) <= MAX_QUESTION
    assert fitting([]) == ()


@given(st.text("lru", min_size=1, max_size=MOST))
def test_what_is_said_is_read(said: str) -> None:
    """By whoever has asked that question."""
    told = answer(BODY, said, "CloudOne", "CloudTwo", key())
    assert len(told) <= MAX_ANSWER
    assert said_in(told, BODY, "CloudOne", "CloudTwo", SIGNERS) == said


def test_the_longest_answer_fits() -> None:
    """With the longest names."""
    told = answer(BODY, "l" * MOST, "c" * 64, "d" * 64, key())
    assert len(said_in(told, BODY, "c" * 64, "d" * 64, SIGNERS)) == MOST


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"asked": question([ONE], b"m" * 16)}, "another question"),
        ({"iss": "CloudTwo"}, "another question"),
        ({"aud": "CloudOne"}, "another question"),
        ({"signers": ()}, "no key of its issuer"),
        ({"signers": assertion_signers([make().public])}, "no key of its issuer"),
        ({"text": ""}, "not an answer"),
        ({"text": "a.b.c"}, "not an answer"),
        ({"text": "\ud800"}, "not an answer"),
        ({"text": answer(BODY, "x", "CloudOne", "CloudTwo", key())}, "not an answer"),
        ({"text": answer(BODY, "l" * 2000, "CloudOne", "CloudTwo", key())}, "not an answer"),
    ],
)
def test_what_is_not_its_answer_is_refused(changes: dict[str, Any], reason: str) -> None:
    """Whatever of it differs."""
    told: dict[str, Any] = {
        "text": answer(BODY, "l", "CloudOne", "CloudTwo", key()),
        "asked": BODY,
        "iss": "CloudOne",
        "aud": "CloudTwo",
        "signers": SIGNERS,
    }
    assert said_in(**told) == "l"
    with pytest.raises(BadConfirmationError, match=reason):
        said_in(**(told | changes))
