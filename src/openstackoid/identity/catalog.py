"""Rewrites the catalog in Keystone's answers: every service of the scope at addresses of home.

Clients and services that follow the catalog then talk only to their own gateway, whichever cloud
issued the token. See docs/decisions/0003-catalogs-lead-through-the-asking-gateway.md.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from openstackoid.federation import Federation
from openstackoid.identity.added import REGIONS, missing, texts
from openstackoid.identity.body import keystone_path
from openstackoid.routing import Route
from openstackoid.routing.links import Links
from openstackoid.scope import Scope
from openstackoid.services import IDENTITY

MAX_CATALOG = 2 * 2**20
"""Bytes of an answer with a catalog at most; a large cloud's has some hundred kilobytes."""

MAX_VALUES = 32_768
"""Commas in an answer with a catalog at most: some 4,000 endpoints.

A text of nothing but small values takes twenty times as long to decode as a catalog of its length.
"""

_MAX_URL = 8192
"""Characters of an endpoint's URL at most; servers accept no longer ones."""

_SLICE = 16
"""Endpoints that are rewritten at a time: less than a millisecond of work."""

_PATHS_WITH_CATALOG = frozenset(
    {"/v2.0/tokens", "/v3/auth/catalog", "/v3/auth/tokens", "/v3/ec2tokens", "/v3/s3tokens"}
)


def has_catalog(route: Route) -> bool:
    """Return whether the answer to a request with a scope may hold a catalog.

    It may for a login, a validation and a list of the catalog.
    """
    if route.scope is None or route.service != IDENTITY:
        return False
    return keystone_path(route) in _PATHS_WITH_CATALOG


class CatalogError(Exception):
    """An answer of a Keystone cannot be passed on; the message continues "the answer …"."""


class CatalogTooLongError(CatalogError):
    """An answer of a Keystone is longer than MAX_CATALOG."""

    def __str__(self) -> str:
        return f"is longer than {MAX_CATALOG} bytes"


def document_of(body: bytes) -> Any:
    """Decode an answer of a Keystone; raises CatalogError if it has too many values, or is no JSON.

    Bytes that are not UTF-8 are replaced.
    """
    if body.count(b",") > MAX_VALUES:
        raise CatalogError(f"has more than {MAX_VALUES} values")
    try:
        return msgspec.json.decode(body.decode(errors="replace"))
    except (ValueError, RecursionError) as error:
        raise CatalogError("is no JSON") from error


class CatalogEditor:
    """Edits the body of one answer of Keystone so that its catalog has addresses of `here`.

    Endpoints of another cloud become those of `here`, region included. Services that the scope
    takes in another cloud and the catalog lacks are added. A body of this cloud's Keystone without
    a catalog stays as it is.
    """

    def __init__(
        self, scope: Scope, links: Links | None, federation: Federation, here: str
    ) -> None:
        self._scope = scope
        self._links = links if links and links.remote else None
        self._federation = federation
        self._here = here
        self._body = bytearray()
        self.user: Mapping[str, Any] | None = None
        """The user of the token in the body, once it was edited; None without one."""

    @property
    def strict(self) -> bool:
        """Whether the whole body must be edited before any of it is sent."""
        return self._links is not None

    def feed(self, data: bytes) -> bytes:
        """Add a piece of the body; raises CatalogTooLongError. Nothing is returned here."""
        self._body += data
        if len(self._body) > MAX_CATALOG:
            raise CatalogTooLongError
        return b""

    def rest(self) -> Iterator[bytes]:
        """Yield the whole body, edited, after empty pieces between which other tasks can go on.

        Raises CatalogError if a body of another cloud has too many values, or an unknown form:
        clients know more forms, and would use what they read.
        """
        body = bytes(self._body)
        if not body:
            return
        try:
            document = document_of(body)
        except CatalogError:
            if self.strict:
                raise
            yield body
            return
        yield b""
        self.user = user_of(document)
        if self._links is not None:
            document = yield from _rewritten(document, self._links, self._region)
            yield b""
        added = self._add(document)
        yield msgspec.json.encode(document) if added or self.strict else body

    def _add(self, document: object) -> bool:
        """Add the missing services to a document's catalog; return whether there were any."""
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


def user_of(document: object) -> Mapping[str, Any] | None:
    """Return the user in a Keystone's document of a token, None if there is none."""
    match document:
        case {"token": {"user": dict() as user}}:
            return user
    return None


def _rewritten(
    document: Any, links: Links, region: str | None
) -> Generator[bytes, None, dict[str, Any]]:
    """Return another cloud's answer with only those endpoints that home has, at home's addresses.

    Yields empty pieces after each slice of work. Clients send their tokens wherever a catalog says.
    So only known documents and known fields are copied. Raises CatalogError for another document.
    """
    match document:
        case {"error": error}:
            return {"error": error}
        case {"token": {"catalog": list() as catalog} as token}:
            return {"token": token | {"catalog": (yield from _entries(catalog, links, region))}}
        case {"token": dict() as token} if "catalog" not in token:
            return {"token": token}
        case {"catalog": list() as catalog}:
            pages = texts(document.get("links"), "next", "self", "previous")
            led = {name: links.led(url) for name, url in pages.items()}
            entries = yield from _entries(catalog, links, region)
            return ({"links": led} if led else {}) | {"catalog": entries}
    raise CatalogError("is in no shape that Keystone has a token or a catalog in")


def _entries(
    catalog: Sequence[object], links: Links, region: str | None
) -> Generator[bytes, None, list[dict[str, Any]]]:
    """Return the entries with those endpoints that home has; yields as `_rewritten` does."""
    rewritten = []
    seen = 0
    for entry in catalog:
        if isinstance(entry, dict) and isinstance(entry.get("type"), str):
            there = entry.get("endpoints")
            here = []
            for endpoint in there if isinstance(there, list) else []:
                if (kept := _endpoint(endpoint, links, region)) is not None:
                    here.append(kept)
                seen += 1
                if seen % _SLICE == 0:
                    yield b""
            if here:
                rewritten.append({**texts(entry, "id", "type", "name"), "endpoints": here})
    return rewritten


def _endpoint(endpoint: object, links: Links, region: str | None) -> dict[str, str] | None:
    """Return an endpoint of another cloud as home's, None if home has no frontend for it."""
    match endpoint:
        case {"url": str() as url, "interface": "public" | "internal" | "admin" as interface} if (
            len(url) <= _MAX_URL
        ):
            address = links.led(url, interface)
        case _:
            return None
    if address is None:
        return None
    where = dict.fromkeys(REGIONS, region) if region else texts(endpoint, *REGIONS)
    return {**texts(endpoint, "id", "interface"), **where, "url": address}
