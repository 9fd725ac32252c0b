"""Proofs, sealed tokens and confirmations: nothing is taken for made with a key that was not."""

from dataclasses import replace

from jwcrypto.common import base64url_decode

from openstackoid.identity.confirmation import (
    Asked,
    BadConfirmationError,
    answer,
    asked_in,
    question,
    said_in,
)
from openstackoid.identity.keys import assertion_signers, make, sealer, signer
from openstackoid.identity.sealing import Presenter, SealError, Terms, beside, digest, seal, unseal
from openstackoid.identity.signature import (
    NOTHING,
    Crossing,
    ProofError,
    Told,
    check,
    digest_of,
    sign,
)
from openstackoid.message import Headers

NOW = 1_800_000_000.0
KEYS = make()
SIGNERS = [signer(KEYS.public)]
TOKEN = "gAAAAABtoken"
PRESENTER = Presenter(["image"], digest(TOKEN))
TERMS = Terms("One", {"Two": PRESENTER}, int(NOW) + 60)
SEALED = seal(TOKEN, TERMS, sealer(KEYS.public.seal))
CROSSING = Crossing("One", "Two", "image", "GET", "/v2/images", Headers([("X-Auth-Token", TOKEN)]))
TOLD = Told(int(NOW) * 1000, digest_of(b"{}"), "u" * 22, "c" * 22, by_service=True)
SIGNED = sign(CROSSING, KEYS.sign, NOW)
MORE = sign(CROSSING, KEYS.sign, NOW, TOLD)
QUESTION = question([Asked("a" * 22, "One", "own"), Asked("b" * 22, "Two", "")], b"n" * 16)
assert KEYS.assertion is not None
ANSWER = answer(QUESTION, "lr", "One", "Two", KEYS.assertion)


def proofs(data: bytes) -> None:
    """Check a proof that nobody has made, a changed one, and one of another request.

    Each in both forms; a proof tells what its maker has told.
    """
    kind, data = data[:1], data[1:]
    text = data.decode("utf-8", "surrogateescape")
    if kind in b"ab":
        for made in (SIGNED, MORE):
            proof = text if kind == b"a" else _changed(made, data)
            assert _told(proof, CROSSING) is None or proof in {SIGNED, MORE}
        return
    target, _, value = text.partition(" ")
    other = replace(CROSSING, target=target, headers=Headers([("X-Auth-Token", value)]))
    if other != CROSSING:
        assert _told(SIGNED, other) is None
        assert _told(MORE, other) is None
    if kind == b"c":
        assert _told(sign(other, KEYS.sign, NOW), other) == NOTHING
        assert _told(sign(other, KEYS.sign, NOW, TOLD), other) == TOLD


def _told(proof: str, crossing: Crossing) -> Told | None:
    """Return what an accepted proof tells, None for any other."""
    try:
        return check(proof, crossing, SIGNERS, NOW).told
    except ProofError:
        return None


def seals(data: bytes) -> None:
    """Open a sealed token that nobody has sealed, and one that was changed on the way."""
    assert unseal(beside(SEALED, TOKEN), [KEYS.seal], "One", "image", "Two", NOW) == TOKEN
    for sealed in (data.decode("utf-8", "surrogateescape"), _changed(SEALED, data)):
        try:
            token = unseal(beside(sealed, TOKEN), [KEYS.seal], "One", "image", "Two", NOW)
        except SealError:
            continue
        assert token == TOKEN
        assert _bytes(sealed) == _bytes(SEALED)


def questions(data: bytes) -> None:
    """Read a question whether assertions stand: it is written in one way, or refused."""
    for body in (data, _changed(QUESTION.decode(), data).encode()):
        try:
            asked = asked_in(body)
        except BadConfirmationError:
            continue
        assert asked
        rest = body.partition(b'"assertions":')[2]
        assert rest == question(asked, b"n" * 16).partition(b'"assertions":')[2]


def answers(data: bytes) -> None:
    """Read an answer that nobody has made, a changed one, and one to another question."""
    for text in (data.decode("utf-8", "surrogateescape"), _changed(ANSWER, data)):
        said = _said(text, QUESTION)
        assert said is None or (said, text) == ("lr", ANSWER)
    assert (_said(ANSWER, data) is not None) == (data == QUESTION)


def _said(text: str, asked: bytes) -> str | None:
    try:
        return said_in(text, asked, "One", "Two", assertion_signers([KEYS.public]))
    except BadConfirmationError:
        return None


def _changed(text: str, data: bytes) -> str:
    """Return a text with one character replaced, removed or added, as the first bytes say."""
    if len(data) < 3:
        return text
    at, length = int.from_bytes(data[:2]) % len(text), data[2] % 3
    return text[:at] + data[3:8].decode("latin-1") + text[at + length :]


def _bytes(text: str) -> list[bytes]:
    """Return the parts of a compact JOSE text decoded: bits behind the last byte say nothing."""
    return [base64url_decode(part) for part in text.split(".")]
