"""Stamps on assertions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.identity.base64url import encoded
from openstackoid.identity.issuer_secrets import stamp_secret
from openstackoid.identity.keys import make
from openstackoid.identity.stamp import LENGTH, MARK, cut, is_stamped, stamped

SECRET, OTHER = b"s" * 32, b"o" * 32
ASSERTION = "oid1.aaaa.bbbb.cccc"
STAMPED = stamped(ASSERTION, SECRET)
ANY = st.text().filter(lambda text: MARK not in text)


@given(ANY, st.binary(min_size=1))
def test_a_stamp_is_known_again_and_cut(assertion: str, secret: bytes) -> None:
    """Whatever is stamped; the same each time, or services would ask about it again."""
    token = stamped(assertion, secret)
    assert token == stamped(assertion, secret)
    assert len(token) == len(assertion) + LENGTH
    assert is_stamped(token, [secret])
    assert cut(token) == assertion
    assert cut(assertion) == assertion


def test_the_stamps_of_two_keys_are_good_while_they_are_exchanged() -> None:
    """Those of a third one are not, nor is any where a gateway has none."""
    assert is_stamped(STAMPED, [OTHER, SECRET])
    assert is_stamped(STAMPED, [SECRET, OTHER])
    assert not is_stamped(STAMPED, [OTHER])
    assert not is_stamped(STAMPED, [])


def test_a_stamp_of_another_cloud_is_none() -> None:
    """Each gateway's secret is of its own key for assertions, and not the key itself."""
    keys = [key.assertion for key in (make(), make())]
    one, two = (stamp_secret(key) for key in keys if key is not None)
    assert one != two
    token = stamped(ASSERTION, one)
    assert is_stamped(token, [one])
    assert not is_stamped(token, [two])
    for key in keys:
        assert key is not None
        raw, public = key.private.private_bytes_raw(), key.private.public_key().public_bytes_raw()
        assert not is_stamped(token, [raw, public, key.id.encode(), b""])


@given(st.integers(0, len(STAMPED) - 1), st.characters())
def test_a_character_that_is_changed_makes_it_worthless(at: int, other: str) -> None:
    """In the assertion, in the mark or in the stamp; also one that is not ASCII."""
    changed = STAMPED[:at] + other + STAMPED[at + 1 :]
    assert is_stamped(changed, [SECRET]) == (changed == STAMPED)


@pytest.mark.parametrize(
    "token",
    [
        "",
        MARK,
        ASSERTION,
        ASSERTION + MARK,
        STAMPED[:-1],
        STAMPED + "A",
        STAMPED + "=",
        STAMPED + "\n",
        STAMPED + MARK,
        STAMPED + STAMPED[len(ASSERTION) :],
        stamped(STAMPED, SECRET),
        stamped(ASSERTION + "x", SECRET).replace("x", ""),
        STAMPED[len(ASSERTION) :],
        f"{ASSERTION}{MARK}{MARK}{STAMPED[-22:]}",
        f" {STAMPED}",
        STAMPED.swapcase(),
        "\ud800" + STAMPED,
        STAMPED + "\ud800",
    ],
)
def test_what_has_no_stamp_of_its_own_is_not_stamped(token: str) -> None:
    """None, half a one, two, that of another assertion; nothing is raised."""
    assert not is_stamped(token, [SECRET])


def test_the_last_character_has_one_spelling() -> None:
    """Its four stray bits would make 16 tokens of one, each of which a service would remember."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(encoded(bytes(16))) == 22
    good = [last for last in letters if is_stamped(STAMPED[:-1] + last, [SECRET])]
    assert good == [STAMPED[-1]]
