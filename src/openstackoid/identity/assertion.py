"""Writes, signs and reads assertions: what one cloud says to another of who a user is.

An assertion is `oid1.` and a compact JWS (RFC 7515, EdDSA). There is one way to write it, so that
all workers of a gateway write the same, and whoever remembers it by its text (keystonemiddleware)
knows it again. See docs/reference/assertions.md.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from openstackoid.identity import compact
from openstackoid.identity.keys import Signer, SigningKey
from openstackoid.routing.scoping import ASSERTION
from openstackoid.services import IDENTITY

MAX_LENGTH = 4096
"""Characters of an assertion at most."""

MAX_ROLES = 16

CLOCKS = 60
"""Seconds by which the clocks of two clouds may differ."""

_KIND = "oid-a"

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Cloud = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
Id = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{22}\Z")]
Own = Annotated[str, msgspec.Meta(max_length=MAX_LENGTH)]
Digest = Annotated[str, msgspec.Meta(pattern=r"\A([A-Za-z0-9_-]{43})?\Z")]
_Service = Annotated[str, msgspec.Meta(pattern=rf"\A(\*|(?!{IDENTITY}\Z)[a-z][a-z0-9-]{{0,63}})\Z")]
"""Never identity: in Keystone one can create credentials that outlive a token."""
_Time = Annotated[int, msgspec.Meta(ge=0, lt=253_402_300_800)]
"""Before the year 10000, as Keystone can write it."""


class BadAssertionError(Exception):
    """An assertion is not accepted; the message says why, and has nothing of its contents."""


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an assertion says; the names are those in its JSON, in this order.

    - `iss`: the cloud whose user it is; `aud`: the cloud that it is for.
    - `presenter` (`from`): the cloud whose gateway may present it.
    - `sub`: the user's id; `user`: his name, and that of his domain.
    - `project`: its id and name, and the name of its domain. `roles`: names.
    - `services` (`s`): the services of `aud` that it is for; `*` is every one but identity.
    - `iat`, `exp`: since when and until when it is valid, in seconds since 1970.
    - `jti`: its id.
    - `back`: the services of `iss` to which `aud` may bring it back.
    - `late`: it stands for a token that is over, for a service that has begun with it.
    - `own`: the token, encrypted for the gateways of `iss` alone.
    - `operation` (`op`): the digest of the one operation on a replicated resource that it is good
      for; empty for requests.
    """

    iss: Cloud
    aud: Cloud
    presenter: Cloud = msgspec.field(name="from")
    sub: _Name
    user: tuple[_Name, _Name] = msgspec.field(name="u")
    project: tuple[_Name, _Name, _Name] = msgspec.field(name="p")
    roles: Annotated[tuple[_Name, ...], msgspec.Meta(max_length=MAX_ROLES)] = msgspec.field(
        name="r"
    )
    services: tuple[_Service, ...] = msgspec.field(name="s")
    iat: _Time
    exp: _Time
    jti: Id = ""
    back: tuple[_Service, ...] = ()
    late: bool = False
    own: Own = ""
    operation: Digest = msgspec.field(name="op", default="")


def is_assertion(token: str) -> bool:
    """Return whether a token is an assertion, by its beginning, and no token of a Keystone."""
    return token.startswith(ASSERTION)


def text_of(claims: Claims) -> bytes:
    """Return claims as an assertion has them: JSON, as short as it can be, not escaped."""
    return msgspec.json.encode(claims)


def sign(claims: Claims, key: SigningKey) -> str:
    """Return an assertion with these claims."""
    return f"{ASSERTION}{compact.sign(_KIND, text_of(claims), key)}"


def verified(assertion: str, signers: Sequence[Signer]) -> tuple[Claims, str]:
    """Return the claims of an assertion that one of some keys has signed, and the key's id.

    Raises BadAssertionError.
    """
    claims, signed = _read(assertion)
    if signed.is_by(signers):
        return claims, signed.kid
    raise BadAssertionError("no key of its issuer in the federation file has signed it")


def claimed(assertion: str) -> Claims:
    """Return what an assertion says of itself, unverified; raises BadAssertionError."""
    return _read(assertion)[0]


def id_of(assertion: str) -> str:
    """Return the id of an assertion, unverified; empty for anything else."""
    try:
        return claimed(assertion).jti if is_assertion(assertion) else ""
    except BadAssertionError:
        return ""


def key_of(assertion: str) -> str:
    """Return the id of the key that an assertion says has signed it; raises BadAssertionError."""
    return _read(assertion)[1].kid


def _read(assertion: str) -> tuple[Claims, compact.Signed]:
    """Return the claims of an assertion, and how it is signed, if all is well-formed."""
    try:
        if len(assertion) > MAX_LENGTH or not is_assertion(assertion):
            raise ValueError
        signed = compact.read(_KIND, assertion[len(ASSERTION) :])
        claims = msgspec.json.decode(signed.document, type=Claims)
        if text_of(claims) != signed.document:  # a key twice, or another way to write the same
            raise ValueError
    except (ValueError, RecursionError):
        claims = None
    if claims is None:  # not in the except block: a decoder's error may quote what it has read
        raise BadAssertionError("it is not an assertion as gateways write them")
    return claims, signed
