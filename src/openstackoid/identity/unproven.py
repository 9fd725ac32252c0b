"""Recognises unproven headers: they claim a user's identity, or the scheme of a request.

keystonemiddleware removes the headers that it sets itself, but not every service uses it. A request
without a scope is passed on unchanged: with or without a gateway, a cloud has to keep such headers
from its services. Only headers about the scheme are replaced there, too, because the gateway knows
the scheme.
"""

import re
from functools import lru_cache

IDENTITY = re.compile(
    r"x[-_](service[-_])?("
    r"identity[-_]status|roles?|is[-_]admin[-_]project|catalog"
    r"|((user|project)([-_]domain)?|domain|tenant)([-_](id|name))?"
    r")|openstack[-_]system[-_]scope|x[-_]auth[-_]url|x[-_]remote[-_]user|x[-_]storage[-_]token",
    re.IGNORECASE,
)
"""Headers that keystonemiddleware's auth_token sets, or that other filters read as a user or a URL
of Keystone. An underscore may stand for a hyphen, as some servers read it so."""

FORWARDED_PROTO = "X-Forwarded-Proto"

SCHEME_NAMES = frozenset({"forwarded"}) | {
    f"x{one}forwarded{other}proto" for one in "-_" for other in "-_"
}
"""Headers, in lower case, from which services (http_proxy_to_wsgi of oslo.middleware, radosgw) take
the scheme of their own address."""


@lru_cache(maxsize=1024)  # the same few names come with every request
def claims_identity(name: str) -> bool:
    """Return whether a service may identify a user by this header, without a token."""
    return IDENTITY.fullmatch(name) is not None


def tells_scheme(name: str, value: str) -> bool:
    """Return whether a header states the scheme of a request; `name` is in lower case."""
    return name in SCHEME_NAMES and (name != "forwarded" or "proto" in value.lower())
