"""Remembers whose the tokens are that pass a gateway, and from where they came last."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openstackoid.identity.stamp import known_by

TOKENS = 50_000
"""Tokens of which something is known; the one that was not used for longest goes first."""

_MAX_NAME = 255
"""Characters of a name or an id in Keystone."""


@dataclass(slots=True)
class User:
    """What is known of a token's user: name, id, the cloud that says so, and the last address.

    `unknown`: the Keystone was asked and does not know the token. `said`: no Keystone has said it,
    but the login that got the token.
    """

    name: str | None = None
    id: str | None = None
    cloud: str | None = None
    address: str | None = None
    unknown: bool = False
    said: bool = False


class Users:
    """The users of tokens, by a hash of the token and the cloud that is said to have issued it.

    Anybody may say of a token that another cloud has issued it: what that one then says is not to
    count for the token as one of home.
    """

    def __init__(self) -> None:
        self._users: OrderedDict[tuple[int, str], User] = OrderedDict()

    def of(self, token: str, issuer: str) -> User | None:
        """Return what is known of a token, with or without a suffix; None for nothing."""
        return self._users.get(_key(token, issuer))

    def learn(self, token: str, user: Mapping[str, Any], cloud: str) -> User:
        """Remember the user of a token, as the Keystone of a cloud has it, and return it.

        Without a name, it is remembered that nobody knows one.
        """
        known = self._kept(token, cloud)
        known.name, known.id, known.cloud = _text(user, "name"), _text(user, "id"), cloud
        known.unknown, known.said = known.name is None, False
        return known

    def hear(self, token: str, name: str, cloud: str) -> None:
        """Remember the name that a login has given for a token, unless its Keystone has one."""
        known = self._kept(token, cloud)
        if known.name is None or known.said:
            known.name, known.cloud, known.said = name, cloud, True

    def came(self, token: str, address: str, issuer: str) -> None:
        """Remember from which client a token came."""
        self._kept(token, issuer).address = address

    def _kept(self, token: str, issuer: str) -> User:
        key = _key(token, issuer)
        known = self._users.setdefault(key, User())
        self._users.move_to_end(key)
        if len(self._users) > TOKENS:
            self._users.popitem(last=False)
        return known


def _key(token: str, issuer: str) -> tuple[int, str]:
    return hash(known_by(token)), issuer


def _text(user: Mapping[str, Any], key: str) -> str | None:
    value = user.get(key)
    return value[:_MAX_NAME] if isinstance(value, str) and value else None
