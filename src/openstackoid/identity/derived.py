"""Derives secrets from a gateway's private key, so that all its workers have the same."""

from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from openstackoid.identity.keys import SigningKey


@lru_cache(maxsize=64)
def derived(key: SigningKey, what: bytes, length: int) -> bytes:
    """Return the secret of so many bytes that a key has for one purpose (HKDF, RFC 5869)."""
    derivation = HKDF(SHA256(), length, salt=None, info=b"openstackoid " + what)
    return derivation.derive(key.private.private_bytes_raw())
