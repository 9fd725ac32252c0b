"""Regular expressions for heads: which ones HAProxy serves itself, and how paths change.

HAProxy presents header names in lower case, and one header per line.
"""

import re
from collections.abc import Iterable

from openstackoid.haproxy.plan import Entry
from openstackoid.identity.unproven import IDENTITY, WAY
from openstackoid.message import HOP_BY_HOP, OWN
from openstackoid.routing.route import DOT_SEGMENT

FRAMING = ("connection", "transfer-encoding")
"""Hop-by-hop headers that HAProxy itself removes or rewrites."""

ENDING = tuple(sorted(HOP_BY_HOP - set(FRAMING)))
"""The other hop-by-hop headers, which the configuration removes."""

_WAY = "|".join(name.replace("-", "[-_]") for name in WAY)
WAY_NAME = f"^(?:{_WAY})$"
"""Matches the names of headers by which proxies state how a request came."""

_FOR_GATEWAY = (*ENDING, "expect", "x-scope-proof", "x-storage-token")
_ONCE = ("host", "x-auth-token", "x-scope", "x-scope-service", "x-subject-token")
_TOKEN = r"[A-Za-z0-9_=-]+(?:\.[A-Za-z0-9_=-]+){0,2}"  # noqa: S105

_UNUSUAL = (
    rf"(?:{'|'.join(_FOR_GATEWAY)}|{IDENTITY.pattern}):",
    rf"(?P<name>{'|'.join(_ONCE)}):(?:[^\n]*\n)+?(?P=name):",
    r"host:(?! [A-Za-z0-9.:\[\]_-]+\r)",
    r"connection:(?! (?:close|keep-alive)\r)",
    r"transfer-encoding:(?! chunked\r)",
    rf"x-auth-token:(?! {_TOKEN}(?:!SCOPE!\{{[^!\n]*\}})?\r)",
    r"x-subject-token:[^\n]*!SCOPE!",
)

USUAL = rf"^(?:(?!{'|'.join(_UNUSUAL)})[!-9;-^`-~]++:[\t -~]*+\r\n)*+\r\n$"
"""Matches all headers, with the empty line behind them, if HAProxy may serve the request.

They must be plain ASCII without an underscore in a name, and none may

- be hop-by-hop, or claim an identity: the gateway refuses or removes those;
- decide on the request and be sent twice;
- be a malformed Host, a token that is not Keystone's (Fernet, JWS, UUID), or a subject token with a
  suffix.

It is anchored and does not backtrack, so its time is linear in the length of the headers.
"""

UNUSUAL_TARGET = rf"^[^/]|[^!-~]|#|{OWN}|(?i)^[^?]*{DOT_SEGMENT.pattern}"
"""Matches request targets that are not paths, have invalid characters or a dot segment.

And those that the gateway answers itself.
"""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "COPY")
"""The methods of OpenStack's APIs."""


def at(entries: Iterable[Entry]) -> str:
    """Return the regular expression for Host and path of entries.

    Its groups are the host without a port and the longest prefix that matches.
    """
    alternatives = (
        rf"({re.escape(e.hosts[0])})(?:{re.escape(e.hosts[1].removeprefix(e.hosts[0]))})?"
        rf"({re.escape(e.prefix)})"
        for e in entries
    )
    return f"^(?|{'|'.join(alternatives)})(?:/.*)?$"


def exactly(prefix: str, *paths: str) -> str:
    """Return the regular expression for these paths below a prefix, with any trailing slashes."""
    return f"^{re.escape(prefix)}(?:{'|'.join(map(re.escape, paths))})/*$"


def moves(prefix: str, to: str) -> list[tuple[str, str]]:
    """Return pairs of a regular expression and its replacement that change the prefix of a path.

    The path has its query. There are none if the prefix stays.
    """
    old = re.escape(prefix)
    if prefix == to:
        return []
    if to:
        return [(f"^{old}(.*)$", rf"{to}\1")]
    return [(rf"^{old}(\?.*)?$", r"/\1"), (f"^{old}(/.*)$", r"\1")]
