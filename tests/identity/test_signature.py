"""The signature of a crossing."""

import json
from dataclasses import replace

import pytest
from jwcrypto.jws import JWS

from openstackoid.identity.keys import make, signer
from openstackoid.identity.signature import LIFETIME, Crossing, ProofError, check, sign
from openstackoid.message import Headers

NOW = 1_800_000_000.5
KEYS = make()
HEADERS = Headers([("X-Scope", "{}"), ("X-Auth-Token", "secret!SCOPE!{}"), ("Accept", "*/*")])
CROSSING = Crossing("CloudOne", "CloudTwo", "image", "GET", "/v2/images?limit=1", HEADERS)


def accepted(proof: str, crossing: Crossing = CROSSING, now: float = NOW) -> str:
    return check(proof, crossing, signer(KEYS.public), now)


def test_a_hop_is_proven_by_its_signature() -> None:
    """Each signature has an id of its own, and tells nothing of the token."""
    one, two = (sign(CROSSING, KEYS.sign, NOW) for _ in range(2))
    assert accepted(one) != accepted(two)
    assert "secret" not in str(JWS.from_jose_token(one).objects)


def test_other_headers_may_change() -> None:
    """A proxy on the way may add what it likes."""
    moved = replace(CROSSING, headers=Headers((*HEADERS, ("X-Forwarded-For", "192.0.2.1"))))
    accepted(sign(CROSSING, KEYS.sign, NOW), moved)


@pytest.mark.parametrize(
    "other",
    [
        replace(CROSSING, issuer="CloudThree"),
        replace(CROSSING, audience="CloudThree"),
        replace(CROSSING, service="compute"),
        replace(CROSSING, method="DELETE"),
        replace(CROSSING, target="/v2/images?limit=2"),
        replace(CROSSING, headers=Headers(HEADERS.pairs[:1])),
        replace(CROSSING, headers=Headers((*HEADERS, ("X-Auth-Token", "mine")))),
        replace(CROSSING, headers=Headers((*HEADERS, ("X-Service-Token", "mine")))),
        replace(CROSSING, headers=Headers((*HEADERS, ("X-Subject-Token", "mine")))),
        replace(CROSSING, headers=Headers((("X-Scope", "[]"), *HEADERS.pairs[1:]))),
    ],
)
def test_another_request_is_not_proven(other: Crossing) -> None:
    """Whatever decides something is covered."""
    with pytest.raises(ProofError, match="for another request"):
        accepted(sign(CROSSING, KEYS.sign, NOW), other)


@pytest.mark.parametrize("seconds", [LIFETIME + 1, -LIFETIME - 1])
def test_an_old_signature_proves_nothing(seconds: float) -> None:
    """Nor one of the future: both would be taken too long."""
    proof = sign(CROSSING, KEYS.sign, NOW)
    accepted(proof, now=NOW + seconds * 0.9)
    with pytest.raises(ProofError, match="clocks"):
        accepted(proof, now=NOW + seconds)


def signed(protected: dict[str, str], claims: object, key: object = KEYS.sign) -> str:
    jws = JWS(json.dumps(claims))
    jws.allowed_algs = ["EdDSA", "HS256"]
    jws.add_signature(key, protected=json.dumps(protected))
    return jws.serialize(compact=True)


CLAIMS = {**CROSSING.claims(), "iat": int(NOW), "jti": "x"}
TYPE = {"typ": "openstackoid-hop", "alg": "EdDSA"}


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "a.b.c",
        "é.é.é",
        "{}",
        "[" * 10_000,
        sign(CROSSING, make().sign, NOW),
        sign(CROSSING, KEYS.sign, NOW)[:-4] + "AAAA",
        "eyJhbGciOiJub25lIn0." + sign(CROSSING, KEYS.sign, NOW).split(".")[1] + ".",
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
