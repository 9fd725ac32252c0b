"""Writes and reads base64url without padding (RFC 4648, section 5), as JOSE does (RFC 7515)."""

from binascii import a2b_base64, b2a_base64

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/...")


def encoded(data: bytes) -> bytes:
    """Return bytes as base64url, without padding."""
    return b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL)


def decoded(text: bytes) -> bytes:
    """Return what base64url stands for; raises ValueError if there is another way to write it."""
    padded = text.translate(_FROM_URL) + b"=" * (-len(text) % 4)
    data = a2b_base64(padded)
    if b2a_base64(data, newline=False) != padded:
        raise ValueError("not base64url")
    return data
