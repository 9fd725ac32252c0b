"""Handles of users and of addresses: the sender resolves them, and nobody else."""

import pytest
from identity.alice import CLAIMS

from openstackoid.identity.assertion import sign
from openstackoid.identity.handles import client_handle, user_handle
from openstackoid.identity.issuer_secrets import completed, stamp_secret
from openstackoid.identity.keys import make
from openstackoid.identity.stamp import stamped

KEYS = make()
KEY = KEYS.sign
assert KEYS.assertion is not None
ASSERTION = sign(completed(CLAIMS, "a token", KEYS.assertion), KEYS.assertion)


def test_a_handle_is_of_one_address_for_one_cloud() -> None:
    """It is the same in each worker, and says nothing to who has another key."""
    handle = client_handle(KEY, "Two", "192.0.2.1")
    assert len(handle) == 22
    assert handle == client_handle(KEY, "Two", "192.0.2.1")
    others = [
        client_handle(KEY, "Three", "192.0.2.1"),
        client_handle(KEY, "Two", "192.0.2.2"),
        client_handle(make().sign, "Two", "192.0.2.1"),
    ]
    assert len({handle, *others}) == 4


def test_a_user_has_one_whichever_token_he_has() -> None:
    """His id makes it; the scope behind the assertion, and a stamp, make no difference."""
    handle = user_handle(KEY, "One", "Two", ASSERTION)
    secret = stamp_secret(KEY)
    assert handle is not None
    assert user_handle(KEY, "One", "Two", f"{ASSERTION}!SCOPE!image=Two") == handle
    assert user_handle(KEY, "One", "Two", stamped(ASSERTION, secret)) == handle
    assert user_handle(KEY, "One", "Three", ASSERTION) != handle
    assert client_handle(KEY, "Two", "u1") != handle


@pytest.mark.parametrize("token", ["", "gAAAAA", "oid1.", "oid1.a.b.c", ASSERTION[:-9]])
def test_whose_a_token_is_is_not_guessed(token: str) -> None:
    """Nor is a user of another issuer's home's to name."""
    assert user_handle(KEY, "One", "Two", token) is None
    assert user_handle(KEY, "Three", "Two", ASSERTION) is None
