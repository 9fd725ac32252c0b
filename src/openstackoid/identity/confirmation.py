"""Writes and reads the question whether assertions still stand, and the answer to it.

The cloud that has let assertions in asks, and their issuer answers: for each, in the order of the
question, that it LIVES, that it is REVOKED, or that this is UNKNOWN. The answer is signed by the
issuer's key for assertions, and says by a hash which question it is for. See
docs/reference/assertions.md#revocation.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Annotated, NamedTuple

import msgspec

from openstackoid.identity import compact
from openstackoid.identity.assertion import Cloud, Id, Own
from openstackoid.identity.base64url import encoded
from openstackoid.identity.keys import Signer, SigningKey
from openstackoid.message import OWN

PATH = f"{OWN}assertions"
"""Where a gateway is asked, behind the prefix of its frontend for identity."""

LIVES, REVOKED, UNKNOWN = "l", "r", "u"

MOST = 500
"""Assertions in one question at most."""

MAX_QUESTION = 1 << 20
"""Bytes of a question at most."""

MAX_ANSWER = 2048
"""Characters of an answer at most."""

_KIND = "oid-r"
_FRAME = 64
"""Bytes of a question beside its assertions."""


class BadConfirmationError(Exception):
    """A question or an answer is not accepted; the message says why, and has nothing of it."""


class Asked(NamedTuple):
    """An assertion that is asked about: what its issuer needs to find the token, and no more.

    `own` can be decrypted only by the issuer, and only for the cloud that it was given to.
    """

    jti: Id
    presenter: Cloud
    own: Own


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question; the nonce makes each one different, and so each answer good for one."""

    nonce: Id
    assertions: Annotated[tuple[Asked, ...], msgspec.Meta(min_length=1, max_length=MOST)]


class _Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `iss` says to `aud`: `q` is the SHA-256 of the question, `a` has the letters."""

    iss: Cloud
    aud: Cloud
    q: str
    a: Annotated[str, msgspec.Meta(pattern=rf"\A[{LIVES}{REVOKED}{UNKNOWN}]{{1,{MOST}}}\Z")]


def fitting(assertions: Iterable[Asked]) -> tuple[Asked, ...]:
    """Return the first of some assertions, as many as one question may have."""
    chosen: list[Asked] = []
    left = MAX_QUESTION - _FRAME
    for one in assertions:
        left -= len(msgspec.json.encode(one)) + 1
        if left < 0 or len(chosen) == MOST:
            break
        chosen.append(one)
    return tuple(chosen)


def question(assertions: Sequence[Asked], nonce: bytes) -> bytes:
    """Return the question about assertions that fit; `nonce` is 16 random bytes."""
    return msgspec.json.encode(Question(encoded(nonce).decode(), tuple(assertions)))


def asked_in(body: bytes) -> tuple[Asked, ...]:
    """Return what a question asks about; raises BadConfirmationError."""
    try:
        read = msgspec.json.decode(body, type=Question)
        if len(body) <= MAX_QUESTION and msgspec.json.encode(read) == body:
            return read.assertions
    except (ValueError, RecursionError):
        pass  # the error of a decoder may quote what it has read
    raise BadConfirmationError("it is not a question as gateways write them")


def answer(asked: bytes, said: str, iss: str, aud: str, key: SigningKey) -> str:
    """Return the answer to a question, with a letter for each assertion."""
    document = msgspec.json.encode(_Answer(iss, aud, _digest(asked), said))
    return compact.sign(_KIND, document, key)


def said_in(text: str, asked: bytes, iss: str, aud: str, signers: Sequence[Signer]) -> str:
    """Return the letters in the answer of an issuer to a question; raises BadConfirmationError.

    The caller checks that there are as many as assertions in the question.
    """
    try:
        if len(text) > MAX_ANSWER:
            raise ValueError
        signed = compact.read(_KIND, text)
        read = msgspec.json.decode(signed.document, type=_Answer)
        if msgspec.json.encode(read) != signed.document:
            raise ValueError
    except (ValueError, RecursionError):
        read = None
    if read is None:
        raise BadConfirmationError("it is not an answer as gateways write them")
    if not signed.is_by(signers):
        raise BadConfirmationError("no key of its issuer in the federation file has signed it")
    if (read.iss, read.aud, read.q) != (iss, aud, _digest(asked)):
        raise BadConfirmationError("it is the answer to another question")
    return read.a


def _digest(asked: bytes) -> str:
    return encoded(sha256(asked).digest()).decode()
