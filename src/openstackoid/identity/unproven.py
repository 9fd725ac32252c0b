"""Headers that say who somebody is, or by which way he came, without a proof.

keystonemiddleware removes those it sets itself, but not every service stands behind it. A request
without a scope is passed on unchanged: what stands before the services of a cloud has to keep such
headers out with or without a gateway. The scheme is the exception: the gateway knows it, and so
nobody else is asked.
"""

import re

IDENTITY = re.compile(
    r"x[-_](service[-_])?("
    r"identity[-_]status|roles?|is[-_]admin[-_]project|catalog"
    r"|((user|project)([-_]domain)?|domain|tenant)([-_](id|name))?"
    r")|openstack[-_]system[-_]scope|x[-_]auth[-_]url|x[-_]remote[-_]user|x[-_]storage[-_]token",
    re.IGNORECASE,
)
"""What auth_token of keystonemiddleware sets, and what other filters take for a user or a Keystone.

Some servers take an underscore for a hyphen."""

_FORWARDING = re.compile(
    r"forwarded|x[-_]forwarded([-_].*)?|x[-_](real|client|cluster[-_]client)[-_]ip"
    r"|x[-_]original[-_](for|host|url)|x[-_]rewrite[-_]url|true[-_]client[-_]ip",
    re.IGNORECASE,
)


FORWARDED_PROTO = "X-Forwarded-Proto"

SCHEME_NAMES = frozenset({"forwarded"}) | {
    f"x{one}forwarded{other}proto" for one in "-_" for other in "-_"
}
"""Headers from which services take the scheme of their own address (oslo.middleware's
http_proxy_to_wsgi, radosgw), in lower case."""


def claims_identity(name: str) -> bool:
    """Tell whether a service might know a user by this header, without a token."""
    return IDENTITY.fullmatch(name) is not None


def tells_scheme(name: str, value: str) -> bool:
    """Tell whether a header says by which scheme a request came; `name` in lower case."""
    return name in SCHEME_NAMES and (name != "forwarded" or "proto" in value.lower())


def tells_way(name: str) -> bool:
    """Tell whether a proxy says by this header how a request came, which only its cloud trusts."""
    return _FORWARDING.fullmatch(name) is not None
