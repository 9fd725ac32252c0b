"""The catalog in a token: every service that the scope names, at addresses of the home cloud.

A client, or a service, that goes by its catalog so talks to its own gateway alone, whichever cloud
issued the token: see docs/decisions/0003-catalogs-lead-through-the-asking-gateway.md.
"""

import json
from typing import Any, get_args

from openstackoid.federation import Federation
from openstackoid.federation.model import PUBLIC, Interface
from openstackoid.routing import Route
from openstackoid.routing.links import Links
from openstackoid.scope import Cloud, Scope
from openstackoid.services import IDENTITY, service_type

MAX_CATALOG = 2 * 2**20
"""Bytes of an answer with a catalog; a large deployment's has some hundred kilobytes."""


def has_catalog(route: Route) -> bool:
    """Tell whether an answer with a scope may hold a catalog: a login, a validation, a listing."""
    path = route.rest.partition("?")[0].rstrip("/")
    return (
        route.scope is not None
        and route.service == IDENTITY
        and path in {"/v3/auth/tokens", "/v3/auth/catalog"}
    )


class CatalogTooLongError(Exception):
    """An answer of a Keystone that no gateway holds in memory."""

    def __str__(self) -> str:
        return f"is longer than {MAX_CATALOG} bytes"


class CatalogEditor:
    """Edits the body of one answer of Keystone so that its catalog leads through the cloud `here`.

    Endpoints of the cloud that answered become ours, region included, and services that the scope
    takes elsewhere and the catalog lacks are added. A body without a catalog stays as it is.
    """

    def __init__(
        self, scope: Scope, links: Links | None, federation: Federation, here: str
    ) -> None:
        self._scope = scope
        self._links = links
        self._federation = federation
        self._here = here
        self._body = bytearray()

    def feed(self, data: bytes) -> bytes:
        """Take a piece of the body; raises CatalogTooLongError."""
        self._body += data
        if len(self._body) > MAX_CATALOG:
            raise CatalogTooLongError
        return b""

    def end(self) -> bytes:
        """Return the whole body."""
        ours = self._federation.clouds[self._here]
        try:
            document = json.loads(self._body.decode(errors="replace"))
            token = document.get("token", document)
            if self._links is not None:
                token["catalog"] = _led_home(token["catalog"], self._links, ours.region)
            token["catalog"] += missing(token["catalog"], self._scope, self._federation, self._here)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return bytes(self._body)
        return json.dumps(document).encode()


def _led_home(catalog: list[Any], links: Links, region: str | None) -> list[dict[str, Any]]:
    """Return another cloud's catalog as far as it leads through home.

    Clients believe a catalog: they take their tokens wherever it says.
    """
    led = []
    for entry in (e for e in catalog if isinstance(e, dict) and isinstance(e.get("type"), str)):
        there = entry.get("endpoints")
        here = [
            endpoint | {"url": url} | ({"region": region, "region_id": region} if region else {})
            for endpoint in (there if isinstance(there, list) else [])
            if isinstance(endpoint, dict)
            and isinstance(old := endpoint.get("url"), str)
            and (url := links.url(old)) != old
        ]
        if here:
            led.append(entry | {"endpoints": here})
    return led


def missing(
    catalog: list[dict[str, Any]], scope: Scope, federation: Federation, here: str
) -> list[dict[str, Any]]:
    """Return an entry for each service taken elsewhere that the catalog lacks."""
    known = {service_type(entry["type"]) or entry["type"] for entry in catalog}
    region = federation.clouds[here].region or _region(catalog)
    entries = []
    for service, expression in scope.items:
        ours = federation.clouds[here].frontends.get(service)
        if service in known or ours is None or not isinstance(expression, Cloud):
            continue
        if service in federation.clouds[expression.name].frontends and expression.name != here:
            entries.append(_entry(service, str(ours[PUBLIC]), region))
    return entries


def _entry(service: str, url: str, region: str | None) -> dict[str, Any]:
    endpoints = [
        {
            "id": f"{service}-{interface}",
            "interface": interface,
            "region": region,
            "region_id": region,
            "url": url,
        }
        for interface in get_args(Interface)
    ]
    return {"id": service, "type": service, "name": service, "endpoints": endpoints}


def _region(catalog: list[dict[str, Any]]) -> str | None:
    regions = (e["region_id"] for entry in catalog for e in entry["endpoints"])
    return next(regions, None)
