"""What a gateway reads in the headers of any message: what ends here, and what its body is."""

from openstackoid.gateway.errors import CONTENT_TYPE
from openstackoid.gateway.http import Headers
from openstackoid.routing.head import HOP_BY_HOP


def connection_headers(headers: Headers) -> frozenset[str]:
    """Return the names of headers that end at this connection (RFC 9110, section 7.6.1)."""
    named = headers.words("connection")
    return HOP_BY_HOP if named <= HOP_BY_HOP else HOP_BY_HOP | named


def is_json(headers: Headers) -> bool:
    """Tell whether a message's body is JSON."""
    kind = headers.get("content-type").partition(";")[0].strip().lower()
    return kind == CONTENT_TYPE or kind.endswith(("+json", "-json-patch"))
