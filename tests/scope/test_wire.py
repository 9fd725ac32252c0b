"""The scope that rides on a token."""

import pytest

from openstackoid.scope import ScopeError, join, parse, split

TOKEN = "gAAAAAB-secret"


def test_a_token_without_a_suffix_is_left_alone() -> None:
    """Also an empty one."""
    assert split(TOKEN) == (TOKEN, None)
    assert split("") == ("", None)


def test_a_suffix_is_the_canonical_form() -> None:
    """The delimiter is that of the first prototype; spaces and aliases do not travel."""
    assert join(TOKEN, parse("glance=A | B")) == TOKEN + '!SCOPE!{"image":"A|B"}'
    assert split(TOKEN + "!SCOPE!glance=A | B") == (TOKEN, "glance=A | B")


@pytest.mark.parametrize(
    ("suffix", "reason"),
    [
        ("!SCOPE!", "without a scope"),
        ("!SCOPE! \t", "without a scope"),
        ("!SCOPE!{}!SCOPE!{}", "twice"),
        ("!SCOPE!!SCOPE!", "twice"),
    ],
)
def test_an_empty_suffix_and_a_second_one_are_refused_without_the_token(
    suffix: str, reason: str
) -> None:
    """The message says what is wrong, and never holds the token."""
    with pytest.raises(ScopeError, match=reason) as caught:
        split(TOKEN + suffix)
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(caught.value)
