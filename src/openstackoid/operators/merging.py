"""Merges a page of several clouds' lists: the items, the fields beside them, and the headers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openstackoid.operators import following
from openstackoid.operators.following import Headers, Place
from openstackoid.operators.listing import Listing
from openstackoid.operators.runs import Run
from openstackoid.services import special

_OF_ONE_BODY = re.compile(
    r"accept-ranges|content-(digest|location|md5|range)|digest|etag|last-modified|link|location"
    r"|repr-digest|x-(account|container)-.*|x-timestamp"
)
"""Names of headers that describe one cloud's body, so that they would be wrong for a merged one."""


@dataclass(frozen=True, slots=True)
class Next:
    """The next page: path and query, and the marker that replaces them if an API has no links."""

    target: str
    marker: str


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged page, the headers for it, and the keys of the lists' fields that it lacks."""

    document: Any
    headers: Headers
    left_out: Sequence[str]


def merged(
    listings: Sequence[Listing],
    page: list[Run],
    next_page: Next | None,
    base: str,
    service: str,
    *,
    alone: bool,
) -> Merged:
    """Return a page in the shape of its lists, with a link to the next page in their own place.

    `base` is the address of the service at home. A field beside the lists is kept if all lists have
    the same value. A field with numbers is left out, because they count one cloud's items, unless
    the page is that of one cloud `alone`.
    """
    first = listings[0]
    beside, left_out = _beside(listings, alone=alone)
    headers: Headers = ()
    if next_page is not None:
        place = _place(listings, service)
        target, marker = next_page.target, next_page.marker
        headers = following.put(beside, place, first.key, target, base, marker)
    document = page if first.key is None else {first.key: page} | beside
    return Merged(document, headers, left_out)


def common_headers(headers: Headers) -> Headers:
    """Return the headers of one cloud's answer that are right for a merged answer, too."""
    return tuple((n, v) for n, v in headers if not _OF_ONE_BODY.fullmatch(n.lower()))


def _place(listings: Sequence[Listing], service: str) -> Place:
    """Return the place of the link to the next page, of a kind that these lists use."""
    if listings[0].key is None:
        return Place.HEADER
    for listed in listings:
        if listed.following is not None:
            return listed.following.place
    places = (following.place_in(listed.beside) for listed in listings)
    usual = Place.NEXT if special(service).next_beside else Place.KEY_LINKS
    return next((place for place in places if place is not None), usual)


def _beside(listings: Sequence[Listing], *, alone: bool) -> tuple[dict[str, Any], list[str]]:
    """Return the fields beside a merged list, and the keys of those that are left out."""
    kept = following.ended(listings[0].beside)
    left_out = []
    for key in dict.fromkeys(key for listed in listings for key in listed.beside):
        if following.is_about_pages(key):
            continue
        value, *more = [listed.beside.get(key) for listed in listings]
        if key == "truncated":
            kept[key] = any((value, *more))
        elif any(another != value for another in more) or (_counts(value) and not alone):
            left_out.append(key)
        else:
            kept[key] = value
    return kept, left_out


def _counts(value: object) -> bool:
    """Tell whether there is a number in a value."""
    if isinstance(value, dict):
        return any(map(_counts, value.values()))
    return isinstance(value, int | float) and not isinstance(value, bool)
