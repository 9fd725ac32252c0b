"""Encrypts what the journal keeps, with a key of its own that the gateway's keys wrap."""

import os
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_NONCE = 16
_WRAPPED = b"openstackoid journal key"


class WrapError(Exception):
    """None of some keys has wrapped the key of a journal."""


class Cipher:
    """Encrypts and decrypts entries (AES-SIV, RFC 5297); each is bound to its own id."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._siv = AESSIV(key)

    @classmethod
    def new(cls) -> "Cipher":
        """Return a cipher with a new key."""
        return cls(AESSIV.generate_key(512))

    @classmethod
    def unwrapped(cls, wrapped: bytes, secrets: Iterable[bytes]) -> "Cipher":
        """Return the cipher whose key one of some secrets (64 bytes each) has wrapped.

        Raises WrapError.
        """
        for secret in secrets:
            try:
                return cls(AESSIV(secret).decrypt(wrapped, [_WRAPPED]))
            except InvalidTag:
                continue
        raise WrapError

    def wrapped(self, secret: bytes) -> bytes:
        """Return the key of this cipher, encrypted with a secret of 64 bytes."""
        return AESSIV(secret).encrypt(self._key, [_WRAPPED])

    def encrypt(self, plain: bytes, identifier: str) -> bytes:
        """Return the entry with an id, encrypted."""
        nonce = os.urandom(_NONCE)
        return nonce + self._siv.encrypt(plain, [identifier.encode(), nonce])

    def decrypt(self, entry: bytes, identifier: str) -> bytes:
        """Return the entry with an id as it was; raises ValueError if it was changed or moved."""
        nonce, encrypted = entry[:_NONCE], entry[_NONCE:]
        try:
            return self._siv.decrypt(encrypted, [identifier.encode(), nonce])
        except InvalidTag:
            raise ValueError("an entry of the journal was changed") from None
