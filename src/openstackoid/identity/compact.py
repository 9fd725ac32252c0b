"""Writes and reads what gateways sign with their keys for assertions: compact JWS (RFC 7515).

There is one way to write each of them: EdDSA, one header, base64url without padding. The header's
`typ` keeps what is signed for one purpose from being taken for another.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature

from openstackoid.identity.base64url import decoded, encoded
from openstackoid.identity.keys import Signer, SigningKey

_SIGNATURE = 86
"""Characters of an Ed25519 signature in base64url: 64 bytes."""


class Signed(NamedTuple):
    """A document as it was read, with its signature, which is not verified yet.

    `text` is what is signed, `kid` the id of the key that it names.
    """

    document: bytes
    kid: str
    text: bytes
    signature: bytes

    def is_by(self, signers: Sequence[Signer]) -> bool:
        """Return whether one of some keys, the one that it names, has signed it."""
        for signer in signers:
            if signer.id == self.kid:
                try:
                    signer.public.verify(self.signature, self.text)
                except InvalidSignature:
                    return False
                return True
        return False


def sign(kind: str, document: bytes, key: SigningKey) -> str:
    """Return a document with a signature; `kind` is the `typ` in its header."""
    header = f'{{"alg":"EdDSA","kid":"{key.id}","typ":"{kind}"}}'
    text = encoded(header.encode()) + b"." + encoded(document)
    return (text + b"." + encoded(key.private.sign(text))).decode()


def read(kind: str, signed: str) -> Signed:
    """Return what is in a signed document of a kind, unverified; raises ValueError."""
    text, _, signature = signed.encode("ascii").rpartition(b".")
    header, dot, payload = text.partition(b".")
    kid = _header(kind).fullmatch(decoded(header))
    if not (dot and kid and len(signature) == _SIGNATURE):
        raise ValueError("not one of ours")
    return Signed(decoded(payload), kid[1].decode(), text, decoded(signature))


@lru_cache
def _header(kind: str) -> re.Pattern[bytes]:
    written = rf'\{{"alg":"EdDSA","kid":"([A-Za-z0-9_-]{{16}})","typ":"{re.escape(kind)}"\}}'
    return re.compile(written.encode())
