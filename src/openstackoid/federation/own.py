"""What the file says to the cloud's own gateway alone; and the keys it lets others know.

Secrets are in files of their own, which are named here: the federation file may be shown around.
"""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, StringConstraints, ValidationInfo, model_validator

from openstackoid.federation.base import Model


def _beside(path: Path, info: ValidationInfo) -> Path:
    """Take a relative path from where the federation file is."""
    if "\0" in str(path):
        raise ValueError("no file has a NUL in its name")
    directory: Path = (info.context or {}).get("directory", Path())
    return directory / path


File = Annotated[Path, AfterValidator(_beside)]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""32 bytes in base64url (RFC 8037)."""


class PublicKeys(Model):
    """By which others know a gateway (Ed25519) and seal tokens to it (X25519); RFC 8037's `x`."""

    sign: Key
    seal: Key


class Own(Model):
    """Files of the cloud's own gateway; relative paths are taken from the federation file."""

    account: File | None = None
    """User name and password of a reader in the cloud's own Keystone; needed for trust."""
    keys: File | None = None
    """The private halves of the cloud's keys."""
    certificate: File | None = None
    """PEM: what the gateway shows to clients, and to the gateways of other clouds."""
    key: File | None = None
    """PEM: the private key of the certificate."""
    ca: File | None = None
    """PEM: who may vouch for backends and for other gateways, besides the system's authorities."""

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together; give both or neither")
        return self
