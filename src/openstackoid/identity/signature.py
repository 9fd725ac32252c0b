"""Signs crossings and checks their signatures: who sent which request to whom, and when.

A signature is a compact JWS (EdDSA), similar to DPoP's proofs (RFC 9449). It covers the method, the
path with its query, the service, and the headers with scope and tokens. A body that is streamed is
not covered.

There are two forms: the first, which every gateway reads, and the second, which also tells until
when the request may begin, and more (`Told`). There is one way to write either for a request, up to
its time, its id, its key, and what is told. So it is not parsed: the checker writes what the signer
must have written, and compares. Ed25519 takes most of the time, so it comes last, and has no
library for all of JOSE around it. See docs/reference/gateway.md#signatures.
"""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from json.encoder import encode_basestring_ascii as _quoted
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature

from openstackoid.identity.base64url import decoded, encoded
from openstackoid.identity.keys import Signer, SigningKey
from openstackoid.message import Headers
from openstackoid.routing.scoping import (
    AUTH_TOKEN,
    CLIENT_HEADER,
    SCOPE_HEADER,
    SERVICE_TOKEN,
    SUBJECT_TOKEN,
)

PROOF = "x-scope-proof"

LIFETIME = 60
"""Seconds at most between signing and checking: difference of the clocks, and transmission."""

_COVERED = (SCOPE_HEADER, AUTH_TOKEN, SUBJECT_TOKEN, SERVICE_TOKEN)

_LONGER = 1024
"""Characters by which a signature may be longer than one of the request, so that it is decoded:
a proxy may have shortened the path, and then the error should say so."""

_SIGNATURE = 86
"""Characters of an Ed25519 signature in base64url: 64 bytes."""

_ISSUED = rb', "iat": (0|[1-9][0-9]{0,11}), "jti": "([A-Za-z0-9_-]{1,64})"'
_KEY = rb', "kid": "([A-Za-z0-9_-]{1,64})"'

_REST = re.compile(rb"%b(?:%b)?\}" % (_ISSUED, _KEY))
"""The claims that only the signer knows; older gateways name no key."""

_TOLD = re.compile(
    _ISSUED
    + _KEY
    + rb'(?:, "end": (0|[1-9][0-9]{0,14}))?'
    + rb'(?:, "digest": "([A-Za-z0-9_-]{43})")?'
    + rb'(?:, "user": "([A-Za-z0-9_-]{22})")?'
    + rb'(?:, "client": "([A-Za-z0-9_-]{22})")?'
    + rb'(?:, "by_service": (true))?\}'
)
"""The same in the second form."""


class ProofError(Exception):
    """A signature does not prove its request; the message says why, without its contents."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A request from one gateway to another, as it is sent."""

    issuer: str
    audience: str
    service: str
    method: str
    target: str
    headers: Headers

    def claims(self) -> dict[str, str]:
        """Return the claims that signer and checker must compute equally."""
        claims: dict[str, str] = json.loads(_beginning(self) + b"}")
        return claims


class Told(NamedTuple):
    """What a gateway tells of a request beside what is in it.

    - `end`: when it may begin for the last time: milliseconds since 1970, by the receiver's clock.
    - `digest`: that of its body (`digest_of`), if the sender has it whole.
    - `user`, `client`: handles of its user and of the client's address, which only the sender can
      resolve (`identity.handles`).
    - `by_service`: a service of the sender's cloud sends it, in place of its user.
    """

    end: int | None = None
    digest: str | None = None
    user: str | None = None
    client: str | None = None
    by_service: bool = False


NOTHING = Told()


class Checked(NamedTuple):
    """The id of a signature, which is good for one use, the id of its key, and what it tells."""

    identifier: str
    key: str
    told: Told = NOTHING


def digest_of(body: bytes) -> str:
    """Return the digest of a body as a signature has it: SHA-256 in base64url."""
    return encoded(sha256(body).digest()).decode()


def sign(crossing: Crossing, key: SigningKey, now: float, told: Told | None = None) -> str:
    """Return the signature of a crossing; `now` is in seconds since 1970.

    It has the second form if it tells something, the first one without.
    """
    identifier = os.urandom(16).hex()
    rest = f', "iat": {int(now)}, "jti": "{identifier}", "kid": "{key.id}"'
    header = _FIRST if told is None else _SECOND
    if told is not None:
        rest += _written(told)
    signed = header + encoded(_beginning(crossing) + rest.encode() + b"}")
    return (signed + b"." + encoded(key.private.sign(signed))).decode()


def check(
    proof: str, crossing: Crossing, signers: Sequence[Signer], now: float, earliest: int = 0
) -> Checked:
    """Check the signature of a crossing by one of some keys, and return its id and its key.

    Raises ProofError. The caller must refuse an id that it has seen within twice the LIFETIME (a
    replay). `earliest` is since when it remembers ids, in seconds since 1970: older signatures are
    refused.
    """
    beginning = _beginning(crossing)
    signed, payload, signature = _parts(proof, len(beginning))
    claims = _TOLD if signed.startswith(_SECOND) else _REST
    rest = claims.fullmatch(payload, len(beginning)) if payload.startswith(beginning) else None
    if rest is None:
        raise ProofError(_difference(payload, crossing))
    issued, identifier, named, *told = rest.groups()
    if abs(now - int(issued)) > LIFETIME:
        raise ProofError(
            f"its signature is not of the last {LIFETIME} s; compare the clocks of the two gateways"
        )
    if int(issued) < earliest:
        raise ProofError("its signature is from before this gateway was started; try again")
    key = _key(signed, signature, _named(signers, named))
    return Checked(identifier.decode(), key, _read(*told) if told else NOTHING)


def _written(told: Told) -> str:
    """Return the claims of what a signature tells; each is left out if it has nothing to say."""
    end, digest, user, client, by_service = told
    text = "" if end is None else f', "end": {end}'
    for name, value in (("digest", digest), ("user", user), ("client", client)):
        if value is not None:
            text += f', "{name}": "{value}"'
    return f'{text}, "by_service": true' if by_service else text


def _read(
    end: bytes | None,
    digest: bytes | None,
    user: bytes | None,
    client: bytes | None,
    by_service: bytes | None,
) -> Told:
    return Told(
        None if end is None else int(end),
        None if digest is None else digest.decode(),
        None if user is None else user.decode(),
        None if client is None else client.decode(),
        by_service is not None,
    )


def _beginning(crossing: Crossing) -> bytes:
    """Return the payload of a signature up to the claims that only the signer knows.

    It is written as json.dumps writes it, in a third of the time.
    """
    every = crossing.headers.all
    listed = [_listed(every(name)) for name in _COVERED]
    if client := every(CLIENT_HEADER):
        listed.append(_listed(client))
    covered = f"[{', '.join(listed)}]"
    digest = encoded(sha256(covered.encode()).digest())
    return (
        f'{{"iss": {_quoted(crossing.issuer)}, "aud": {_quoted(crossing.audience)}, '
        f'"htm": {_quoted(crossing.method)}, "htu": {_quoted(crossing.target)}, '
        f'"service": {_quoted(crossing.service)}, "headers": "{digest.decode()}="'
    ).encode()


def _listed(values: Sequence[str]) -> str:
    """Return a JSON list of texts, which are seldom several."""
    if len(values) == 1:
        return f"[{_quoted(values[0])}]"
    return f"[{', '.join(map(_quoted, values))}]" if values else "[]"


def _parts(proof: str, length: int) -> tuple[bytes, bytes, bytes]:
    """Return what is signed, the payload and the signature, if they are written in the one way.

    `length` is that of the payload up to the claims that only the signer knows.
    """
    try:
        signed, _, signature = proof.encode("ascii").rpartition(b".")
        header = next((one for one in (_FIRST, _SECOND) if signed.startswith(one)), None)
        if header is None or len(signature) != _SIGNATURE:
            raise ValueError
        payload = signed[len(header) :]
        if len(payload) > length * 4 // 3 + _LONGER:
            raise ProofError("its signature is longer than one of this request can be")
        return signed, decoded(payload), decoded(signature)
    except ValueError as error:
        raise ProofError("its signature is not one of a crossing") from error


def _named(signers: Sequence[Signer], named: bytes | None) -> Sequence[Signer]:
    """Return the keys that may have made a signature: the one that it names, or else any."""
    if named is None:
        return signers
    name = named.decode()
    if found := [signer for signer in signers if signer.id == name]:
        return found
    known = ", ".join(signer.id for signer in signers)
    raise ProofError(
        f"its signature is not made with its key: it names {name}, and the file has {known}"
    )


def _key(signed: bytes, signature: bytes, signers: Sequence[Signer]) -> str:
    """Return the id of the key that made a signature; raises ProofError if none of these did."""
    for signer in signers:
        try:
            signer.public.verify(signature, signed)
        except InvalidSignature:
            continue
        return signer.id
    raise ProofError("its signature is not made with its key")


def _difference(payload: bytes, crossing: Crossing) -> str:
    """Return why a payload is not one of a crossing; it is not known to be of any gateway."""
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        claims = None
    if isinstance(claims, dict):
        for name, value in crossing.claims().items():
            if claims.get(name) != value:
                return f"its signature is for another request ({name} differs)"
    return "its signature is not one of a crossing"


def _header(kind: str) -> bytes:
    return encoded(json.dumps({"typ": kind, "alg": "EdDSA"}).encode()) + b"."


_FIRST, _SECOND = _header("openstackoid-hop"), _header("openstackoid-hop2")
