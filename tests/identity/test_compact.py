"""What gateways sign with their keys for assertions: written and read in one way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.identity import compact
from openstackoid.identity.base64url import encoded
from openstackoid.identity.keys import SigningKey, assertion_signers, make

KEYS, OTHERS = make(), make()
SIGNERS = assertion_signers([KEYS.public])


def key() -> SigningKey:
    """Return the key that signs."""
    assert KEYS.assertion is not None
    return KEYS.assertion


@given(st.binary(max_size=200))
def test_what_is_signed_is_read(document: bytes) -> None:
    """And is by the one key that has signed it."""
    signed = compact.read("oid-x", compact.sign("oid-x", document, key()))
    assert (signed.document, signed.kid) == (document, key().id)
    assert signed.is_by(SIGNERS)
    assert not signed.is_by(assertion_signers([OTHERS.public]))
    assert not signed.is_by(())


def test_one_kind_is_never_taken_for_another() -> None:
    """An assertion is no answer, and an answer no assertion, whoever has signed them."""
    with pytest.raises(ValueError, match="not one of ours"):
        compact.read("oid-a", compact.sign("oid-r", b"{}", key()))
    with pytest.raises(ValueError, match="not one of ours"):
        compact.read("oid.a", compact.sign("oid-a", b"{}", key()))


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"none","kid":"KID","typ":"oid-x"}',
        '{"alg":"EdDSA","kid":"KID","typ":"oid-x","crit":[]}',
        '{"kid":"KID","alg":"EdDSA","typ":"oid-x"}',
        '{"alg":"EdDSA", "kid":"KID","typ":"oid-x"}',
        '{"alg":"EdDSA","kid":"K","typ":"oid-x"}',
        "",
    ],
)
def test_no_other_header_counts(header: str) -> None:
    """Whatever is signed with it."""
    text = encoded(header.replace("KID", key().id).encode()) + b"." + encoded(b"{}")
    signed = (text + b"." + encoded(key().private.sign(text))).decode()
    with pytest.raises(ValueError, match="not one of ours"):
        compact.read("oid-x", signed)


@pytest.mark.parametrize("change", ["", ".", "..", "a.b", "é", "=", " ", "\n"])
def test_what_is_written_otherwise_is_not_read(change: str) -> None:
    """Parts that are missing, padding, and what is no base64url."""
    signed = compact.sign("oid-x", b"{}", key())
    for text in (change, signed + change if change.strip(".") else change, change + signed):
        if text == signed:
            continue
        with pytest.raises(ValueError):  # noqa: PT011  (of whichever decoder)
            compact.read("oid-x", text)


def test_a_changed_document_is_signed_by_nobody() -> None:
    """Nor is a signature that is another one's."""
    signed = compact.read("oid-x", compact.sign("oid-x", b"abc", key()))
    other = compact.read("oid-x", compact.sign("oid-x", b"abd", key()))
    assert not signed._replace(text=other.text).is_by(SIGNERS)
    assert not signed._replace(signature=other.signature).is_by(SIGNERS)
