"""Says how many ordinary requests' work a request makes, by the bytes that have to be read.

An ordinary request counts as one. The numbers of bytes are measured: reading so many takes at worst
five times as long as an ordinary request. Time itself is not measured: it depends on what else the
machine does.
"""

from openstackoid.message import Headers
from openstackoid.routing.scoping import AUTH_TOKEN, SCOPE_HEADER, SUBJECT_TOKEN
from openstackoid.scope import DELIMITER
from openstackoid.scope.wallet import wallet_length

HEAD = 8192
"""Bytes of a head."""

SCOPE = 512
"""Bytes of the text of a scope."""

WALLET = 1024
"""Bytes of a wallet: JSON, which is read faster than a scope."""

CATALOG = 8192
"""Bytes of a login, of a request to several clouds, or of an answer with a catalog."""

JSON = 65_536
"""Bytes of other JSON that is edited or merged."""


def of_json(size: int, *, catalog: bool) -> int:
    """Return as how many requests the work on so many bytes of JSON counts."""
    return size // (CATALOG if catalog else JSON)


def of_head(target: str, headers: Headers) -> int:
    """Return as how many requests, besides the one that it is, a head counts: usually none."""
    scopes = sum(map(len, headers.all(SCOPE_HEADER)))
    wallets = 0
    for token in (*headers.all(AUTH_TOKEN), *headers.all(SUBJECT_TOKEN)):
        suffix = token.partition(DELIMITER)[2]
        wallet = wallet_length(suffix)
        scopes += len(suffix) - wallet
        wallets += wallet
    read = len(target) + sum(len(value) for _, value in headers.pairs)
    return read // HEAD + scopes // SCOPE + wallets // WALLET
