"""Derives from a gateway's key for assertions what only its own processes may know.

All gateways of a cloud that have the key have the same secrets, and nothing more is to be kept.
"""

import hmac
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from msgspec.structs import replace

from openstackoid.identity.assertion import BadAssertionError, Claims, claimed, text_of
from openstackoid.identity.base64url import decoded, encoded
from openstackoid.identity.derived import derived
from openstackoid.identity.keys import SigningKey
from openstackoid.identity.stamp import MARK, cut, is_stamped
from openstackoid.identity.subject import late_ends

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
def stamp_secret(key: SigningKey, until: int | None = None) -> bytes:
    """Return the secret with which a gateway stamps the assertions that it has checked.

    One that is over is stamped `until` a time, in seconds since 1970, and taken for valid so long.
    """
    return _derived(key, b"stamp" if until is None else b"stamp until %d" % until, 32)


def has_stamp(token: str, keys: Iterable[SigningKey], until: int | None = None) -> bool:
    """Return whether a gateway with one of some keys has stamped an assertion, until a time."""
    return is_stamped(token, [stamp_secret(key, until) for key in keys])


def let_in(token: str, keys: Sequence[SigningKey], now: float) -> Claims | None:
    """Return the claims of an assertion that a gateway with one of some keys has let in.

    None if none has stamped it. One that was over by then is valid until its stamp ends.
    """
    if MARK not in token:
        return None
    if has_stamp(token, keys):
        return claimed(cut(token))
    for until in late_ends(now):
        if has_stamp(token, keys, until):
            return replace(claimed(cut(token)), exp=until, late=True)
    return None


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


def _derived(key: SigningKey, what: bytes, length: int) -> bytes:
    return derived(key, b"assertion " + what, length)
