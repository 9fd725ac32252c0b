"""Makes, reads and writes the keys of a gateway.

They sign crossings (Ed25519), unseal tokens (X25519) and sign assertions (Ed25519). A file has the
private keys, {"sign": d, "seal": d, "assertion": d} with the `d` of RFC 8037, and only its owner
may read it. The federation file has the public keys. While keys are exchanged, a gateway has two
sets.
"""

import json
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from jwcrypto.jwk import JWK

from openstackoid.federation.own import PublicKeys
from openstackoid.identity.base64url import decoded, encoded

_ID = 16
"""Characters of a key's id: 96 bits of the thumbprint, enough to tell two keys apart."""

KEY_ID = rf"[A-Za-z0-9_-]{{{_ID}}}"
"""The regular expression of a key's id."""


class KeysError(Exception):
    """A file of keys can't be read or written; the message says what to do, and has no key."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key to sign with, and its id."""

    id: str
    private: Ed25519PrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signer:
    """A public key to check the signatures of a gateway with, and its id."""

    id: str
    public: Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Keys:
    """One set of private keys of a gateway; an older release has made no key for assertions."""

    sign: SigningKey = field(repr=False)
    seal: JWK = field(repr=False)
    assertion: SigningKey | None = field(default=None, repr=False)

    @property
    def public(self) -> PublicKeys:
        """The public keys, as the federation file has them."""
        assertion = self.assertion and _public(self.assertion.private)
        return PublicKeys(
            sign=_public(self.sign.private), seal=self.seal.get("x"), assertion=assertion
        )


def make() -> Keys:
    """Return new keys."""
    return _keys(
        Ed25519PrivateKey.generate(), X25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    )


def key_id(public: PublicKeys) -> str:
    """Return the id of a pair of keys: the start of the thumbprint (RFC 7638) of `sign`."""
    return _key_id(public.sign)


def ids(public: PublicKeys) -> tuple[str, ...]:
    """Return the ids of the keys of a pair that sign: what is sent, and assertions if it does."""
    assertion = public.assertion
    return (key_id(public),) if assertion is None else (key_id(public), _key_id(assertion))


def signer(public: PublicKeys) -> Signer:
    """Return the public key with which to check a gateway's signatures."""
    return _signer(public.sign)


def assertion_signer(public: PublicKeys) -> Signer | None:
    """Return the public key with which to check a gateway's assertions, None if it makes none."""
    return None if public.assertion is None else _signer(public.assertion)


def assertion_signers(pairs: Sequence[PublicKeys]) -> tuple[Signer, ...]:
    """Return the public keys of a gateway with which its assertions are checked."""
    return tuple(signer for pair in pairs if (signer := assertion_signer(pair)) is not None)


def sealer(seal: str) -> JWK:
    """Return the public key with which to seal tokens to a gateway, from its `keys.seal`."""
    return JWK(kty="OKP", crv="X25519", x=seal)


def read(file: Path) -> Keys:
    """Return the keys in a file; raises KeysError."""
    try:
        with file.open(encoding="ascii") as stream:
            if os.fstat(stream.fileno()).st_mode & stat.S_IRWXO:
                raise KeysError(f"{file} can be read by everyone; make it yours: chmod 600 {file}")
            document = json.load(stream)
        sign, seal = (_bytes(document[name]) for name in ("sign", "seal"))
        assertion = _bytes(document["assertion"]) if "assertion" in document else None
        return _keys(
            Ed25519PrivateKey.from_private_bytes(sign),
            X25519PrivateKey.from_private_bytes(seal),
            None if assertion is None else Ed25519PrivateKey.from_private_bytes(assertion),
        )
    except OSError as error:
        raise KeysError(f"{file} can't be read: {error.strerror}") from error
    except (ValueError, LookupError, TypeError) as error:
        message = f"{file} holds no keys; make it with: openstackoid federation keys --out {file}"
        raise KeysError(message) from error


def read_all(files: Sequence[Path], public: Sequence[PublicKeys], cloud: str) -> tuple[Keys, ...]:
    """Return the pairs of keys in the files of a gateway: it signs with the first.

    `public` are the public keys of its cloud in the federation file; they have to be the same.
    Raises KeysError.
    """
    pairs = tuple(map(read, files))
    if {pair.public for pair in pairs} != set(public):
        raise KeysError(
            f"keys of {cloud} are not the public halves of "
            f"{' and '.join(map(str, files)) or 'any own.keys'}; "
            "write both as `openstackoid federation keys` gave them"
        )
    return pairs


def write(keys: Keys, file: Path) -> None:
    """Write keys to a new file of mode 0600; raises KeysError, also if the file exists."""
    secrets = {
        "sign": _private(keys.sign.private),
        "seal": keys.seal.export_private(as_dict=True)["d"],
    }
    if keys.assertion is not None:
        secrets["assertion"] = _private(keys.assertion.private)
    text = json.dumps(secrets)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(f"{text}\n")
    except FileExistsError as error:
        message = f"{file} is there already, and its keys may be in use; name another file"
        raise KeysError(message) from error
    except OSError as error:
        raise KeysError(f"{file} can't be written: {error.strerror}") from error


def _keys(
    sign: Ed25519PrivateKey, seal: X25519PrivateKey, assertion: Ed25519PrivateKey | None
) -> Keys:
    signing = None if assertion is None else _signing(assertion)
    return Keys(_signing(sign), JWK.from_pyca(seal), signing)


def _signing(private: Ed25519PrivateKey) -> SigningKey:
    return SigningKey(_key_id(_public(private)), private)


def _signer(public: str) -> Signer:
    return Signer(_key_id(public), Ed25519PublicKey.from_public_bytes(_bytes(public)))


def _key_id(public: str) -> str:
    """Return the start of the thumbprint of an Ed25519 key: of its required members, sorted."""
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{public}"}}'
    return encoded(sha256(members.encode()).digest()).decode()[:_ID]


def _public(private: Ed25519PrivateKey) -> str:
    return encoded(private.public_key().public_bytes_raw()).decode()


def _private(private: Ed25519PrivateKey) -> str:
    return encoded(private.private_bytes_raw()).decode()


def _bytes(text: object) -> bytes:
    if not isinstance(text, str):
        raise TypeError
    return decoded(text.encode("ascii"))
