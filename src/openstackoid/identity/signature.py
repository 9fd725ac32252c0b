"""Signs crossings and checks their signatures: who sent which request to whom, and when.

A signature is a compact JWS (EdDSA), similar to DPoP's proofs (RFC 9449). It covers the method, the
path with its query, the service, and the headers with scope and tokens, but not the body, which is
streamed.

There is one way to write the signature of a request, up to its time, its id and its key. So it is
not parsed: the checker writes what the signer must have written, and compares. Ed25519 takes most
of the time, so it comes last, and has no library for all of JOSE around it.
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

_REST = re.compile(
    rb', "iat": (0|[1-9][0-9]{0,11}), "jti": "([A-Za-z0-9_-]{1,64})"'
    rb'(?:, "kid": "([A-Za-z0-9_-]{1,64})")?\}'
)
"""The claims that only the signer knows; older gateways name no key."""


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


class Checked(NamedTuple):
    """The id of a signature, which is good for one use, and the id of the key that made it."""

    identifier: str
    key: str


def sign(crossing: Crossing, key: SigningKey, now: float) -> str:
    """Return the signature of a crossing; `now` is in seconds since 1970."""
    identifier = os.urandom(16).hex()
    rest = f', "iat": {int(now)}, "jti": "{identifier}", "kid": "{key.id}"}}'
    signed = _HEADER + encoded(_beginning(crossing) + rest.encode())
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
    rest = _REST.fullmatch(payload, len(beginning)) if payload.startswith(beginning) else None
    if rest is None:
        raise ProofError(_difference(payload, crossing))
    issued, identifier, named = rest.groups()
    if abs(now - int(issued)) > LIFETIME:
        raise ProofError(
            f"its signature is not of the last {LIFETIME} s; compare the clocks of the two gateways"
        )
    if int(issued) < earliest:
        raise ProofError("its signature is from before this gateway was started; try again")
    key = _key(signed, signature, _named(signers, named))
    return Checked(identifier.decode(), key)


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
        if not signed.startswith(_HEADER) or len(signature) != _SIGNATURE:
            raise ValueError
        payload = signed[len(_HEADER) :]
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


_HEADER = encoded(json.dumps({"typ": "openstackoid-hop", "alg": "EdDSA"}).encode()) + b"."
