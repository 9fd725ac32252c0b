"""Assertions: written, signed and read in one way."""

import base64
import json
import os
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from identity import alice
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from msgspec.structs import replace

from openstackoid.identity.assertion import (
    MAX_LENGTH,
    MAX_ROLES,
    BadAssertionError,
    Claims,
    claimed,
    is_assertion,
    sign,
    text_of,
    verified,
)
from openstackoid.identity.base64url import encoded
from openstackoid.identity.keys import Signer, SigningKey, assertion_signer, make, signer

KEYS, NEXT = make(), make()


def key_of(keys: Any) -> tuple[SigningKey, Signer]:
    """Return both halves of the key for assertions."""
    public = assertion_signer(keys.public)
    assert public is not None
    return alice.assertion_key(keys), public


KEY, SIGNER = key_of(KEYS)
OTHER, OTHERS = key_of(NEXT)

CLAIMS = replace(alice.CLAIMS, jti="i" * 22, back=("image",), own="secret")
TEXT = text_of(CLAIMS)
ASSERTION = sign(CLAIMS, KEY)

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
CLOUDS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
SERVICES = st.sampled_from(["*", "compute", "image", "block-storage", "x" * 64])
TIMES = st.integers(0, 253_402_300_799)
ANY_CLAIMS = st.builds(
    Claims,
    iss=CLOUDS,
    aud=CLOUDS,
    presenter=CLOUDS,
    sub=NAMES,
    user=st.tuples(NAMES, NAMES),
    project=st.tuples(NAMES, NAMES, NAMES),
    roles=st.lists(NAMES, max_size=MAX_ROLES).map(tuple),
    services=st.lists(SERVICES, max_size=8).map(tuple),
    iat=TIMES,
    exp=TIMES,
    jti=st.from_regex(r"\A[A-Za-z0-9_-]{22}\Z"),
    back=st.lists(SERVICES, max_size=4).map(tuple),
    late=st.booleans(),
    own=st.text("abcDEF012-_", max_size=400),
)


def refused(assertion: str, *signers: Signer) -> str:
    """Return why an assertion is refused, which has nothing of its contents."""
    with pytest.raises(BadAssertionError) as caught:
        verified(assertion, signers or (SIGNER,))
    message = str(caught.value)
    assert not any(part in message for part in ("alice", "secret", "demo", "member"))
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    return message


def written(
    payload: bytes, header: bytes | None = None, key: SigningKey = KEY, begin: str = "oid1."
) -> str:
    """Return an assertion of any payload and header, truly signed."""
    header = header or b'{"alg":"EdDSA","kid":"%s","typ":"oid-a"}' % key.id.encode()
    signed = encoded(header) + b"." + encoded(payload)
    return f"{begin}{(signed + b'.' + encoded(key.private.sign(signed))).decode()}"


@given(ANY_CLAIMS)
def test_what_is_signed_is_read_again(claims: Claims) -> None:
    """The same claims give the same bytes: all workers of a gateway write one."""
    assertion = sign(claims, KEY)
    assert assertion == sign(replace(claims), SigningKey(KEY.id, KEY.private))
    if len(assertion) <= MAX_LENGTH:
        assert verified(assertion, (SIGNER,)) == (claims, KEY.id)
        assert claimed(assertion) == claims
    else:
        assert "as gateways write them" in refused(assertion)


def test_it_is_a_jws_as_any_library_reads_it() -> None:
    """Behind its beginning; names are not escaped, and what is empty is left out."""
    claims = replace(CLAIMS, user=("bj\u00f6rn", "\u5b57"), back=(), own="")
    jws = JWS()
    jws.deserialize(sign(claims, KEY).removeprefix("oid1."), JWK.from_pyca(SIGNER.public))
    assert jws.jose_header == {"alg": "EdDSA", "kid": KEY.id, "typ": "oid-a"}
    assert json.loads(jws.payload) == {
        "iss": "One",
        "aud": "Two",
        "from": "One",
        "sub": "u1",
        "u": ["bj\u00f6rn", "\u5b57"],
        "p": ["p1", "demo", "Default"],
        "r": ["member", "reader"],
        "s": ["compute", "network"],
        "iat": 1_800_000_000,
        "exp": 1_800_003_600,
        "jti": "i" * 22,
    }
    assert "bj\u00f6rn".encode() in jws.payload


def test_an_assertion_is_told_from_a_token_by_its_beginning() -> None:
    """No token of a Keystone begins so: that of Fernet does with gAAAA, that of JWS with eyJ."""
    assert is_assertion(ASSERTION)
    for token in ("", "oid1", "OID1.", "gAAAAABm", "eyJ0eXAi", " oid1.", ASSERTION[1:]):
        assert not is_assertion(token)


def test_one_of_two_keys_has_signed() -> None:
    """While they are exchanged both are good, and it is told which one it was."""
    for key in (KEY, OTHER):
        assert verified(sign(CLAIMS, key), (SIGNER, OTHERS)) == (CLAIMS, key.id)
        assert verified(sign(CLAIMS, key), (OTHERS, SIGNER)) == (CLAIMS, key.id)


def test_nobody_else_s_key_is_good() -> None:
    """Not another cloud's, not this one's for hops, and not one that bears the name of a good."""
    assert "no key of its issuer" in refused(sign(CLAIMS, OTHER))
    assert "no key of its issuer" in refused(sign(CLAIMS, KEYS.sign))
    assert "no key of its issuer" in refused(sign(CLAIMS, SigningKey(KEY.id, OTHER.private)))
    assert "no key of its issuer" in refused(sign(CLAIMS, SigningKey(OTHER.id, KEY.private)))
    assert "no key of its issuer" in refused(ASSERTION, signer(KEYS.public), OTHERS)
    with pytest.raises(BadAssertionError, match="no key of its issuer"):
        verified(ASSERTION, ())


@given(st.data())
def test_a_character_that_is_changed_is_noticed(data: st.DataObject) -> None:
    """Anywhere; also one that a decoder would overlook, and one more or less."""
    at = data.draw(st.integers(0, len(ASSERTION) - 1))
    other = data.draw(st.sampled_from(["", "A", ".", "=", "\n", "~", "+", "\u00e9", "\ud800"]))
    for changed in (
        ASSERTION[:at] + other + ASSERTION[at + 1 :],
        ASSERTION[:at] + other + ASSERTION[at:],
    ):
        if changed != ASSERTION:
            refused(changed)


def test_a_bit_that_is_changed_is_noticed() -> None:
    """Each one, of header, claims and signature."""
    parts = [base64.urlsafe_b64decode(f"{p}==") for p in ASSERTION[5:].split(".")]
    for index, part in enumerate(parts):
        for bit in range(len(part) * 8):
            changed = bytearray(part)
            changed[bit // 8] ^= 1 << bit % 8
            every = [*parts[:index], bytes(changed), *parts[index + 1 :]]
            refused("oid1." + b".".join(map(encoded, every)).decode())


def test_stray_bits_are_noticed() -> None:
    """The last character of each part could be written in several ways that decode to the same."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assertion = sign(replace(CLAIMS, own=""), KEY)
    assert len(assertion.split(".")[2]) % 4 != 0  # so there are such bits
    found = 0
    parts = assertion.split(".")
    for index in (1, 2, 3):
        text = parts[index]
        raw = base64.urlsafe_b64decode(f"{text}==")
        for last in set(letters) - {text[-1]}:
            other = text[:-1] + last
            if base64.urlsafe_b64decode(f"{other}==") == raw:
                found += 1
                refused(".".join((*parts[:index], other, *parts[index + 1 :])))
    assert found > 15


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "EdDSA", "kid": KEY.id},
        {"alg": "EdDSA", "kid": KEY.id, "typ": "openstackoid-hop"},
        {"alg": "EdDSA", "kid": KEY.id, "typ": "JWT"},
        {"alg": "EdDSA", "kid": KEY.id, "typ": "OID-A"},
        {"alg": "EdDSA", "typ": "oid-a"},
        {"alg": "EdDSA", "kid": "", "typ": "oid-a"},
        {"alg": "EdDSA", "kid": KEY.id[:-1], "typ": "oid-a"},
        {"alg": "EdDSA", "kid": f"{KEY.id}x", "typ": "oid-a"},
        {"alg": "EdDSA", "kid": f"{KEY.id[:-1]}\n", "typ": "oid-a"},
        {"alg": "EdDSA", "kid": None, "typ": "oid-a"},
        {"alg": "EdDSA", "kid": OTHER.id, "typ": "oid-a"},
        {"alg": "none", "kid": KEY.id, "typ": "oid-a"},
        {"alg": "HS256", "kid": KEY.id, "typ": "oid-a"},
        {"alg": "Ed25519", "kid": KEY.id, "typ": "oid-a"},
        {"alg": "eddsa", "kid": KEY.id, "typ": "oid-a"},
        {"alg": "EdDSA", "kid": KEY.id, "typ": "oid-a", "crit": []},
        {"alg": "EdDSA", "jwk": {"kty": "OKP"}, "kid": KEY.id, "typ": "oid-a"},
        {"typ": "oid-a", "alg": "EdDSA", "kid": KEY.id},
    ],
    ids=count(),  # keys differ from process to process
)
def test_another_header_is_refused(header: dict[str, Any]) -> None:
    """Also where the key of the issuer has signed it: it has said something else."""
    refused(written(TEXT, json.dumps(header, separators=(",", ":")).encode()))


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg": "EdDSA", "kid": "%s", "typ": "oid-a"}',
        b'{"alg":"EdDSA","kid":"%s","typ":"oid-a"}\n',
        b' {"alg":"EdDSA","kid":"%s","typ":"oid-a"}',
        b'{"alg":"EdDSA","kid":"%s","kid":"%s","typ":"oid-a"}',
        b'{"alg":"EdDS\\u0041","kid":"%s","typ":"oid-a"}',
        b"",
        b"{}",
        b"[]",
    ],
)
def test_another_way_to_write_the_header_is_refused(header: bytes) -> None:
    """Spaces, escapes, a key twice."""
    refused(written(TEXT, header.replace(b"%s", KEY.id.encode()) or b" "))


def test_a_hop_s_proof_is_no_assertion_and_the_other_way_round() -> None:
    """The header tells them apart, even if one key would sign both."""
    header = b'{"typ": "openstackoid-hop", "alg": "EdDSA"}'
    refused(written(TEXT, header))
    refused(written(b'{"iss": "One", "aud": "Two"}'))


REORDERED = json.dumps(dict(reversed(json.loads(TEXT).items())), separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace(b'"aud":"Two"', b'"aud":"Two","aud":"Two"'),
        lambda t: t.replace(b'"aud":"Two"', b'"aud":"Evil","aud":"Two"'),
        lambda t: t.replace(b'"own":"secret"', b'"own":"secret","aud":"Evil"'),
        lambda t: t.replace(b":", b": "),
        lambda t: t.replace(b",", b", "),
        lambda t: t + b"\n",
        lambda t: b" " + t,
        lambda t: b"\xef\xbb\xbf" + t,
        lambda t: t.replace(b"alice", b"\\u0061lice"),
        lambda t: t.replace(b"alice", b"al\\/ice"),
        lambda t: t.replace(b"alice", b"alice\\ud800"),
        lambda t: t.replace(b"alice", b"al\xff\xfeice"),
        lambda t: t.replace(b"alice", b"al\nice"),
        lambda t: t.replace(b"alice", b"\xed\xa0\x80"),
        lambda t: t.replace(b'"iat":1800000000', b'"iat":1.8e9'),
        lambda t: t.replace(b'"iat":1800000000', b'"iat":1800000000.0'),
        lambda t: t.replace(b'"iat":1800000000', b'"iat":01800000000'),
        lambda t: t.replace(b'"iat":1800000000', b'"iat":-0'),
        lambda t: t.replace(b'"own"', b'"late":false,"own"'),
        lambda t: t.replace(b'"own":"secret"', b'"own":""'),
        lambda t: t.replace(b'"back":["image"]', b'"back":[]'),
        lambda t: t.replace(b'"aud":"Two",', b"") + b'"aud":"Two"}',
        lambda t: t[:-1],
        lambda t: t + b"{}",
        lambda t: t + t,
        lambda t: b"[" + t + b"]",
        lambda t: t[:-1] + b"//\n}",
        lambda _: REORDERED,
        lambda _: b"",
        lambda _: b"{}",
        lambda _: b"[]",
        lambda _: b"null",
        lambda _: b'"text"',
        lambda _: b"[" * 1500,
        lambda _: b'{"x":' * 400,
    ],
)
def test_another_way_to_write_claims_is_refused(change: Callable[[bytes], bytes]) -> None:
    """Two readers could take them for different ones, and a service would remember it again."""
    changed = change(TEXT)
    assert changed != TEXT
    assert "as gateways write them" in refused(written(changed))


NO_TEXT: list[object] = [None, 0, 1.5, True, [], {}, ["x"], {"x": "x"}]
NO_PAIR: list[object] = [
    None,
    0,
    True,
    "ab",
    "abc",
    {},
    [],
    ["x"],
    ["x"] * 4,
    ["x", 1],
    ["x", "y", None],
]
NO_LIST: list[object] = [
    None,
    0,
    True,
    "compute",
    {},
    {"compute": 1},
    [1],
    [""],
    [[]],
    [None],
    [["compute"]],
]
NO_TIME: list[object] = [None, True, "1800000000", 1.5, [], {}, [1_800_000_000], -1, 10**30]
NO_FLAG: list[object] = [None, 0, 1, "true", [], {}]
WRONG: dict[str, list[object]] = {
    **dict.fromkeys(("iss", "aud", "from", "sub", "jti", "own"), NO_TEXT),
    **dict.fromkeys(("u", "p"), NO_PAIR),
    **dict.fromkeys(("r", "s", "back"), NO_LIST),
    **dict.fromkeys(("iat", "exp"), NO_TIME),
    "late": NO_FLAG,
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in WRONG.items() for value in values],
    ids=lambda part: json.dumps(part)[:16],
)
def test_a_claim_of_another_type_is_refused(name: str, value: object) -> None:
    """Nor is one converted; nothing but the error is raised."""
    document = json.loads(TEXT) | {name: value}
    refused(written(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()))


@pytest.mark.parametrize("name", sorted(set(json.loads(TEXT)) - {"jti", "back", "own"}))
def test_a_claim_that_is_not_there_is_refused(name: str) -> None:
    """There is nothing that would be assumed."""
    document = json.loads(TEXT)
    del document[name]
    refused(written(json.dumps(document, separators=(",", ":")).encode()))


@pytest.mark.parametrize(
    "more",
    [{"nbf": 0}, {"crit": []}, {"user": ["eve", "Default"]}, {"services": ["*"]}, {"": 1},
     {"presenter": "Evil"}, {"token": "x"}],
)  # fmt: skip
def test_a_claim_that_nobody_knows_is_refused(more: dict[str, object]) -> None:
    """It could restrict what it says; also by the names that claims have in the program."""
    document = json.loads(TEXT) | more
    refused(written(json.dumps(document, separators=(",", ":")).encode()))


@pytest.mark.parametrize(
    "claims",
    [
        replace(CLAIMS, services=("identity",)),
        replace(CLAIMS, services=("compute", "identity")),
        replace(CLAIMS, back=("identity",)),
        replace(CLAIMS, services=("Compute",)),
        replace(CLAIMS, services=("compute\n",)),
        replace(CLAIMS, services=("**",)),
        replace(CLAIMS, services=("x" * 65,)),
        replace(CLAIMS, iss="One\n"),
        replace(CLAIMS, aud="-Two"),
        replace(CLAIMS, aud="a\0b"),
        replace(CLAIMS, presenter="x" * 65),
        replace(CLAIMS, roles=("r",) * (MAX_ROLES + 1)),
        replace(CLAIMS, exp=253_402_300_800),
        replace(CLAIMS, exp=2**64),
        replace(CLAIMS, iat=-1),
        replace(CLAIMS, jti="i" * 21),
        replace(CLAIMS, jti="i" * 21 + "="),
        replace(CLAIMS, sub=""),
        replace(CLAIMS, user=("n" * 256, "Default")),
    ],
)
def test_what_no_gateway_says_is_refused(claims: Claims) -> None:
    """Identity is in no assertion; what is in one is as long as a Keystone and a file have it."""
    refused(sign(claims, KEY))


def test_a_service_that_only_begins_like_identity_is_one() -> None:
    """A federation may have services of its own."""
    claims = replace(CLAIMS, services=("identity-provider",))
    assert verified(sign(claims, KEY), (SIGNER,))[0] == claims


def _longest() -> str:
    """Return an assertion of the greatest length: with the token in it as long as it fits."""
    every = (sign(replace(CLAIMS, own="o" * length), KEY) for length in range(2500, 2800))
    return max((one for one in every if len(one) <= MAX_LENGTH), key=len)


def test_what_is_too_long_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a byte of it: 4096 characters are good, and one more is refused unread."""
    longest = _longest()
    assert MAX_LENGTH - 2 < len(longest) <= MAX_LENGTH
    verified(longest, (SIGNER,))
    longer = longest + "A" * (MAX_LENGTH + 1 - len(longest))
    monkeypatch.setattr("openstackoid.identity.compact.decoded", None)
    for text in (longer, longest * 1000, "oid1." + "A" * MAX_LENGTH, "\ud800" * 5000):
        refused(text)
    with pytest.raises(TypeError):
        claimed(longest)  # which shows that the others did not get so far


@pytest.mark.parametrize(
    "assertion",
    [
        "",
        "oid1.",
        "oid1....",
        ASSERTION[5:],
        "OID1." + ASSERTION[5:],
        "oid2." + ASSERTION[5:],
        ASSERTION.rpartition(".")[0],
        ASSERTION.rpartition(".")[0] + ".",
        ASSERTION + ".",
        ASSERTION + "." + ASSERTION.rpartition(".")[2],
        "oid1." + ASSERTION,
        ASSERTION + "~" + "A" * 22,
        ASSERTION.replace(".", "..", 1),
        " " + ASSERTION,
        ASSERTION + "=",
        "\ud800",
        "oid1.\u00e9",
    ],
    ids=count(),
)
def test_what_is_none_is_refused(assertion: str) -> None:
    """Parts that are missing, twice, or another's; one with a stamp is not one of a border."""
    refused(assertion)


@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_nothing_but_its_error_is_raised(text: str) -> None:
    """Of any text, and of any payload."""
    for assertion in (text, f"oid1.{text}"):
        refused(assertion)


@given(st.binary(max_size=300))
def test_any_payload_is_refused(payload: bytes) -> None:
    """Also if it is signed."""
    refused(written(payload))


def test_a_signature_of_another_length_is_refused() -> None:
    """One of 64 bytes is tried, no other."""
    signed = ASSERTION.rpartition(".")[0]
    for length in (0, 1, 63, 65, 128):
        refused(f"{signed}.{encoded(os.urandom(length)).decode()}")


def test_a_signature_that_is_another_number_is_refused() -> None:
    """S plus the order of the group verifies in naive libraries (RFC 8032, section 8.4)."""
    signed, _, signature = ASSERTION.rpartition(".")
    raw = base64.urlsafe_b64decode(f"{signature}==")
    order = 2**252 + 27742317777372353535851937790883648493
    other = raw[:32] + (int.from_bytes(raw[32:], "little") + order).to_bytes(32, "little")
    refused(f"{signed}.{encoded(other).decode()}")


def test_a_stranger_s_key_of_no_use_is_not_good() -> None:
    """A key made for the occasion, with the id of its own."""
    stranger = Ed25519PrivateKey.generate()
    refused(sign(CLAIMS, SigningKey("A" * 16, stranger)))
