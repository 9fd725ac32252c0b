"""The token suffix: carries a scope within X-Auth-Token through services that ignore scopes."""

from openstackoid.scope.errors import ScopeError
from openstackoid.scope.model import Scope
from openstackoid.scope.wallet import Wallet

DELIMITER = "!SCOPE!"


def split(value: str) -> tuple[str, str | None]:
    """Split a token into the bare token and the text of its suffix, None if it has no suffix.

    Raises ScopeError if there are two suffixes or an empty one. The error does not contain the
    token.
    """
    token, delimiter, text = value.partition(DELIMITER)
    if not delimiter:
        return token, None
    if DELIMITER in text:
        raise ScopeError(f"a token carries the suffix {DELIMITER} twice; send it once")
    if not text.strip():
        raise ScopeError(f"a token ends in {DELIMITER} without a scope; append one or leave it out")
    return token, text


def join(token: str, scope: Scope, wallet: Wallet | None = None) -> str:
    """Return a bare token with a suffix of the scope and, as its last key, the wallet."""
    text = scope.canonical
    if wallet is not None:
        text = f"{text[:-1]}{',' if scope else ''}{wallet.text}}}"
    return f"{token}{DELIMITER}{text}"
