"""Makes handles of users and of clients' addresses, which another cloud can count and not resolve.

A handle is 128 bits of an HMAC in base64url, under a secret that follows from the key with which a
gateway signs. It is for one cloud: two clouds cannot compare theirs. The audit of the gateway that
has made it says whose it is.
"""

import hmac
from functools import lru_cache

from openstackoid.identity.assertion import BadAssertionError, claimed, is_assertion
from openstackoid.identity.base64url import encoded
from openstackoid.identity.derived import derived
from openstackoid.identity.keys import SigningKey
from openstackoid.identity.stamp import known_by

_BYTES = 16


@lru_cache(maxsize=2048)
def client_handle(key: SigningKey, audience: str, address: str) -> str:
    """Return the handle of an address, or of a network, for a cloud."""
    return _handle(key, b"client", audience, address)


@lru_cache(maxsize=2048)  # to read an assertion takes longer than to sign
def user_handle(key: SigningKey, issuer: str, audience: str, token: str) -> str | None:
    """Return the handle, for a cloud, of the user of an issuer's whom an assertion names.

    None for any other token: whose it is, the gateway need not know.
    """
    bare = known_by(token)
    if not is_assertion(bare):
        return None
    try:
        claims = claimed(bare)
    except BadAssertionError:
        return None
    return _handle(key, b"user", audience, claims.sub) if claims.iss == issuer else None


def _handle(key: SigningKey, what: bytes, audience: str, value: str) -> str:
    secret = derived(key, b"handle of a " + what, 32)
    text = f"{audience}\0{value}".encode("utf-8", "surrogatepass")
    return encoded(hmac.digest(secret, text, "sha256")[:_BYTES]).decode()
