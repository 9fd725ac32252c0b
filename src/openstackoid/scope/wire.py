"""The token suffix: a scope that rides on X-Auth-Token through services that know nothing of it."""

from openstackoid.scope.errors import ScopeError
from openstackoid.scope.model import Scope
from openstackoid.scope.wallet import Wallet

DELIMITER = "!SCOPE!"


def split(value: str) -> tuple[str, str | None]:
    """Return a token without its suffix, and the text of the suffix (None if there is none).

    Raises ScopeError if there are two suffixes or an empty one. The error holds no token.
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
    """Return the token with the scope as its suffix, and the wallet as the scope's last key."""
    text = scope.canonical
    if wallet is not None:
        text = f"{text[:-1]}{',' if scope else ''}{wallet.text}}}"
    return f"{token}{DELIMITER}{text}"
