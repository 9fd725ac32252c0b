"""Finds the secrets that wrap the key of a journal."""

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from openstackoid.identity.keys import Keys
from openstackoid.journal.store import JournalError, writing

FILE = "journal.key"
"""Holds the secret of a gateway that has no keys."""

_LENGTH = 64


def secrets_of(directory: Path, pairs: Sequence[Keys]) -> tuple[bytes, ...]:
    """Return a secret for each pair of a gateway's keys (HKDF, RFC 5869), the first wraps.

    A gateway without keys has one in a file of its own. Raises JournalError.
    """
    if not pairs:
        return (_kept(directory),)
    return tuple(
        HKDF(SHA256(), _LENGTH, salt=None, info=b"openstackoid journal").derive(
            pair.sign.private.private_bytes_raw()
        )
        for pair in pairs
    )


def _kept(directory: Path) -> bytes:
    file = directory / FILE
    with writing(directory):
        if not file.exists():
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
                new.write(os.urandom(_LENGTH))
        secret = file.read_bytes()
    if len(secret) != _LENGTH:
        raise JournalError(f"{file} holds no secret; put back the one with which it was written")
    return secret
