"""The signature of a crossing."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from openstackoid.identity.keys import Keys, key_id, make, signer
from openstackoid.identity.signature import (
    LIFETIME,
    NOTHING,
    Checked,
    Crossing,
    ProofError,
    Told,
    check,
    digest_of,
    sign,
)
from openstackoid.message import Headers

NOW = 1_800_000_000.5
KEYS, NEXT = make(), make()
HEADERS = Headers([("X-Scope", "{}"), ("X-Auth-Token", "secret!SCOPE!{}"), ("Accept", "*/*")])
CROSSING = Crossing("CloudOne", "CloudTwo", "image", "GET", "/v2/images?limit=1", HEADERS)


def accepted(proof: str, crossing: Crossing = CROSSING, now: float = NOW, *keys: Keys) -> Checked:
    return check(proof, crossing, [signer(one.public) for one in keys or (KEYS,)], now)


def private(keys: Keys) -> JWK:
    """Return a key as an older gateway has it, which signs and checks by jwcrypto."""
    return JWK.from_pyca(keys.sign.private)


def test_a_hop_is_proven_by_its_signature() -> None:
    """Each signature has an id of its own, and tells nothing of the token."""
    one, two = (sign(CROSSING, KEYS.sign, NOW) for _ in range(2))
    assert accepted(one).identifier != accepted(two).identifier
    assert "secret" not in str(JWS.from_jose_token(one).objects)


def test_a_signature_names_its_key() -> None:
    """So only one of two keys is tried; who signed is told."""
    for keys in (KEYS, NEXT):
        proof = sign(CROSSING, keys.sign, NOW)
        assert accepted(proof, CROSSING, NOW, KEYS, NEXT).key == key_id(keys.public)
    with pytest.raises(ProofError) as refused:
        accepted(sign(CROSSING, NEXT.sign, NOW))
    assert f"names {NEXT.sign.id}, and the file has {KEYS.sign.id}" in str(refused.value)


def test_the_name_of_a_key_proves_nothing() -> None:
    """It says which key to try: a stranger may write any."""
    claims = {**CLAIMS, "kid": KEYS.sign.id}
    accepted(signed(TYPE, claims))
    with pytest.raises(ProofError, match="not made with its key"):
        accepted(signed(TYPE, claims, private(NEXT)), CROSSING, NOW, KEYS, NEXT)


def test_an_older_gateway_reads_it() -> None:
    """It knows the claims of a request, and ignores the name of the key; its header is the same."""
    jws = JWS()
    jws.deserialize(sign(CROSSING, KEYS.sign, NOW), private(KEYS))
    claims = json.loads(jws.payload)
    assert jws.jose_header == TYPE
    assert CROSSING.claims().items() <= claims.items()
    assert (claims["iat"], len(claims["jti"])) == (int(NOW), 32)


def test_the_signature_of_an_older_gateway_is_accepted() -> None:
    """It names no key, so each is tried."""
    proof = signed(TYPE, CLAIMS)
    assert accepted(proof)[:2] == ("x", KEYS.sign.id)
    assert accepted(proof, CROSSING, NOW, NEXT, KEYS)[:2] == ("x", KEYS.sign.id)
    with pytest.raises(ProofError, match="not made with its key"):
        accepted(proof, CROSSING, NOW, NEXT)


texts = st.text(st.characters(codec="utf-8") | st.sampled_from('\udc80\udcff"\\\x7f\0'), max_size=9)


@given(texts, texts, st.lists(st.tuples(st.sampled_from(["X-Scope", "X-Auth-Token"]), texts)))
def test_claims_are_the_json_of_any_writer(
    target: str, service: str, headers: list[tuple[str, str]]
) -> None:
    """Older gateways write them by json.dumps: whatever is in a request, both agree."""
    crossing = Crossing("One", "Two", service, "GET", target, Headers(headers))
    claims = crossing.claims()
    assert (claims["htu"], claims["service"]) == (target, service)
    older = json.dumps({**claims, "iat": int(NOW), "jti": "x"})
    jws = JWS(older)
    jws.add_signature(private(KEYS), protected=json.dumps(TYPE))
    assert accepted(jws.serialize(compact=True), crossing).identifier == "x"


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
        replace(CROSSING, headers=Headers((*HEADERS, ("X-Scope-Client", "192.0.2.1")))),
    ],
)
def test_another_request_is_not_proven(other: Crossing) -> None:
    """Whatever decides something is covered."""
    with pytest.raises(ProofError, match="for another request"):
        accepted(sign(CROSSING, KEYS.sign, NOW), other)


def test_who_asks_is_covered_where_it_is_told() -> None:
    """Nobody on the way blames another client, or takes the header away."""
    told = replace(CROSSING, headers=Headers((*HEADERS, ("X-Scope-Client", "192.0.2.1"))))
    proof = sign(told, KEYS.sign, NOW)
    accepted(proof, told)
    other = replace(CROSSING, headers=Headers((*HEADERS, ("X-Scope-Client", "192.0.2.2"))))
    for changed in (CROSSING, other):
        with pytest.raises(ProofError, match="for another request"):
            accepted(proof, changed)


@pytest.mark.parametrize("seconds", [LIFETIME + 1, -LIFETIME - 1])
def test_an_old_signature_proves_nothing(seconds: float) -> None:
    """Nor one of the future: both would be taken too long."""
    proof = sign(CROSSING, KEYS.sign, NOW)
    accepted(proof, now=NOW + seconds * 0.9)
    with pytest.raises(ProofError, match="clocks"):
        accepted(proof, now=NOW + seconds)


def signed(
    protected: Mapping[str, str], claims: object, key: JWK | None = None, spaced: bool = True
) -> str:
    """Return what an older gateway makes of claims, or anybody who has its key."""
    jws = JWS(json.dumps(claims, separators=None if spaced else (",", ":")))
    jws.allowed_algs = ["EdDSA", "HS256"]
    jws.add_signature(key or private(KEYS), protected=json.dumps(protected))
    proof: str = jws.serialize(compact=True)
    return proof


def written(payload: str) -> str:
    """Return a signature of a payload that is written by hand."""
    return signed_text(urlsafe_b64encode(payload.encode()).rstrip(b"=").decode())


def signed_text(payload: str) -> str:
    """Return a signature of a payload that is already encoded."""
    head = HEADER + "." + payload
    made = urlsafe_b64encode(KEYS.sign.private.sign(head.encode())).rstrip(b"=")
    return f"{head}.{made.decode()}"


CLAIMS = {**CROSSING.claims(), "iat": int(NOW), "jti": "x"}
TYPE = {"typ": "openstackoid-hop", "alg": "EdDSA"}
PROOF = signed(TYPE, CLAIMS)
HEADER, PAYLOAD, SIGNATURE = PROOF.split(".")
TEXT = json.dumps(CLAIMS)
assert accepted(written(TEXT)).identifier == "x"


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "a.b.c",
        "é.é.é",
        "{}",
        "[" * 10_000,
        "." * 10_000,
        sign(CROSSING, make().sign, NOW),
        PROOF[:-4] + "AAAA",
        f"{PROOF}.",
        f"{PROOF}.{SIGNATURE}",
        f"eyJhbGciOiJub25lIn0.{PAYLOAD}.",
        f"{HEADER}.{PAYLOAD}.",
        f"{HEADER}=.{PAYLOAD}.{SIGNATURE}",
        signed({"alg": "EdDSA"}, CLAIMS),
        signed({"alg": "EdDSA", "typ": "openstackoid-hop"}, CLAIMS),
        signed({**TYPE, "kid": "x"}, CLAIMS),
        signed({**TYPE, "typ": "oid-a"}, CLAIMS),
        signed(TYPE, [CLAIMS]),
        signed(TYPE, "text"),
        signed(TYPE, {**CLAIMS, "iat": "now"}),
        signed(TYPE, {**CLAIMS, "iat": str(int(NOW))}),
        signed(TYPE, {**CLAIMS, "iat": True}),
        signed(TYPE, {**CLAIMS, "iat": NOW}),
        signed(TYPE, {**CLAIMS, "iat": NOW * 1e300}),
        signed(TYPE, {**CLAIMS, "jti": ""}),
        signed(TYPE, {**CLAIMS, "jti": ["x"]}),
        signed(TYPE, {**CLAIMS, "jti": "x" * 65}),
        signed(TYPE, {**CLAIMS, "jti": "é"}),
        signed(TYPE, {**CLAIMS, "kid": 1}),
        signed(TYPE, {**CLAIMS, "kid": None}),
        signed(TYPE, {**CLAIMS, "more": "x"}),
        signed(TYPE, {n: v for n, v in CLAIMS.items() if n != "jti"}),
        signed(TYPE, {n: v for n, v in CLAIMS.items() if n != "htu"}),
        signed(TYPE, dict(reversed(CLAIMS.items()))),
        signed(TYPE, CLAIMS, spaced=False),
        written(TEXT.replace('"htm": "GET"', '"htm": "GET", "htm": "GET"')),
        written(TEXT.replace('"htm": "GET"', '"htm": "DELETE", "htm": "GET"')),
        written(TEXT.replace('"jti": "x"', '"jti": "y", "jti": "x"')),
        written(TEXT.replace("GET", "\\u0047ET")),
        written(TEXT.replace(f"{int(NOW)}", f"0{int(NOW)}")),
        written(f" {TEXT}"),
        written(f"{TEXT}\n"),
        signed_text(f"{PAYLOAD}="),
        signed_text(f"{PAYLOAD[:-1]}{chr(ord(PAYLOAD[-1]) + 1)}"),
        signed_text(f"{PAYLOAD[:8]}~{PAYLOAD[8:]}"),
        f"{PROOF[:-1]}{chr(ord(PROOF[-1]) + 1)}",
    ],
)
def test_what_is_not_its_signature_is_refused(proof: str) -> None:
    """Another key, another header, another way to write the same, or none; never an exception.

    A key twice, a claim of another type and one that is not known are signed, and refused.
    """
    with pytest.raises(ProofError) as refused:
        accepted(proof)
    assert "secret" not in str(refused.value)


def test_the_last_characters_may_be_written_in_one_way_alone() -> None:
    """So that the refusals above are for that: decoded, they are the same."""
    for text in (PAYLOAD, SIGNATURE):
        other = f"{text[:-1]}{chr(ord(text[-1]) + 1)}"
        assert urlsafe_b64decode(f"{other}==") == urlsafe_b64decode(f"{text}==")


def test_what_is_too_long_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody makes a gateway read what no request needs; a path that was longer is explained."""
    longer = replace(CROSSING, target=f"/prefix{CROSSING.target}")
    with pytest.raises(ProofError, match="htu differs"):
        accepted(sign(longer, KEYS.sign, NOW))
    monkeypatch.setattr("openstackoid.identity.signature.decoded", None)
    with pytest.raises(ProofError, match="longer than"):
        accepted(signed(TYPE, {**CLAIMS, "jti": "x" * 2000}))


def test_a_path_may_be_as_long_as_a_head() -> None:
    """Its signature grows with it."""
    long = replace(CROSSING, target=f"/v2/images?{'x' * 60_000}")
    accepted(sign(long, KEYS.sign, NOW), long)


TOLD = Told(1_800_000_009_500, digest_of(b"{}"), "u" * 22, "c" * 22, by_service=True)
SECOND = {"typ": "openstackoid-hop2", "alg": "EdDSA"}
MORE = {
    **CLAIMS,
    "kid": KEYS.sign.id,
    "end": 1_800_000_009_500,
    "digest": TOLD.digest,
    "user": "u" * 22,
    "client": "c" * 22,
    "by_service": True,
}


def told(**claims: object) -> str:
    """Return a signature of the second form with other claims; None leaves one out."""
    both = {**MORE, **claims}
    return signed(SECOND, {name: value for name, value in both.items() if value is not None})


@pytest.mark.parametrize("left_out", [(), *[(name,) for name in Told._fields], Told._fields])
def test_the_second_form_tells_more(left_out: tuple[str, ...]) -> None:
    """Each claim is there or not, whatever the others are; a reader of JOSE sees the same."""
    told = TOLD._replace(**{name: NOTHING._asdict()[name] for name in left_out})
    proof = sign(CROSSING, KEYS.sign, NOW, told)
    assert accepted(proof).told == told
    jws = JWS()
    jws.deserialize(proof, private(KEYS))
    assert jws.jose_header == SECOND
    claims = json.loads(jws.payload)
    assert [name for name in claims if name in Told._fields] == [
        name for name in Told._fields if name not in left_out
    ]
    assert CROSSING.claims().items() <= claims.items()


def test_the_first_form_tells_nothing() -> None:
    """It is what older gateways write, and read."""
    assert accepted(sign(CROSSING, KEYS.sign, NOW)).told == NOTHING


def test_what_the_second_form_says_by_hand_is_the_same() -> None:
    """So that the refusals below are for what differs."""
    assert accepted(told()) == ("x", KEYS.sign.id, TOLD)
    assert accepted(told(**dict.fromkeys(Told._fields))).told == NOTHING


@pytest.mark.parametrize(
    "proof",
    [
        signed(TYPE, MORE),
        signed(SECOND, CLAIMS),
        signed({**SECOND, "typ": "openstackoid-hop3"}, MORE),
        signed({**SECOND, "kid": "x"}, MORE),
        told(kid=None),
        told(end="1800000009500"),
        told(end=1.5),
        told(end=-1),
        told(end=True),
        told(end=10**15),
        told(digest=""),
        told(digest="é" * 43),
        told(digest=f"{TOLD.digest}="),
        told(user="u" * 21),
        told(user=["u" * 22]),
        told(client="c" * 23),
        told(client="192.0.2.1"),
        told(by_service=False),
        told(by_service="true"),
        told(by_service=1),
        told(more="x"),
        signed(SECOND, dict(reversed(MORE.items()))),
        signed(SECOND, MORE, spaced=False),
        signed(SECOND, {**CLAIMS, "kid": KEYS.sign.id, "digest": TOLD.digest, "end": 1}),
        signed(SECOND, {**CLAIMS, "end": 1, "kid": KEYS.sign.id}),
    ],
)
def test_what_is_told_in_another_way_is_refused(proof: str) -> None:
    """A form with the claims of the other one, another order, another type, one that is unknown."""
    with pytest.raises(ProofError, match="not one of a crossing"):
        accepted(proof)


def test_nobody_makes_one_form_of_the_other() -> None:
    """What tells something can't be taken out on the way, nor put in."""
    first, second = sign(CROSSING, KEYS.sign, NOW), sign(CROSSING, KEYS.sign, NOW, NOTHING)
    header, others = first.partition(".")[0], second.partition(".")[0]
    for proof in (
        f"{others}{first.removeprefix(header)}",
        f"{header}{second.removeprefix(others)}",
    ):
        with pytest.raises(ProofError, match="not made with its key"):
            accepted(proof)
