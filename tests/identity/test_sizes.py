"""How long X-Auth-Token gets by an assertion: uWSGI takes 4096 bytes for a whole head."""

import time

import pytest
from identity.sizes import HOME, LENGTHS, SCOPES, TOKENS, USERS, fernet, jws

from openstackoid.identity.assertion import MAX_LENGTH, sign
from openstackoid.identity.callers import Reach, reach
from openstackoid.identity.issuer_secrets import completed, stamp_secret
from openstackoid.identity.keys import make
from openstackoid.identity.stamp import stamped
from openstackoid.identity.subject import claims_of
from openstackoid.scope import Wallet, WalletEntry, join, parse


def header(scope_text: str, names: str, kind: str) -> str:
    """Return X-Auth-Token as a service of CloudTwo gets it."""
    key = make().assertion
    assert key is not None
    token, scope, now = TOKENS[kind](), parse(scope_text).completed(HOME), time.time()

    def assertion(limits: Reach, audience: str, presenter: str) -> str:
        parties = (HOME, audience, presenter)
        claims = claims_of(USERS[names], limits, parties, longest=43_200, now=now)
        return sign(completed(claims, token, key), key)

    limits = reach(scope, "CloudTwo", HOME)
    beyond = tuple(
        (other, WalletEntry(assertion(Reach(services, (), ()), other, "CloudTwo")))
        for other, services in limits.beyond
    )
    front = stamped(assertion(limits, "CloudTwo", HOME), stamp_secret(key))
    return join(front, scope, Wallet(beyond) if beyond else None)


def test_the_tokens_are_as_long_as_keystone_s() -> None:
    """As many characters as were measured with its own code."""
    assert len(fernet()) == 204
    assert len(jws()) == 456


@pytest.mark.parametrize(("scope", "names", "kind"), LENGTHS)
def test_a_service_gets_no_longer_a_token_than_the_table_says(
    scope: str, names: str, kind: str
) -> None:
    """Two in a hundred more at most; none of the assertions in it is longer than may be."""
    value = header(SCOPES[scope], names, kind)
    assert len(value) <= LENGTHS[scope, names, kind] * 1.02
    assert value.isascii()
    assert all(len(part) <= MAX_LENGTH for part in value.split('"') if part.startswith("oid1."))
