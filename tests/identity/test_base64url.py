"""Base64url, as JOSE has it."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openstackoid.identity.base64url import decoded, encoded


@given(st.binary())
def test_it_is_what_others_write(data: bytes) -> None:
    """Without padding; it comes back."""
    assert encoded(data) == urlsafe_b64encode(data).rstrip(b"=")
    assert decoded(encoded(data)) == data


@given(st.binary(max_size=8) | st.text("AQgw-_+/=\n ").map(str.encode))
@example(b"AB")  # two stray bits
@example(b"AAB")
@example(b"A")
@example(b"AA==")
@example(b"AA=A")
@example(b"AAA\n")
@example(b"A+A/")
def test_there_is_one_way_to_write_it(text: bytes) -> None:
    """What is accepted is what would be written; the rest is a ValueError, and nothing else."""
    try:
        data = decoded(text)
    except ValueError:
        return
    assert encoded(data) == text


@pytest.mark.parametrize(
    "text",
    [b"A", b"AB", b"AAB", b"AA==", b"AAA=", b"=", b"A+A/", b"AAAA\n", b" AAAA", b"AA AA", b"A\0AA",
     b"AAA\xe9", b"AAAA.AAAA", b"AAAAA"],
)  # fmt: skip
def test_stray_bits_padding_and_other_characters_are_refused(text: bytes) -> None:
    """A decoder that skips them would have many texts for the same bytes."""
    with pytest.raises(ValueError, match=r"."):
        decoded(text)
