"""Finds the accounts whose password or secret a request tries: a login, or a change of password."""

import json
import re
import unicodedata
from typing import NamedTuple

from openstackoid.identity.body import is_authentication, keystone_path
from openstackoid.routing import Route
from openstackoid.services import IDENTITY

_BY_USER = ("password", "totp")
_CREDENTIAL = "application_credential"
_METHODS = (*_BY_USER, _CREDENTIAL)
_CHANGE = re.compile(r"/v3/users/([^/]+)/password")


class Account(NamedTuple):
    """An account of a Keystone, as a request names it; each part is "" if it is not given.

    `id` is that of the user, or of the application credential. Names are folded, since a Keystone
    may tell neither case nor width apart.
    """

    id: str = ""
    name: str = ""
    domain: str = ""


def accounts_tried(method: str, route: Route, body: bytes) -> tuple[Account, ...]:
    """Return the accounts whose password or secret a request to a Keystone tries.

    None for a request that tries none, such as a login with a token. A login that cannot be read
    here counts as one of an account without a name: the Keystone may read it.
    """
    if is_authentication(method, route):
        return _in_body(body)
    change = _CHANGE.fullmatch(keystone_path(route))
    if method == "POST" and route.service == IDENTITY and change:
        return (Account(_text(change[1])),)
    return ()


def _in_body(body: bytes) -> tuple[Account, ...]:
    try:
        identity = json.loads(body)["auth"]["identity"]
        tried = [(method, identity[method]) for method in _METHODS if method in identity]
    except (ValueError, LookupError, TypeError, RecursionError):
        return (Account(),)
    return tuple(dict.fromkeys(_account(*one) for one in tried))


def account_named(body: bytes) -> Account | None:
    """Return the account that a login by one password names, None for any other login.

    What the body says besides its only method counts for nothing: Keystone does not read it.
    """
    try:
        identity = json.loads(body)["auth"]["identity"]
        (method,) = identity["methods"]
        return _account(method, identity[method]) if method in _BY_USER else None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _account(method: str, tried: object) -> Account:
    """Return the account that Keystone reads: a name counts before an id, also of a domain.

    What it does not read must not tell two attempts at one account apart.
    """
    parts = tried if isinstance(tried, dict) else {}
    if method == _CREDENTIAL and parts.get("id"):
        return Account(_text(parts["id"]))
    user = parts.get("user")
    if not isinstance(user, dict):
        return Account()
    if not user.get("name"):
        return Account(_text(user.get("id")))
    domain = user.get("domain")
    names = domain if isinstance(domain, dict) else {}
    return Account("", _text(user["name"]), _text(names.get("name") or names.get("id")))


def _text(value: object) -> str:
    """Return a text folded and at most 255 characters long, "" for what is none."""
    if not isinstance(value, str):
        return ""
    return unicodedata.normalize("NFKC", value[:255]).casefold().strip()
