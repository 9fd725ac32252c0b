"""Recognises unproven headers: they claim a user's identity, or how a request came.

keystonemiddleware removes the headers that it sets itself, but not every service uses it. A request
without a scope keeps those that claim an identity: with or without a gateway, a cloud has to keep
such headers from its services. Headers about the way are removed there, too, because the gateway
itself knows who the client is and what it speaks, and services believe what they are told: oslo's
http_proxy_to_wsgi takes the client's address and the host of links from them.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

IDENTITY = re.compile(
    r"x[-_](service[-_])?("
    r"identity[-_]status|roles?|is[-_]admin[-_]project|catalog"
    r"|((user|project)([-_]domain)?|domain|tenant)([-_](id|name))?"
    r")|openstack[-_]system[-_]scope|x[-_]auth[-_]url|x[-_]remote[-_]user|x[-_]storage[-_]token",
    re.IGNORECASE,
)
"""Headers that keystonemiddleware's auth_token sets, or that other filters read as a user or a URL
of Keystone. An underscore may stand for a hyphen, as some servers read it so."""

FORWARDED_FOR = "X-Forwarded-For"
FORWARDED_PROTO = "X-Forwarded-Proto"

WAY = (
    "forwarded",
    "x-forwarded",
    *(
        f"x-forwarded-{what}"
        for what in ["by", "for", "host", "path", "port", "prefix", "proto", "protocol"]
    ),
    *(f"x-forwarded-{what}" for what in ["scheme", "server", "server-name", "ssl", "uri"]),
    "x-forwarded-client-cert",
    "x-forwarded-client-ip",
    "x-forwarded-for-original",
    *(
        f"x-original-{what}"
        for what in ["for", "forwarded-for", "host", "proto", "remote-addr", "uri", "url"]
    ),
    *(f"x-{whose}-ip" for whose in ["client", "cluster-client", "real"]),
    "x-envoy-external-address",
    "x-rewrite-url",
    "x-proxyuser-ip",
    "x-remote-addr",
    "x-remote-ip",
    "x-url-scheme",
    "client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "front-end-https",
    "true-client-ip",
)
"""Headers, in lower case, by which proxies state how a request came: the client's address, and the
scheme, host and path that it asked for."""


def _spellings(name: str) -> Iterator[str]:
    """Yield a name with an underscore for any of its hyphens: WSGI has one name for both."""
    first, *others = name.split("-")
    for signs in product("-_", repeat=len(others)):
        yield first + "".join(sign + part for sign, part in zip(signs, others, strict=True))


WAY_NAMES = frozenset(spelling for name in WAY for spelling in _spellings(name))
"""The headers of WAY as servers may write them."""


@lru_cache(maxsize=1024)  # the same few names come with every request
def claims_identity(name: str) -> bool:
    """Return whether a service may identify a user by this header, without a token."""
    return IDENTITY.fullmatch(name) is not None
