"""Rewrites the catalog in a token: every service of the scope, at addresses of the home cloud.

A client, or a service, that goes by its catalog so talks to its own gateway alone, whichever cloud
issued the token: see docs/decisions/0003-catalogs-lead-through-the-asking-gateway.md.
"""

import json
from collections.abc import Sequence
from typing import Any

from openstackoid.federation import Federation
from openstackoid.identity.added import REGIONS, missing, texts
from openstackoid.routing import Route
from openstackoid.routing.links import Links
from openstackoid.scope import Scope
from openstackoid.services import IDENTITY

MAX_CATALOG = 2 * 2**20
"""Bytes of an answer with a catalog; a large deployment's has some hundred kilobytes."""

_PATHS_WITH_CATALOG = frozenset(
    {"/v2.0/tokens", "/v3/auth/catalog", "/v3/auth/tokens", "/v3/ec2tokens", "/v3/s3tokens"}
)


def has_catalog(route: Route) -> bool:
    """Tell whether an answer with a scope may hold a catalog: a login, a validation, a listing."""
    path = route.rest.partition("?")[0].rstrip("/")
    return route.scope is not None and route.service == IDENTITY and path in _PATHS_WITH_CATALOG


class CatalogError(Exception):
    """Why an answer of a Keystone is not handed on; the text goes on behind "the answer"."""


class CatalogTooLongError(CatalogError):
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
        self._links = links if links and links.remote else None
        self._federation = federation
        self._here = here
        self._body = bytearray()

    @property
    def strict(self) -> bool:
        """Whether nothing of the body may pass before all of it is edited."""
        return self._links is not None

    def feed(self, data: bytes) -> bytes:
        """Take a piece of the body; raises CatalogTooLongError."""
        self._body += data
        if len(self._body) > MAX_CATALOG:
            raise CatalogTooLongError
        return b""

    def end(self) -> bytes:
        """Return the whole body.

        Raises CatalogError where another cloud's is in a shape that is not known: clients know
        more of them, and believe what they read.
        """
        body = bytes(self._body)
        if not body:
            return body
        try:
            document = json.loads(body.decode(errors="replace"))
        except (ValueError, RecursionError) as error:
            if self.strict:
                raise CatalogError("is no JSON") from error
            return body
        if self._links is not None:
            document = _led_home(document, self._links, self._region)
        added = self._add(document)
        return json.dumps(document).encode() if added or self.strict else body

    def _add(self, document: object) -> bool:
        """Add to a document's catalog what it lacks; tell whether there was anything."""
        holder = document.get("token", document) if isinstance(document, dict) else None
        catalog = holder.get("catalog") if isinstance(holder, dict) else None
        if not isinstance(holder, dict) or not isinstance(catalog, list):
            return False
        project = holder.get("project")
        id_ = project.get("id") if isinstance(project, dict) else None
        added = missing(catalog, self._scope, self._federation, self._here, id_)
        catalog += added
        return bool(added)

    @property
    def _region(self) -> str | None:
        return self._federation.clouds[self._here].region


def _led_home(document: Any, links: Links, region: str | None) -> dict[str, Any]:
    """Return another cloud's answer, its catalog as far as it leads through home.

    Clients believe a catalog: they take their tokens wherever it says. So nothing is taken over
    that is not known: neither another kind of document nor another field. Raises CatalogError.
    """
    match document:
        case {"error": error}:
            return {"error": error}
        case {"token": {"catalog": list() as catalog} as token}:
            return {"token": token | {"catalog": _entries(catalog, links, region)}}
        case {"token": dict() as token} if "catalog" not in token:
            return {"token": token}
        case {"catalog": list() as catalog}:
            pages = texts(document.get("links"), "next", "self", "previous")
            led = {"links": {name: links.led(url) for name, url in pages.items()}} if pages else {}
            return led | {"catalog": _entries(catalog, links, region)}
    raise CatalogError("is in no shape that Keystone has a token or a catalog in")


def _entries(catalog: Sequence[object], links: Links, region: str | None) -> list[dict[str, Any]]:
    led = []
    for entry in catalog:
        if isinstance(entry, dict) and isinstance(entry.get("type"), str):
            there = entry.get("endpoints")
            there = there if isinstance(there, list) else []
            here = [e for e in (_endpoint(e, links, region) for e in there) if e is not None]
            if here:
                led.append({**texts(entry, "id", "type", "name"), "endpoints": here})
    return led


def _endpoint(endpoint: object, links: Links, region: str | None) -> dict[str, str] | None:
    """Return an endpoint of another cloud as one of home, None if home has no such service."""
    match endpoint:
        case {"url": str() as url, "interface": "public" | "internal" | "admin" as interface}:
            led = links.led(url, interface)
        case _:
            return None
    if led is None:
        return None
    where = dict.fromkeys(REGIONS, region) if region else texts(endpoint, *REGIONS)
    return {**texts(endpoint, "id", "interface"), **where, "url": led}
