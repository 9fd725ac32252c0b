"""Stamps assertions: a gateway marks those that it has checked, for the services of its cloud.

`oid1.…~` and 128 bits of HMAC-SHA256 in base64url. A stamp never leaves its cloud. With it, an
assertion is a bearer's in this one cloud, as the tokens of its Keystone are.
"""

import hmac
from collections.abc import Sequence

from openstackoid.identity.assertion import is_assertion
from openstackoid.identity.base64url import encoded
from openstackoid.scope import DELIMITER

MARK = "~"
LENGTH = len(MARK) + 22
"""Characters of a stamp with its mark."""

_BYTES = 16


def stamped(assertion: str, secret: bytes) -> str:
    """Return an assertion with a stamp."""
    return f"{assertion}{MARK}{_stamp(assertion, secret)}"


def is_stamped(token: str, secrets: Sequence[bytes]) -> bool:
    """Return whether an assertion has a stamp made with one of some secrets."""
    assertion, mark, stamp = token.partition(MARK)
    given = stamp.encode("utf-8", "surrogatepass")
    return bool(mark) and any(
        hmac.compare_digest(_stamp(assertion, secret).encode(), given) for secret in secrets
    )


def cut(token: str) -> str:
    """Return an assertion without its stamp."""
    return token.partition(MARK)[0]


def known_by(token: str) -> str:
    """Return a token without its suffix, an assertion without its stamp as well.

    So what services of a cloud send is known as what came to its gateway.
    """
    bare = token.partition(DELIMITER)[0]
    return cut(bare) if is_assertion(bare) else bare


def _stamp(assertion: str, secret: bytes) -> str:
    text = assertion.encode("utf-8", "surrogatepass")
    return encoded(hmac.digest(secret, text, "sha256")[:_BYTES]).decode()
