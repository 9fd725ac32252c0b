"""Signs crossings and checks their signatures: who sent which request to whom, and when.

A signature is a compact JWS (EdDSA), similar to DPoP's proofs (RFC 9449). It covers the method, the
path with its query, the service, and the headers with scope and tokens, but not the body, which is
streamed.
"""

import json
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from jwcrypto.common import JWException
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from openstackoid.message import Headers
from openstackoid.routing.scoping import AUTH_TOKEN, SCOPE_HEADER, SERVICE_TOKEN, SUBJECT_TOKEN

PROOF = "x-scope-proof"

LIFETIME = 60
"""Seconds at most between signing and checking: difference of the clocks, and transmission."""

_MAX_ID = 64
"""Characters of a signature's id at most; ids are kept in memory."""

_COVERED = (SCOPE_HEADER, AUTH_TOKEN, SUBJECT_TOKEN, SERVICE_TOKEN)
_PROTECTED = json.dumps({"typ": "openstackoid-hop", "alg": "EdDSA"})


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
        covered = json.dumps([self.headers.all(name) for name in _COVERED])
        digest = urlsafe_b64encode(sha256(covered.encode()).digest()).decode()
        return {
            "iss": self.issuer,
            "aud": self.audience,
            "htm": self.method,
            "htu": self.target,
            "service": self.service,
            "headers": digest,
        }


def sign(crossing: Crossing, key: JWK, now: float) -> str:
    """Return the signature of a crossing; `now` is in seconds since 1970."""
    claims = {**crossing.claims(), "iat": int(now), "jti": uuid.uuid4().hex}
    jws = JWS(json.dumps(claims))
    jws.add_signature(key, protected=_PROTECTED)
    signature: str = jws.serialize(compact=True)
    return signature


def check(proof: str, crossing: Crossing, key: JWK, now: float) -> str:
    """Check the signature of a crossing and return its id; raises ProofError.

    The caller must refuse an id that it has seen within twice the LIFETIME (a replay).
    """
    claims = _verified(proof, key)
    for name, value in crossing.claims().items():
        if claims.get(name) != value:
            raise ProofError(f"its signature is for another request ({name} differs)")
    issued, identifier = claims.get("iat"), claims.get("jti")
    if not isinstance(issued, int) or abs(now - issued) > LIFETIME:
        raise ProofError(
            f"its signature is not of the last {LIFETIME} s; compare the clocks of the two gateways"
        )
    if not isinstance(identifier, str) or not 0 < len(identifier) <= _MAX_ID:
        raise ProofError(f"its signature has no id of at most {_MAX_ID} characters")
    return identifier


def _verified(proof: str, key: JWK) -> Mapping[str, Any]:
    jws = JWS()
    jws.allowed_algs = ["EdDSA"]
    try:
        jws.deserialize(proof, key)
        claims = json.loads(jws.payload)
    except (JWException, ValueError, TypeError, RecursionError) as error:
        raise ProofError("its signature is not made with its key") from error
    if not isinstance(claims, dict) or jws.jose_header != json.loads(_PROTECTED):
        raise ProofError("its signature is not one of a crossing")
    return claims
