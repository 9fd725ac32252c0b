"""Tells which headers cross a border: of requests to another cloud, and of its answers.

What is not listed stays where it is. Common headers are those of HTTP (RFC 9110, RFC 9111) and of
OpenStack's API guidelines (https://specs.openstack.org/openstack/api-wg/) that clients send or
read; those of single services are in the table of services. See docs/reference/border.md.
"""

import re
from functools import lru_cache

from openstackoid.message import Pairs
from openstackoid.services import special

_ASKED_WITH = frozenset(
    {
        "accept",
        "accept-language",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-md5",
        "content-range",
        "content-type",
        "etag",
        "expect",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "openstack-api-version",
        "range",
        "user-agent",
        "via",
        "x-auth-token",
        "x-openstack-request-id",
    }
)
"""Headers that clients of any API send."""

_ANSWERED_WITH = frozenset(
    {
        "accept-ranges",
        "age",
        "allow",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-md5",
        "content-range",
        "content-type",
        "date",
        "etag",
        "expires",
        "last-modified",
        "link",
        "location",
        "openstack-api-version",
        "openstack-request-id",
        "retry-after",
        "vary",
        "x-compute-request-id",
        "x-openstack-request-id",
    }
)
"""Headers that clients of any API read."""

_MICROVERSION = re.compile("x-openstack-[a-z-]+-api-((minimum|maximum)-)?version")
"""Microversions as they were before OpenStack-API-Version (nova, ironic, manila)."""


PRIVATE = ("Cache-Control", "private")
"""What an answer gets that is not home's alone: others ask by the same path for what is home's."""

MAX_RETRY = 3600
"""Seconds for which another cloud may have a client wait."""

_KEPT = re.compile(r"no-store|no-cache|must-revalidate|max-age=\d{1,10}", re.IGNORECASE | re.ASCII)
"""Directives of Cache-Control (RFC 9111, section 5.2.2) that do not concern caches of many."""

_UTF8 = "charset=utf-8"

_DECODED_AS_IT_IS = re.compile(
    r"(application/json|text/[\w!#$&^.+-]+)"
    r"([ \t]*;[ \t]*charset=(\"?)(utf-?8|us-ascii|iso-8859-1)\3)?",
    re.IGNORECASE | re.ASCII,
)
"""A Content-Type that lets no client decode ASCII as anything else, nor guess."""

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)


def may_ask(service: str, name: str) -> bool:
    """Return whether a request takes a header, in lower case, to a service of another cloud."""
    return name in _ASKED_WITH or _own(service, name, asked=True)


def may_answer(service: str, name: str) -> bool:
    """Return whether a client gets a header, in lower case, of another cloud's answer."""
    return name in _ANSWERED_WITH or _own(service, name, asked=False)


def caching_told(value: str) -> str:
    """Return the Cache-Control that a client gets: his own cache alone may keep the answer."""
    kept = [part.strip() for part in value.split(",") if _KEPT.fullmatch(part.strip())]
    return ", ".join(["private", *kept])


def kept_private(headers: Pairs) -> Pairs:
    """Return headers of an answer that no cache of many may keep, whatever they have said."""
    told = tuple(
        (name, caching_told(value) if name.lower() == "cache-control" else value)
        for name, value in headers
    )
    said = any(name.lower() == "cache-control" for name, _ in headers)
    return told if said else (*told, PRIVATE)


def retry_told(value: str) -> str | None:
    """Return the Retry-After that a client gets, at most MAX_RETRY; None if it has no seconds."""
    if not (value.isascii() and value.isdigit()):
        return None
    return str(min(int(value[:18]), MAX_RETRY))


@lru_cache(maxsize=256)
def type_told(value: str) -> str:
    """Return the Content-Type that a client gets with a body of another cloud; "" if it has none.

    Bodies are searched and edited as UTF-8. Some clients decode whatever a charset says (UTF-7,
    EBCDIC), or guess one where the type has no default: they would read something else.
    """
    if _DECODED_AS_IT_IS.fullmatch(value):
        return value
    kind = value.partition(";")[0].strip()
    return f"{kind if _MEDIA_TYPE.fullmatch(kind) else 'text/plain'}; {_UTF8}"


@lru_cache(maxsize=1024)  # the same few names come with every message
def _own(service: str, name: str, *, asked: bool) -> bool:
    if _MICROVERSION.fullmatch(name):
        return True
    row = special(service)
    own = row.asked_with if asked else row.answers_with
    return own is not None and own.fullmatch(name) is not None
