"""How long an assertion is taken without a word of its issuer, and what a full table forgets."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.gateway.trust.confirmed import Confirmed, Times
from openstackoid.identity.assertion import BadAssertionError, Claims

TIMES = Times()


def claims(jti: str = "a") -> Claims:
    """Return what an assertion says, with an id."""
    parties: dict[str, Any] = {"iss": "One", "aud": "Two", "presenter": "One"}
    who: dict[str, Any] = {"sub": "u", "user": ("u", "d"), "project": ("p", "p", "d")}
    rest: dict[str, Any] = {"roles": (), "services": ("image",), "iat": 0, "exp": 1, "own": "own"}
    return Claims(**parties, **who, **rest, jti=jti)


def test_a_confirmation_counts_from_its_time() -> None:
    """Whoever has confirmed it last."""
    entry = Confirmed().used(claims(), 100)
    entry.confirm(100)
    assert entry.age(129, TIMES) == 29
    entry.confirm(120)
    entry.confirm(110)  # an answer to a question that was asked before
    assert entry.age(150, TIMES) == 30


def test_one_that_nobody_has_confirmed_is_due_when_it_is_seen() -> None:
    """As a third cloud has brought it, or another worker has confirmed it; it has a first word."""
    entry = Confirmed().used(claims(), 100)
    assert entry.age(100, TIMES) == TIMES.fresh
    assert entry.age(111, TIMES) > TIMES.stale
    entry.confirm(90)  # a question that was on its way
    assert entry.age(100, TIMES) == 10


@pytest.mark.parametrize(
    ("offline", "confirmed", "last"),
    [(900, True, 900), (900, False, 900), (0, True, 40), (0, False, 10), (35, True, 40)],
)
def test_without_a_word_it_ends(offline: float, last: float, *, confirmed: bool) -> None:
    """After `offline`, or where that is shorter, after the age from which requests wait."""
    entry = Confirmed().used(claims(), 1000)
    if confirmed:
        entry.confirm(1000)
    assert not entry.is_overdue(1000 + last, TIMES, offline)
    assert entry.is_overdue(1000 + last + 0.1, TIMES, offline)


def test_what_is_revoked_stays_so() -> None:
    """Whatever comes later: its issuer's other worker may have brought it a moment later."""
    table = Confirmed()
    table.used(claims(), 0)
    table.revoke("a")
    with pytest.raises(BadAssertionError, match="One says that it was revoked"):
        table.used(claims(), 1)
    table.used(claims("b"), 1)


def test_a_full_table_forgets_what_was_not_used() -> None:
    """Which is then due at its next use."""
    table = Confirmed(most=2)
    for jti in ("a", "b", "a", "c"):
        table.used(claims(jti), 0).confirm(0)
    assert table.used(claims("a"), 10).age(10, TIMES) == 10
    assert table.used(claims("b"), 10).age(10, TIMES) == TIMES.fresh


def refused(table: Confirmed, jti: str) -> bool:
    """Return whether a table refuses an assertion."""
    try:
        table.check(jti, "One")
    except BadAssertionError:
        return True
    return False


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=60))
def test_no_assertion_that_lives_makes_a_table_forget_a_revoked_one(
    steps: list[tuple[bool, int]],
) -> None:
    """A user with very many tokens cannot bring one that is revoked to life."""
    table, most = Confirmed(most=5), 5
    revoked: list[str] = []
    for revokes, number in steps:
        jti = str(number)
        if refused(table, jti):
            continue
        table.used(claims(jti), 0)
        if revokes:
            table.revoke(jti)
            revoked.append(jti)
    assert all(refused(table, jti) for jti in revoked[-most:])
