"""Parcels: operations as gateways keep them and give them to each other, with what proves them.

For each cloud that may need it, a parcel has an assertion of the cloud whose user has ordered the
operation. It says who he is, and names the digest of the operation: so it is good for nothing else.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote

import msgspec

from openstackoid.replication.operation import Operation


class Parcel(msgspec.Struct, frozen=True):
    """An operation, and an assertion for each cloud that may carry it out."""

    operation: Operation
    rights: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Parcel({self.operation!r})"


class Resource(NamedTuple):
    """What the id of a replicated resource says.

    `issuer` is the cloud of who has made it, `owner` the id of his project there, or his own; both
    are empty for a kind that belongs to nobody. `key` is a name that he has chosen, or a UUID.
    """

    kind: str
    issuer: str
    owner: str
    key: str

    @property
    def id(self) -> str:
        """The id, as operations name it."""
        return ":".join((self.kind, self.issuer, quote(self.owner, safe=""), self.key))

    @classmethod
    def of(cls, identifier: str) -> "Resource":
        """Return what an id says; raises ValueError."""
        kind, issuer, owner, key = identifier.split(":", 3)
        resource = cls(kind, issuer, unquote(owner), key)
        named = kind and key and bool(issuer) == bool(owner)
        if not named or resource.id != identifier:
            raise ValueError("no id of a replicated resource")
        return resource


def digest(operation: Operation) -> str:
    """Return what an assertion names an operation by: the SHA-256 of its JSON, in base64url."""
    hashed = hashlib.sha256(msgspec.json.encode(operation)).digest()
    return urlsafe_b64encode(hashed).rstrip(b"=").decode()
