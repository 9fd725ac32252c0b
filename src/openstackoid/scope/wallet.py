"""The wallet: a user's tokens of several clouds, as the last key in the suffix of a token.

    <token>!SCOPE!{"*":"One",…,"tokens":{"One":["<token>",null],"Two":["<token>","<project id>"]}}

The wallet is not part of the scope: X-Scope must not have it. No error here contains its text.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property, partial

from openstackoid.scope.errors import ScopeError, ScopeTooLongError, nearest
from openstackoid.scope.model import EVERYTHING

MAX_WALLET_BYTES = 8192
"""Bytes of a wallet at most; a Fernet token has about 200, a sealed one 700."""

SEALING_KEY = "X-Scope-Key"
"""Header of the answer to a login: the cloud's name, and the public key to seal its tokens with."""

_KEY = '"tokens":'
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=:-]+")
_PROJECT = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class WalletEntry:
    """The token of one cloud, perhaps sealed to that cloud, and the id of its project there."""

    token: str = field(repr=False)
    project: str | None = None


@dataclass(frozen=True)
class Wallet:
    """Wallet entries with the names of their clouds, each cloud once; `*` is home."""

    accounts: tuple[tuple[str, WalletEntry], ...]

    def get(self, cloud: str) -> WalletEntry | None:
        """Return the entry of a cloud, None if there is none."""
        return dict(self.accounts).get(cloud)

    def having(self, cloud: str, token: str) -> "Wallet":
        """Return the wallet with this token for a cloud; the project of its entry stays."""
        entry = self.get(cloud)
        others = tuple((c, e) for c, e in self.accounts if c != cloud)
        return Wallet((*others, (cloud, WalletEntry(token, entry.project if entry else None))))

    def named(self, here: str) -> "Wallet":
        """Return the wallet with the name of home in place of `*`.

        Raises ScopeError if it has an entry for both.
        """
        if any(cloud == here for cloud, _ in self.accounts) and self.get(EVERYTHING):
            raise ScopeError(f'the wallet has {here} twice, by name and as "*"; send one')
        return Wallet(tuple((here if c == EVERYTHING else c, e) for c, e in self.accounts))

    @cached_property
    def text(self) -> str:
        """The wallet as the suffix has it behind the scope's last service: `"tokens":{…}`."""
        entries = {cloud: [e.token, e.project] for cloud, e in self.accounts}
        return _KEY + json.dumps(entries, separators=(",", ":"))


def wallet_length(suffix: str) -> int:
    """Return how many characters of a suffix are its wallet, 0 without one."""
    return len(suffix.partition(_KEY)[2])


def unpack(text: str, clouds: Collection[str]) -> tuple[str, Wallet | None]:
    """Split the text of a suffix into the text of the scope and the wallet, None if there is none.

    Raises ScopeError if the wallet is malformed or names a cloud that is not in `clouds`, and
    ScopeTooLongError if it is longer than MAX_WALLET_BYTES.
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
    return scope.removesuffix(",") + "}", Wallet(_entries(rest[:-1], clouds))


def _entries(text: str, clouds: Collection[str]) -> tuple[tuple[str, WalletEntry], ...]:
    try:
        pairs = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        pairs = None
    # Raised outside of the except block, so that the JSON error with the text is not its context.
    if not isinstance(pairs, _Pairs) or not pairs:
        raise ScopeError(
            f'{_KEY} must be {{"CLOUD": ["TOKEN", "PROJECT ID" or null], …}}, and last'
        )
    for cloud, _ in pairs:  # first: anybody can send hundreds
        if cloud != EVERYTHING and cloud not in clouds:
            hint = partial(nearest, cloud, clouds)
            raise ScopeError("the wallet has a token for an unknown cloud", hint=hint)
    entries = [(cloud, _entry(value)) for cloud, value in pairs]
    if len({cloud for cloud, _ in entries}) < len(entries):
        raise ScopeError("the wallet has a cloud twice; keep one of its tokens")
    return tuple(entries)


class _Pairs(tuple[tuple[str, object], ...]):
    """The pairs of a JSON object, repeated keys included."""

    __slots__ = ()


def _entry(value: object) -> WalletEntry:
    match value:
        case [str(token), None | str() as project] if (
            isinstance(value, list)
            and _TOKEN.fullmatch(token)
            and (project is None or _PROJECT.fullmatch(project))
        ):
            return WalletEntry(token, project)
    raise ScopeError('an entry of the wallet must be ["TOKEN", "PROJECT ID" or null]')
