"""The signature of a hop."""

import json
from dataclasses import replace

import pytest
from jwcrypto.jws import JWS

from openstackoid.identity.keys import make, signer
from openstackoid.identity.signature import LIFETIME, Hop, ProofError, check, sign
from openstackoid.message import Headers

NOW = 1_800_000_000.5
KEYS = make()
HEADERS = Headers([("X-Scope", "{}"), ("X-Auth-Token", "secret!SCOPE!{}"), ("Accept", "*/*")])
HOP = Hop("CloudOne", "CloudTwo", "image", "GET", "/v2/images?limit=1", HEADERS)


def accepted(proof: str, hop: Hop = HOP, now: float = NOW) -> str:
    return check(proof, hop, signer(KEYS.public), now)


def test_a_hop_is_proven_by_its_signature() -> None:
    """Each signature has an id of its own, and tells nothing of the token."""
    one, two = (sign(HOP, KEYS.sign, NOW) for _ in range(2))
    assert accepted(one) != accepted(two)
    assert "secret" not in str(JWS.from_jose_token(one).objects)


def test_other_headers_may_change() -> None:
    """A proxy on the way may add what it likes."""
    moved = replace(HOP, headers=Headers((*HEADERS, ("X-Forwarded-For", "192.0.2.1"))))
    accepted(sign(HOP, KEYS.sign, NOW), moved)


@pytest.mark.parametrize(
    "other",
    [
        replace(HOP, issuer="CloudThree"),
        replace(HOP, audience="CloudThree"),
        replace(HOP, service="compute"),
        replace(HOP, method="DELETE"),
        replace(HOP, target="/v2/images?limit=2"),
        replace(HOP, headers=Headers(HEADERS.pairs[:1])),
        replace(HOP, headers=Headers((*HEADERS, ("X-Auth-Token", "mine")))),
        replace(HOP, headers=Headers((*HEADERS, ("X-Service-Token", "mine")))),
        replace(HOP, headers=Headers((*HEADERS, ("X-Subject-Token", "mine")))),
        replace(HOP, headers=Headers((("X-Scope", "[]"), *HEADERS.pairs[1:]))),
    ],
)
def test_another_request_is_not_proven(other: Hop) -> None:
    """Whatever decides something is covered."""
    with pytest.raises(ProofError, match="for another request"):
        accepted(sign(HOP, KEYS.sign, NOW), other)


@pytest.mark.parametrize("seconds", [LIFETIME + 1, -LIFETIME - 1])
def test_an_old_signature_proves_nothing(seconds: float) -> None:
    """Nor one of the future: both would be taken too long."""
    proof = sign(HOP, KEYS.sign, NOW)
    accepted(proof, now=NOW + seconds * 0.9)
    with pytest.raises(ProofError, match="clocks"):
        accepted(proof, now=NOW + seconds)


def signed(protected: dict[str, str], claims: object, key: object = KEYS.sign) -> str:
    jws = JWS(json.dumps(claims))
    jws.allowed_algs = ["EdDSA", "HS256"]
    jws.add_signature(key, protected=json.dumps(protected))
    return jws.serialize(compact=True)


CLAIMS = {**HOP.claims(), "iat": int(NOW), "jti": "x"}
TYPE = {"typ": "openstackoid-hop", "alg": "EdDSA"}


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "a.b.c",
        "é.é.é",
        "{}",
        "[" * 10_000,
        sign(HOP, make().sign, NOW),
        sign(HOP, KEYS.sign, NOW)[:-4] + "AAAA",
        "eyJhbGciOiJub25lIn0." + sign(HOP, KEYS.sign, NOW).split(".")[1] + ".",
        signed({"alg": "EdDSA"}, CLAIMS),
        signed({**TYPE, "kid": "x"}, CLAIMS),
        signed(TYPE, [CLAIMS]),
        signed(TYPE, "text"),
        signed(TYPE, {**CLAIMS, "iat": "now"}),
        signed(TYPE, {**CLAIMS, "iat": NOW * 1e300}),
        signed(TYPE, {**CLAIMS, "jti": ""}),
        signed(TYPE, {**CLAIMS, "jti": ["x"]}),
        signed(TYPE, {**CLAIMS, "jti": "x" * 65}),
        signed(TYPE, {n: v for n, v in CLAIMS.items() if n != "jti"}),
        signed(TYPE, {n: v for n, v in CLAIMS.items() if n != "htu"}),
    ],
)
def test_what_is_not_its_signature_is_refused(proof: str) -> None:
    """Another key, another algorithm, another kind of signature, or none; never an exception."""
    with pytest.raises(ProofError) as refused:
        accepted(proof)
    assert "secret" not in str(refused.value)


def test_the_claims_themselves_are_taken() -> None:
    """So that the refusals above are for what they change."""
    assert accepted(signed(TYPE, CLAIMS)) == "x"
