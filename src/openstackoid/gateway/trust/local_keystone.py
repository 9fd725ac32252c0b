"""Looks up projects and endpoints in this cloud's Keystone, with the gateway's service account."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from openstackoid.gateway.trust.remembered import Remembered
from openstackoid.gateway.trust.service_account import ServiceAccount
from openstackoid.identity.token_document import Distrust
from openstackoid.identity.trust import ById, ByName, Project

KEPT = 60.0
"""Seconds that projects and endpoints are remembered."""

MAX_DOCUMENTS = 10_000
"""Answers about projects and endpoints that are remembered."""

_MEMBERS = {
    "domain": ("id", "name"),
    "project": ("id", "name", "domain_id"),
    "service": ("id", "type"),
    "endpoint": ("id", "interface", "url"),
}
"""The members of a resource that are read, and that Keystone always gives as text."""

_TEMPLATE = re.compile(r"[%$]\((?:project|tenant)_id\)s")


class LocalKeystone:
    """What the Keystone of this cloud has: projects and a catalog, remembered for KEPT seconds."""

    def __init__(self, account: ServiceAccount) -> None:
        self._account = account
        self._here = account.here
        self._documents: Remembered[str, dict[str, Any] | None] = Remembered(MAX_DOCUMENTS)

    async def project(self, which: ById | ByName) -> Project:
        """Return a project of this cloud by its id, or by its name and domain.

        Raises Distrust if there is none or it is disabled, and AccountError.
        """
        with self._account.reading():
            return await self._project(which)

    async def _project(self, which: ById | ByName) -> Project:
        domain: dict[str, Any] | None
        if isinstance(which, ById):
            found = await self._one(f"/v3/projects/{quote(which.id, safe='')}", "project")
            named = f"with the id {which.id}"
        else:
            named = f'called "{which.name}" in a domain "{which.domain}"'
            domain = await self._named("domains", which.domain, {})
            found = domain and await self._named(
                "projects", which.name, {"domain_id": str(domain["id"])}
            )
        if not found or not found.get("enabled") or found.get("is_domain"):
            raise Distrust(f"{self._here} has no project {named}, or it is disabled")
        domain = await self._one(f"/v3/domains/{quote(found['domain_id'], safe='')}", "domain")
        if not domain or not domain.get("enabled"):
            raise Distrust(f"the domain of the project {named} is disabled in {self._here}")
        return Project(found["id"], found["name"], domain["id"], domain["name"])

    async def catalog(self, project_id: str) -> list[dict[str, Any]]:
        """Return the catalog that this cloud's Keystone would put into a token for a project.

        Raises AccountError.
        """
        with self._account.reading():
            return await self._catalog(project_id)

    async def _catalog(self, project_id: str) -> list[dict[str, Any]]:
        services = await self._list("services")
        endpoints = await self._list("endpoints")
        catalog = []
        for service in (s for s in services if s.get("enabled", True)):
            its = [
                {
                    "id": e["id"],
                    "interface": e["interface"],
                    "region": e.get("region_id"),
                    "region_id": e.get("region_id"),
                    "url": url,
                }
                for e in endpoints
                if e.get("service_id") == service["id"]
                and e.get("enabled", True)
                and ")s" not in (url := _TEMPLATE.sub(lambda _: project_id, str(e["url"])))
            ]
            if its:
                catalog.append(
                    {
                        "id": service["id"],
                        "type": service["type"],
                        "name": service.get("name", ""),
                        "endpoints": its,
                    }
                )
        return catalog

    async def _one(self, path: str, key: str) -> dict[str, Any] | None:
        """Return the resource at a path, None if there is none."""
        document = await self._get(path, key)
        return None if document is None else dict(document[key])

    async def _named(self, kind: str, name: str, more: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the resource with exactly this name: a database may compare without case."""
        query = urlencode({"name": name, **more})
        document = await self._get(f"/v3/{kind}?{query}", kind)
        return next((dict(t) for t in (document or {}).get(kind, ()) if t["name"] == name), None)

    async def _list(self, kind: str) -> list[dict[str, Any]]:
        document = await self._get(f"/v3/{kind}", kind)
        return list((document or {}).get(kind, ()))

    async def _get(self, path: str, key: str) -> dict[str, Any] | None:
        """Return the document at a path, remembered or from Keystone; None after a 404.

        A missing resource or an empty list under `key` is not remembered, nor is what Keystone
        would not say. Raises AccountError, and ValueError for the latter.
        """

        async def ask() -> tuple[dict[str, Any] | None, float]:
            status, document = await self._account.asked(path)
            if status == HTTPStatus.NOT_FOUND:
                return None, 0
            if status != HTTPStatus.OK:
                raise self._account.failed(
                    f"Keystone answered {status} to GET {path.partition('?')[0]}; "
                    "give its user the role reader on the system"
                )
            found = _checked(document, key)
            return found, KEPT if found[key] else 0

        return await self._documents.get_or_ask(path, ask)


def _checked(document: object, key: str) -> dict[str, Any]:
    """Return a document; raise ValueError unless it has a resource, or a list of them, under a key.

    `key` is the resource's kind, in the plural for a list.
    """
    kind = key.removesuffix("s")
    if isinstance(document, dict):
        resources = document.get(key) if key != kind else [document.get(key)]
        if isinstance(resources, list) and all(_is(kind, resource) for resource in resources):
            return document
    raise ValueError(f"no {key} of Keystone")


def _is(kind: str, resource: object) -> bool:
    if not isinstance(resource, dict):
        return False
    members = set(_MEMBERS[kind])
    if resource.get("is_domain"):  # a project that stands for a domain is in none
        members.discard("domain_id")
    return all(isinstance(resource.get(member), str) for member in members)
