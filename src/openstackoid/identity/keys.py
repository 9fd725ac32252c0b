"""Makes, reads and writes the keys of a gateway: to sign crossings (Ed25519), to unseal (X25519).

The file has the private keys, {"sign": d, "seal": d} with the `d` of RFC 8037, and only its owner
may read it. The federation file has the public keys.
"""

import json
import os
import stat
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from jwcrypto.jwk import JWK

from openstackoid.federation.own import PublicKeys


class KeysError(Exception):
    """A file of keys can't be read or written; the message says what to do, and has no key."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The private keys of a gateway."""

    sign: JWK = field(repr=False)
    seal: JWK = field(repr=False)

    @property
    def public(self) -> PublicKeys:
        """The public keys, as the federation file has them."""
        return PublicKeys(sign=self.sign.get("x"), seal=self.seal.get("x"))


def make() -> Keys:
    """Return new keys."""
    return Keys(
        JWK.from_pyca(Ed25519PrivateKey.generate()), JWK.from_pyca(X25519PrivateKey.generate())
    )


def signer(public: PublicKeys) -> JWK:
    """Return the public key with which to check a gateway's signatures."""
    return JWK(kty="OKP", crv="Ed25519", x=public.sign)


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
        sign, seal = (urlsafe_b64decode(f"{document[name]}=") for name in ("sign", "seal"))
        return Keys(
            JWK.from_pyca(Ed25519PrivateKey.from_private_bytes(sign)),
            JWK.from_pyca(X25519PrivateKey.from_private_bytes(seal)),
        )
    except OSError as error:
        raise KeysError(f"{file} can't be read: {error.strerror}") from error
    except (ValueError, LookupError, TypeError) as error:
        message = f"{file} holds no keys; make it with: openstackoid federation keys --out {file}"
        raise KeysError(message) from error


def write(keys: Keys, file: Path) -> None:
    """Write keys to a new file of mode 0600; raises KeysError, also if the file exists."""
    text = json.dumps({"sign": _private(keys.sign), "seal": _private(keys.seal)})
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(f"{text}\n")
    except FileExistsError as error:
        message = f"{file} is there already, and its keys may be in use; name another file"
        raise KeysError(message) from error
    except OSError as error:
        raise KeysError(f"{file} can't be written: {error.strerror}") from error


def _private(key: JWK) -> str:
    text: str = key.export_private(as_dict=True)["d"]
    return text
