"""Decides which redirections of another cloud a client may get, and where they lead.

Clients follow a redirection by themselves, take the token of their home along, and repeat what they
asked for: so no write is redirected, and a read only within the service.
"""

from collections.abc import Sequence
from http import HTTPStatus

from openstackoid.routing.links import Links

_NOWHERE = frozenset({HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.NOT_MODIFIED})
"""Answers of 3xx that tell nobody to go elsewhere; 300 has a body to choose from."""

_READS = frozenset({"GET", "HEAD"})


def fault(
    method: str, status: int, locations: Sequence[str], links: Links, path: str
) -> str | None:
    """Return what is wrong with an answer of another cloud as a redirection, None if nothing is.

    `path` is that of the request there, with its query. The text is the end of a sentence about the
    service.
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
    """Return the header Location of an answer as it leads through home, None to leave it out.

    With any 3xx some clients go there; with other answers it only tells where a resource is.
    """
    if links.remote and status // 100 == 3:
        return links.redirection(value, path)
    return links.url(value)
