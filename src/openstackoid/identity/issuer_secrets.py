"""Derives from a gateway's key for assertions what only its own processes may know.

All gateways of a cloud that have the key have the same secrets, and nothing more is to be kept.
"""

import hmac
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec.structs import replace

from openstackoid.identity.assertion import BadAssertionError, Claims, text_of
from openstackoid.identity.base64url import decoded, encoded
from openstackoid.identity.keys import SigningKey
from openstackoid.identity.stamp import is_stamped

_ID_BYTES = 16
_BINARY, _TEXT = b"\0", b"\1"
"""How a token is written before it is encrypted: a Fernet token decoded, any other as it is."""


class Parties(NamedTuple):
    """What the encrypted token of an assertion is bound to."""

    iss: str
    aud: str
    presenter: str
    jti: str


@lru_cache(maxsize=64)
def stamp_secret(key: SigningKey) -> bytes:
    """Return the secret with which a gateway stamps the assertions that it has checked."""
    return _derived(key, b"stamp", 32)


def has_stamp(token: str, keys: Iterable[SigningKey]) -> bool:
    """Return whether a gateway with one of some keys has stamped an assertion."""
    return is_stamped(token, [stamp_secret(key) for key in keys])


def completed(claims: Claims, token: str, key: SigningKey) -> Claims:
    """Return claims with their id and the encrypted token, which follow from them and the token.

    The id is an HMAC, so nobody else can tell whether two assertions are of one token.
    """
    secret = _derived(key, b"id", 32)
    text = text_of(claims) + b"\0" + token.encode("utf-8", "surrogatepass")
    identifier = encoded(hmac.digest(secret, text, "sha256")[:_ID_BYTES]).decode()
    claims = replace(claims, jti=identifier)
    own = _cipher(key).encrypt(_packed(token), [_bound(_parties(claims))])
    return replace(claims, own=encoded(own).decode())


def own_token(claims: Claims, keys: Iterable[SigningKey]) -> str:
    """Return the token in an assertion that was made with one of some keys.

    Raises BadAssertionError.
    """
    return token_within(claims.own, _parties(claims), keys)


def token_within(own: str, parties: Parties, keys: Iterable[SigningKey]) -> str:
    """Return the token in the claim `own` of an assertion, made with one of some keys.

    Raises BadAssertionError, also if it is from an assertion of other `parties`.
    """
    for key in keys:
        try:
            encrypted = decoded(own.encode("ascii"))
            return _unpacked(_cipher(key).decrypt(encrypted, [_bound(parties)]))
        except (InvalidTag, ValueError):
            continue
    raise BadAssertionError("the token in it is not one that this gateway has put there")


def _parties(claims: Claims) -> Parties:
    return Parties(claims.iss, claims.aud, claims.presenter, claims.jti)


def _bound(parties: Parties) -> bytes:
    return "\0".join(parties).encode()


def _packed(token: str) -> bytes:
    """Return a token as bytes, a Fernet token in three quarters of its length."""
    text = token.encode("utf-8", "surrogatepass")
    try:
        return _BINARY + decoded(text)
    except ValueError:
        return _TEXT + text


def _unpacked(data: bytes) -> str:
    if data[:1] == _BINARY:
        return encoded(data[1:]).decode()
    return data[1:].decode("utf-8", "surrogatepass")


@lru_cache(maxsize=64)
def _cipher(key: SigningKey) -> AESSIV:
    return AESSIV(_derived(key, b"own", 64))


@lru_cache(maxsize=64)
def _derived(key: SigningKey, what: bytes, length: int) -> bytes:
    """Return a secret for one purpose (HKDF, RFC 5869)."""
    derivation = HKDF(SHA256(), length, salt=None, info=b"openstackoid assertion " + what)
    return derivation.derive(key.private.private_bytes_raw())
