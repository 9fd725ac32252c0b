"""Writes, signs and reads assertions: what one cloud says to another of who a user is.

An assertion is `oid1.` and a compact JWS (RFC 7515, EdDSA). There is one way to write it, so that
all workers of a gateway write the same, and whoever remembers it by its text (keystonemiddleware)
knows it again. See docs/reference/assertions.md.
"""

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature

from openstackoid.identity.base64url import decoded, encoded
from openstackoid.identity.keys import Signer, SigningKey
from openstackoid.routing.scoping import ASSERTION
from openstackoid.services import IDENTITY

MAX_LENGTH = 4096
"""Characters of an assertion at most."""

MAX_ROLES = 16

CLOCKS = 60
"""Seconds by which the clocks of two clouds may differ."""

_HEADER = re.compile(rb'\{"alg":"EdDSA","kid":"([A-Za-z0-9_-]{16})","typ":"oid-a"\}')
_SIGNATURE = 86
"""Characters of an Ed25519 signature in base64url: 64 bytes."""

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
_Cloud = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
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
    """

    iss: _Cloud
    aud: _Cloud
    presenter: _Cloud = msgspec.field(name="from")
    sub: _Name
    user: tuple[_Name, _Name] = msgspec.field(name="u")
    project: tuple[_Name, _Name, _Name] = msgspec.field(name="p")
    roles: Annotated[tuple[_Name, ...], msgspec.Meta(max_length=MAX_ROLES)] = msgspec.field(
        name="r"
    )
    services: tuple[_Service, ...] = msgspec.field(name="s")
    iat: _Time
    exp: _Time
    jti: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{22}\Z")] = ""
    back: tuple[_Service, ...] = ()
    late: bool = False
    own: Annotated[str, msgspec.Meta(max_length=MAX_LENGTH)] = ""


def is_assertion(token: str) -> bool:
    """Return whether a token is an assertion, by its beginning, and no token of a Keystone."""
    return token.startswith(ASSERTION)


def text_of(claims: Claims) -> bytes:
    """Return claims as an assertion has them: JSON, as short as it can be, not escaped."""
    return msgspec.json.encode(claims)


def sign(claims: Claims, key: SigningKey) -> str:
    """Return an assertion with these claims."""
    header = f'{{"alg":"EdDSA","kid":"{key.id}","typ":"oid-a"}}'
    signed = encoded(header.encode()) + b"." + encoded(text_of(claims))
    return f"{ASSERTION}{(signed + b'.' + encoded(key.private.sign(signed))).decode()}"


def verified(assertion: str, signers: Sequence[Signer]) -> tuple[Claims, str]:
    """Return the claims of an assertion that one of some keys has signed, and the key's id.

    Raises BadAssertionError.
    """
    signed, claims, kid, signature = _parts(assertion)
    for signer in signers:
        if signer.id == kid:
            try:
                signer.public.verify(signature, signed)
            except InvalidSignature:
                break
            return claims, kid
    raise BadAssertionError("no key of its issuer in the federation file has signed it")


def claimed(assertion: str) -> Claims:
    """Return what an assertion says of itself, unverified; raises BadAssertionError."""
    return _parts(assertion)[1]


def id_of(assertion: str) -> str:
    """Return the id of an assertion, unverified; empty for anything else."""
    try:
        return claimed(assertion).jti if is_assertion(assertion) else ""
    except BadAssertionError:
        return ""


def key_of(assertion: str) -> str:
    """Return the id of the key that an assertion says has signed it; raises BadAssertionError."""
    return _parts(assertion)[2]


def _parts(assertion: str) -> tuple[bytes, Claims, str, bytes]:
    """Return what is signed, the claims, the key's id and the signature, if all is well-formed."""
    try:
        if len(assertion) > MAX_LENGTH:
            raise ValueError
        text = assertion.encode("ascii")
        signed, _, signature = text[len(ASSERTION) :].rpartition(b".")
        header, dot, payload = signed.partition(b".")
        kid = _HEADER.fullmatch(decoded(header))
        if not (
            dot and kid and text.startswith(ASSERTION.encode()) and len(signature) == _SIGNATURE
        ):
            raise ValueError
        document = decoded(payload)
        claims = msgspec.json.decode(document, type=Claims)
        if text_of(claims) != document:  # a key twice, or another way to write the same
            raise ValueError
        return signed, claims, kid[1].decode(), decoded(signature)
    except (ValueError, RecursionError):
        pass
    # Raised outside of the except block: the error of a decoder may quote what it has read.
    raise BadAssertionError("it is not an assertion as gateways write them")
