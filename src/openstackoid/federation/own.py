"""The settings of a cloud's own gateway in its federation file, and the gateway's public keys.

The federation file may be passed around, so it only names the files that hold secrets.
"""

from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from openstackoid.federation.base import Model, Text, printed, several
from openstackoid.federation.duration import Duration
from openstackoid.federation.networks import Network


def _beside(path: Path, info: ValidationInfo) -> Path:
    """Resolve a relative path from the directory of the federation file."""
    printed(str(path))
    directory: Path = (info.context or {}).get("directory", Path())
    return directory / path


File = Annotated[Path, AfterValidator(_beside)]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")]
"""32 bytes in base64url (RFC 8037); the last character stands for four bits."""


class PublicKeys(Model):
    """A gateway's public keys. Each is the `x` of RFC 8037.

    - `sign`: to check the signatures of what it sends (Ed25519).
    - `seal`: to seal tokens to it (X25519).
    - `assertion`: to check its assertions (Ed25519); None for a gateway that makes none.
    """

    sign: Key
    seal: Key
    assertion: Key | None = None


def _different(pairs: tuple[PublicKeys, ...]) -> tuple[PublicKeys, ...]:
    if len({pair.sign for pair in pairs}) < len(pairs):
        raise ValueError("the same keys are here twice; keep them once")
    return pairs


MAX_PAIRS = 2
"""Pairs of keys that a gateway has at most: while they are exchanged, the old and the new."""

Pairs = Annotated[
    tuple[PublicKeys, ...],
    BeforeValidator(several),
    Field(min_length=1, max_length=MAX_PAIRS),
    AfterValidator(_different),
]


class Own(Model):
    """Files, proxies and networks of a gateway; relative paths begin at the federation file."""

    account: File | None = None
    """User name and password of the service account, a reader in Keystone; needed for trust."""
    keys: Annotated[tuple[File, ...], BeforeValidator(several), Field(max_length=MAX_PAIRS)] = ()
    """The files with the gateway's private keys, a pair each; it signs with the first."""
    certificate: File | None = None
    """PEM: the certificate that the gateway shows to clients and to other gateways."""
    key: File | None = None
    """PEM: the private key of the certificate."""
    ca: File | None = None
    """PEM: the authorities for backends and other gateways, besides those of the system."""
    crl: File | None = None
    """PEM: the revocation lists of the authorities whose certificates this gateway verifies."""
    blocked: File | None = None
    """The list of what the operator has blocked: blocked-CLOUD.json beside this file by default."""
    journal: File | None = None
    """The directory of the journal: journal-CLOUD beside this file by default."""
    settle: Duration = 60
    """Seconds after which a write that was sent can no longer arrive."""
    proxies: tuple[Network, ...] = ()
    """The cloud's own proxies: only their headers may say which client sent a request."""
    allow: tuple[Network, ...] = ()
    """Internal networks (see `federation.internal`) in which other clouds may be."""
    keep: tuple[Text, ...] = ("admin",)
    """Roles of this cloud's users by which no cloud gets anything beyond itself."""
    longest: Annotated[Duration, Field(ge=300)] = 12 * 3600
    """Seconds that an assertion is valid at most; a token that lives longer gets several."""
    service_roles: tuple[Text, ...] = ("service",)
    """Roles by which a service of this cloud may go on with an expired token of a user."""
    late: Duration = 12 * 3600
    """Seconds after its end that a token of this cloud is taken back from another cloud's service.
    """

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together; give both or neither")
        return self

    @model_validator(mode="after")
    def _revocations_by_authorities(self) -> Self:
        if self.crl is not None and self.ca is None:
            raise ValueError("crl has the lists of the authorities in ca; give ca as well")
        return self
