"""What the journal keeps can be read by its gateway alone."""

import os

import pytest

from openstackoid.journal.cipher import Cipher, WrapError

OLD, NEW = os.urandom(64), os.urandom(64)


def test_an_entry_is_read_under_its_id_alone() -> None:
    """Who can write into the file can't exchange two entries."""
    cipher = Cipher.new()
    entry = cipher.encrypt(b"a token", "one")
    assert b"a token" not in entry
    assert cipher.decrypt(entry, "one") == b"a token"
    with pytest.raises(ValueError, match="was changed"):
        cipher.decrypt(entry, "two")


@pytest.mark.parametrize("place", [0, 20, -1])
def test_an_entry_that_was_changed_is_refused(place: int) -> None:
    """Wherever that was."""
    cipher = Cipher.new()
    entry = bytearray(cipher.encrypt(b"a token", "one"))
    entry[place] ^= 1
    with pytest.raises(ValueError, match="was changed"):
        cipher.decrypt(bytes(entry), "one")


def test_equal_entries_do_not_look_equal() -> None:
    """Nobody sees that two writes are of one user."""
    cipher = Cipher.new()
    assert cipher.encrypt(b"a token", "one") != cipher.encrypt(b"a token", "one")


def test_a_wrapped_key_opens_what_it_has_encrypted() -> None:
    """By any of the gateway's keys, of which two are valid while they are exchanged."""
    cipher = Cipher.new()
    entry = cipher.encrypt(b"a token", "one")
    again = Cipher.unwrapped(cipher.wrapped(OLD), [NEW, OLD])
    assert again.decrypt(entry, "one") == b"a token"
    with pytest.raises(WrapError):
        Cipher.unwrapped(cipher.wrapped(OLD), [NEW])
