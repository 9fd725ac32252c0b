"""Heads that HAProxy leaves to the gateway, and the headers it takes off, as regular expressions.

HAProxy writes the names of headers in lower case, and one header to a line.
"""

import re
from collections.abc import Iterable

from openstackoid.haproxy.plan import Entry
from openstackoid.identity.unproven import IDENTITY
from openstackoid.message import HOP_BY_HOP
from openstackoid.routing.route import DOT_SEGMENT

FRAMING = ("connection", "transfer-encoding")
"""Those headers of a connection that HAProxy itself ends, or writes anew."""

ENDING = tuple(sorted(HOP_BY_HOP - set(FRAMING)))
"""The others, which end here."""

_LEFT = (*ENDING, "expect", "forwarded", "x-scope-proof", "x-storage-token")
_ONCE = ("host", "x-auth-token", "x-scope", "x-subject-token")
_TOKEN = r"[A-Za-z0-9_=-]+(?:\.[A-Za-z0-9_=-]+){0,2}"  # noqa: S105

_UNUSUAL = (
    rf"(?:{'|'.join(_LEFT)}|{IDENTITY.pattern}):",
    rf"(?P<name>{'|'.join(_ONCE)}):(?:[^\n]*\n)+?(?P=name):",
    r"host:(?! [A-Za-z0-9.:\[\]_-]+\r)",
    r"connection:(?! (?:close|keep-alive)\r)",
    r"transfer-encoding:(?! chunked\r)",
    rf"x-auth-token:(?! {_TOKEN}(?:!SCOPE!\{{[^!\n]*\}})?\r)",
    r"x-subject-token:[^\n]*!SCOPE!",
)

USUAL = rf"^(?:(?!{'|'.join(_UNUSUAL)})[!-9;-^`-~]++:[\t -~]*+\r\n)*+\r\n$"
"""All headers, with the empty line behind them, if they are plain ASCII, no name has an underscore,
and there is none

- that ends at a connection, claims an identity, or may say by which scheme a request came: the
  gateway knows what to refuse, or take off;
- that decides here, and comes twice;
- with a Host that is no host, or a token that is none of a Keystone's (Fernet, JWS, UUID), or one
  for Keystone with a suffix.

It begins at the beginning and gives nothing back, so that it takes as long as the headers are.
"""

UNUSUAL_TARGET = rf"^[^/]|[^!-~]|#|(?i)^[^?]*{DOT_SEGMENT.pattern}"
"""Targets that are no paths, what a path cannot have, and "." or ".." as a segment."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "COPY")
"""Those that OpenStack's APIs have."""


def at(entries: Iterable[Entry]) -> str:
    """Return the expression for Host and path: the host alone, and the longest prefix that fits."""
    ways = (
        rf"({re.escape(e.hosts[0])})(?:{re.escape(e.hosts[1].removeprefix(e.hosts[0]))})?"
        rf"({re.escape(e.prefix)})"
        for e in entries
    )
    return f"^(?|{'|'.join(ways)})(?:/.*)?$"


def exactly(prefix: str, *paths: str) -> str:
    """Return the expression for these paths below a prefix, however many slashes they end in."""
    return f"^{re.escape(prefix)}(?:{'|'.join(map(re.escape, paths))})/*$"


def moves(prefix: str, to: str) -> list[tuple[str, str]]:
    """Return what replaces what in a path (with its query) from one prefix to another."""
    old = re.escape(prefix)
    if prefix == to:
        return []
    if to:
        return [(f"^{old}(.*)$", rf"{to}\1")]
    return [(rf"^{old}(\?.*)?$", r"/\1"), (f"^{old}(/.*)$", r"\1")]
