"""Makes catalog entries for services that a scope takes in another cloud and the catalog lacks.

Clients find a service only in their catalog.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from openstackoid.federation import Federation
from openstackoid.federation.model import PUBLIC, Interface, Url
from openstackoid.scope import CloudRef, Scope
from openstackoid.services import service_type, special

REGIONS = ("region_id", "region")
"""The keys of an endpoint's region; keystoneauth reads either."""

_PROJECT = re.compile(r"[\w-]{1,64}", re.ASCII)


def missing(
    catalog: Sequence[object],
    scope: Scope,
    federation: Federation,
    here: str,
    project: object,
) -> list[dict[str, Any]]:
    """Return a catalog entry for each missing service that the scope takes in another cloud.

    `project` is the id of the token's project. Without one, a service with the id in its path gets
    its bare address.
    """
    types = [name for entry in catalog for name in texts(entry, "type").values()]
    known = {service_type(name) or name for name in types}
    region = federation.clouds[here].region or _region(catalog)
    entries = []
    for service, expression in scope.items:
        if service in known or not isinstance(expression, CloudRef) or expression.name == here:
            continue
        ours = federation.clouds[here].frontends.get(service)
        if ours and service in federation.clouds[expression.name].frontends:
            entries.append(_entry(service, ours, _path(service, project), region))
    return entries


def _path(service: str, project: object) -> str:
    """Return the path that clients expect behind a service's address; empty without a project."""
    path = special(service).catalog_path
    if "{project}" not in path:
        return path
    plain = isinstance(project, str) and _PROJECT.fullmatch(project)
    return path.format(project=project) if plain else ""


def _entry(
    service: str, urls: Mapping[Interface, Url], path: str, region: str | None
) -> dict[str, Any]:
    endpoints = [
        {
            "id": f"{service}-{interface}",
            "interface": interface,
            "region": region,
            "region_id": region,
            "url": f"{urls.get(interface, urls[PUBLIC])}{path}",
        }
        for interface in get_args(Interface)
    ]
    return {"id": service, "type": service, "name": service, "endpoints": endpoints}


def _region(catalog: Sequence[object]) -> str | None:
    """Return the region of the first endpoint that has one, None if none has."""
    for entry in catalog:
        endpoints = entry.get("endpoints") if isinstance(entry, dict) else None
        for endpoint in endpoints if isinstance(endpoints, list) else []:
            for region in texts(endpoint, *REGIONS).values():
                return region
    return None


def texts(thing: object, *keys: str) -> dict[str, str]:
    """Return the members of a JSON object with these keys that are strings."""
    members = thing if isinstance(thing, dict) else {}
    return {key: value for key in keys if isinstance(value := members.get(key), str)}
