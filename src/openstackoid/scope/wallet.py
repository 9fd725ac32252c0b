"""The wallet: tokens of several clouds, as the last key of the scope in a token's suffix.

    <token>!SCOPE!{"*":"One",…,"tokens":{"One":["<token>",null],"Two":["<token>","<project id>"]}}

It is no part of the scope: X-Scope never has it, and no error here holds any of its text.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

from openstackoid.scope.errors import ScopeError, ScopeTooLongError, nearest
from openstackoid.scope.model import EVERYTHING

MAX_WALLET_BYTES = 8192
"""Bytes; a Fernet token has about 200, a sealed one 700."""

SEALING_KEY = "X-Scope-Key"
"""On the answer to a login: the cloud's name, and the key that tokens are sealed to it with."""

_KEY = '"tokens":'
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=:-]+")
_PROJECT = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class WalletEntry:
    """A token of one cloud, perhaps sealed to it, and the id of the project it acts in there."""

    token: str = field(repr=False)
    project: str | None = None


@dataclass(frozen=True)
class Wallet:
    """Accounts by the name of their cloud, each cloud once; `*` is the first gateway's own."""

    accounts: tuple[tuple[str, WalletEntry], ...]

    def get(self, cloud: str) -> WalletEntry | None:
        """Return the account in a cloud, None if there is none."""
        return dict(self.accounts).get(cloud)

    def having(self, cloud: str, token: str) -> "Wallet":
        """Return the wallet with this token of a cloud; the project stays."""
        account = self.get(cloud)
        others = tuple((c, a) for c, a in self.accounts if c != cloud)
        return Wallet((*others, (cloud, WalletEntry(token, account.project if account else None))))

    def named(self, here: str) -> "Wallet":
        """Return the wallet with the name of the first gateway's cloud; raises ScopeError."""
        if any(cloud == here for cloud, _ in self.accounts) and self.get(EVERYTHING):
            raise ScopeError(f'the wallet has {here} twice, by name and as "*"; send one')
        return Wallet(tuple((here if c == EVERYTHING else c, a) for c, a in self.accounts))

    @cached_property
    def text(self) -> str:
        """What is written behind the scope's last service: `"tokens":{…}`."""
        entries = {cloud: [a.token, a.project] for cloud, a in self.accounts}
        return _KEY + json.dumps(entries, separators=(",", ":"))


def unpack(text: str, clouds: Collection[str]) -> tuple[str, Wallet | None]:
    """Return the scope in the text of a suffix, and the wallet behind it, if there is one.

    Raises ScopeError if there is a wallet that is not as described above, or names a cloud that is
    not one of `clouds`, and ScopeTooLongError.
    """
    scope, key, rest = text.partition(_KEY)
    if not key:
        return text, None
    if len(rest) > MAX_WALLET_BYTES:
        raise ScopeTooLongError(
            f"the wallet is {len(rest)} bytes long; at most {MAX_WALLET_BYTES} fit"
        )
    if not rest.endswith("}") or not scope.startswith("{"):
        raise ScopeError(f"{_KEY} must be the last key of a scope in JSON")
    accounts = _accounts(rest[:-1])
    for cloud, _ in accounts:
        if cloud != EVERYTHING and cloud not in clouds:
            hint = nearest(cloud, clouds)
            raise ScopeError(f"the wallet has a token for an unknown cloud{hint}")
    return scope.removesuffix(",") + "}", Wallet(accounts)


def _accounts(text: str) -> tuple[tuple[str, WalletEntry], ...]:
    try:
        pairs = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        pairs = None
    # The message is made outside, so that no error in its context holds the text.
    if not isinstance(pairs, _Pairs) or not pairs:
        raise ScopeError(
            f'{_KEY} must be {{"CLOUD": ["TOKEN", "PROJECT ID" or null], …}}, and last'
        )
    accounts = [(cloud, _account(value)) for cloud, value in pairs]
    if len({cloud for cloud, _ in accounts}) < len(accounts):
        raise ScopeError("the wallet has a cloud twice; keep one of its tokens")
    return tuple(accounts)


class _Pairs(tuple[tuple[str, object], ...]):
    """A JSON object with its keys as often as they are written."""

    __slots__ = ()


def _account(value: object) -> WalletEntry:
    match value:
        case [str(token), None | str() as project] if (
            isinstance(value, list)
            and _TOKEN.fullmatch(token)
            and (project is None or _PROJECT.fullmatch(project))
        ):
            return WalletEntry(token, project)
    raise ScopeError('an entry of the wallet must be ["TOKEN", "PROJECT ID" or null]')
