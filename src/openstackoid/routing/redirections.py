"""Decides which redirections of another cloud a client gets, and rewrites them to home.

Clients follow a redirection by themselves: they repeat the request, with their token. So a write
must not be redirected, and a read only within its service.
"""

from collections.abc import Sequence
from http import HTTPStatus

from openstackoid.routing.links import Links

_NOWHERE = frozenset({HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.NOT_MODIFIED})
"""Statuses 3xx that redirect nobody; the body of a 300 lists choices."""

_READS = frozenset({"GET", "HEAD"})


def fault(
    method: str, status: int, locations: Sequence[str], links: Links, path: str
) -> str | None:
    """Return why the redirection in an answer of another cloud is refused, None if it is not.

    `path` is the path of the request to that cloud, with its query. The text ends a sentence that
    begins with the service.
    """
    if status // 100 != 3 or status in _NOWHERE:
        return None
    if method not in _READS:
        return f"redirects a {method}, which clients would repeat at another address"
    if len(locations) > 1:
        return "redirects to several addresses at once"
    if locations and links.redirection(locations[0], path) is None:
        return "redirects to an address that is not its own, or that home does not have"
    return None


def location(value: str, status: int, links: Links, path: str) -> str | None:
    """Return the Location of an answer rewritten to home, None if it must be left out.

    With any 3xx some clients follow it; with other statuses it only names a resource.
    """
    if not links.remote:
        return links.url(value)
    if status // 100 == 3:
        return links.redirection(value, path)
    return links.resource(value, path)
