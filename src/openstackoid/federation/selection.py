"""Selects which endpoints of a list become the frontends of a cloud.

An endpoint that cannot be a frontend is left out, with the reason. A list that can be read in two
ways is refused: two addresses of one service, two regions.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from openstackoid.federation.endpoints import Endpoint, EndpointError, LeftOut
from openstackoid.federation.model import PUBLIC, SERVICE_NAME, Interface, Url
from openstackoid.services import service_type

Addresses = dict[str, dict[Interface, Url]]
"""Addresses by service and interface."""

_INTERFACES: dict[str, Interface] = {name: name for name in get_args(Interface)}


@dataclass(slots=True)
class _Row:
    """An endpoint with its parsed parts, and the reasons for which it is left out."""

    endpoint: Endpoint
    service: str
    interface: Interface | None
    url: Url | None
    reasons: list[str] = field(default_factory=list)


def of_region(
    endpoints: Sequence[Endpoint], region: str | None
) -> tuple[list[Endpoint], list[Endpoint], str]:
    """Return the endpoints of one region, those of other regions, and the region's name.

    An endpoint without a region is of every region. If `region` is None, the list may have only
    one; its name is empty if the list has none. Raises EndpointError.
    """
    regions = sorted({endpoint.region for endpoint in endpoints} - {""})
    known = ", ".join(regions) or "none"
    if region is None and len(regions) > 1:
        raise EndpointError(f"there are several regions, {known}; choose by --region")
    if region is not None and region not in regions:
        raise EndpointError(f"no endpoint is in region {region}; there are {known}")
    chosen = region or "".join(regions)
    inside = [e for e in endpoints if e.region in ("", chosen)]
    outside = [e for e in endpoints if e.region not in ("", chosen)]
    return inside, outside, chosen


def select(
    endpoints: Iterable[Endpoint],
    before: Addresses,
    others: Mapping[Url, str],
    unreadable: Sequence[LeftOut] = (),
) -> tuple[Addresses, list[LeftOut]]:
    """Return the addresses of a cloud's services, and everything that is left out of the list.

    `before` has the cloud's addresses in the file so far, `others` those of other clouds with the
    service there, `unreadable` the rows that are left out already. Raises EndpointError if a
    service has two addresses for one interface, or if nothing is left.
    """
    rows = [_row(endpoint, others) for endpoint in endpoints]
    _keep_those_with_a_public_address(rows)
    _keep_one_service_each(rows, before)
    _keep_those_with_a_public_address(rows)  # some may have lost it to another service
    left_out = [
        *unreadable,
        *(LeftOut(r.endpoint.label, "; ".join(r.reasons)) for r in rows if r.reasons),
    ]
    if faults := _second_addresses(rows):
        raise EndpointError(*faults, *named(left_out))
    chosen: Addresses = {}
    for row in rows:
        if not row.reasons and row.interface and row.url:
            chosen.setdefault(row.service, {})[row.interface] = row.url
    if not chosen:
        raise EndpointError("nothing is left of the list", *named(left_out))
    return chosen, left_out


def named(left_out: Sequence[LeftOut]) -> list[str]:
    """Return lines for a terminal that list what is left out, none if nothing is."""
    return ["left out:", *(f"  {one}" for one in left_out)] if left_out else []


def _row(endpoint: Endpoint, others: Mapping[Url, str]) -> _Row:
    """Return an endpoint with every reason against it that does not depend on other rows."""
    service = service_type(endpoint.type) or endpoint.type
    row = _Row(endpoint, service, _INTERFACES.get(endpoint.interface), None)
    if not service:
        row.reasons.append("its service has no type")
    elif not re.fullmatch(SERVICE_NAME, service):
        row.reasons.append(f'"{service}" is no valid name (names match {SERVICE_NAME})')
    if row.interface is None:
        row.reasons.append(f"its interface is none of {', '.join(_INTERFACES)}")
    try:
        row.url = Url.parse(endpoint.url)
    except ValueError as error:
        row.reasons.append(str(error))
    if row.url and row.url in others:
        row.reasons.append(f"it is at the address of {others[row.url]}, {row.url}")
    return row


def _keep_one_service_each(rows: Iterable[_Row], before: Addresses) -> None:
    """Keep one of several services at the same address, which are names of one program.

    The one in the file is preferred, then an official one, then the first by name.
    """
    usable = [row for row in rows if not row.reasons]
    updated = {row.service for row in usable}
    owners: dict[Url | None, str] = {
        url: service
        for service, addresses in before.items()
        if service not in updated
        for url in addresses.values()
    }

    def rank(row: _Row) -> tuple[bool, bool, str]:
        known = row.url in before.get(row.service, {}).values()
        return not known, service_type(row.service) is None, row.service

    for row in sorted(usable, key=rank):
        owners.setdefault(row.url, row.service)
    for row in rows:
        owner = owners.get(row.url, row.service)
        if owner != row.service:
            row.reasons.append(f"it is at the address of {owner}, {row.url}")


def _keep_those_with_a_public_address(rows: Iterable[_Row]) -> None:
    """Leave out services that other clouds could not reach."""
    usable = [row for row in rows if not row.reasons]
    public = {row.service for row in usable if row.interface == PUBLIC}
    for row in usable:
        if row.service not in public:
            row.reasons.append("no public endpoint of it can be used; other clouds come in by it")


def _second_addresses(rows: Iterable[_Row]) -> list[str]:
    """Return a sentence for each service that has two addresses for one interface."""
    found: dict[tuple[str, str], dict[Url | None, str]] = {}
    for row in rows:
        if not row.reasons:
            urls = found.setdefault((row.service, row.endpoint.interface), {})
            urls.setdefault(row.url, row.endpoint.origin)
    return [
        f"{service} has several {interface} endpoints: "
        f"{' and '.join(f'{url} ({origin})' for url, origin in urls.items())}; "
        "remove all but one from the catalog or from the list"
        for (service, interface), urls in found.items()
        if len(urls) > 1
    ]
