"""From `openstack endpoint list -f json` to a cloud's entry in a federation file."""

import io
import re
from collections.abc import Mapping, Sequence

from ruamel.yaml.comments import CommentedMap

from openstackoid.federation.errors import Fault, FederationError
from openstackoid.federation.loader import loads, parse_yaml, yaml
from openstackoid.federation.model import PUBLIC, Url, official
from openstackoid.services import service_type

_VERSION_AND_REST = re.compile(r"(?<!/)/(v\d+(\.\d+)?|[^/]*[$%]\([^/]*)(/.*)?$")
"""An API version or a project's id, and what a catalog writes behind it (`/v3/$(project_id)s`)."""


class EndpointError(ValueError):
    """A list of endpoints that no entry can be made from."""


def extend(
    text: str,
    name: str,
    cloud: str,
    endpoints: object,
    region: str | None,
    backends: Mapping[str, Url],
) -> str:
    """Return a federation file with the entry of a cloud made or updated, comments kept.

    `text` is the file so far, empty for a new one, and `name` its name in messages. `endpoints`
    is a list of objects with Region, Service Type, Interface, URL, and perhaps Enabled. Raises
    EndpointError and FederationError.
    """
    document = parse_yaml(text, name) if text.strip() else CommentedMap()
    entry = _section(_section(document, "clouds", name), cloud, name)
    rows, chosen = _of_region(endpoints, region)
    if chosen:
        entry["region"] = chosen
    frontends = _section(entry, "frontends", name)
    for service, interfaces in _frontends(rows).items():
        alone = list(interfaces) == [PUBLIC]
        _put(frontends, service, interfaces[PUBLIC] if alone else interfaces)
    if backends:
        own = _section(entry, "backends", name)
        for service, url in backends.items():
            _put(own, service, str(url))
    buffer = io.StringIO()
    yaml().dump(document, buffer)
    loads(buffer.getvalue(), name)
    return buffer.getvalue()


def _section(parent: CommentedMap, key: str, name: str) -> CommentedMap:
    """Return the mapping at a key, made if there is nothing; raises FederationError."""
    if parent.get(key) is None:
        parent[key] = CommentedMap()
    section = parent[key]
    if not isinstance(section, CommentedMap):
        raise FederationError([Fault(name, parent.lc.key(key)[0] + 1, key, "must be a mapping")])
    return section


def _put(section: CommentedMap, service: str, value: str | dict[str, str]) -> None:
    """Set what is known of a service, by whatever name it is there, comments kept."""
    key = next((k for k in section if official(k) == service), service)
    known = section.get(key)
    if isinstance(known, CommentedMap) and isinstance(value, dict):
        for interface in known.keys() - value.keys():
            del known[interface]
        known.update(value)
    elif known != value:
        section[key] = value


def _of_region(endpoints: object, region: str | None) -> tuple[list[dict[str, str]], str]:
    """Return the endpoints of one region, and its name."""
    rows = [_row(row) for row in endpoints] if isinstance(endpoints, Sequence) else []
    if not rows:
        raise EndpointError(
            "there is no endpoint; make the list with: openstack endpoint list -f json"
        )
    regions = sorted({row["Region"] for row in rows})
    if region is None and len(regions) > 1:
        raise EndpointError(f"there are several regions, {', '.join(regions)}; choose by --region")
    if region is not None and region not in regions:
        raise EndpointError(f"no endpoint is in region {region}; there are {', '.join(regions)}")
    chosen = region or regions[0]
    return [row for row in rows if row["Region"] == chosen], chosen


def _frontends(rows: Sequence[dict[str, str]]) -> dict[str, dict[str, str]]:
    frontends: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["Enabled"] != "False":
            service = service_type(row["Service Type"]) or row["Service Type"]
            address = _VERSION_AND_REST.sub("", row["URL"]).rstrip("/")
            known = frontends.setdefault(service, {}).setdefault(row["Interface"], address)
            if known != address:
                raise EndpointError(
                    f"{service} has two {row['Interface']} endpoints, {known} and {address}; "
                    "remove one from the catalog or from the list"
                )
    if not frontends:
        raise EndpointError("every endpoint is disabled; enable some, or choose by --region")
    return frontends


def _row(row: object) -> dict[str, str]:
    if not isinstance(row, Mapping):
        raise EndpointError(f"{row!r} is no endpoint")
    if missing := {"Region", "Service Type", "Interface", "URL"} - row.keys():
        raise EndpointError(
            f"an endpoint lacks {', '.join(sorted(missing))}; "
            "make the list with: openstack endpoint list -f json"
        )
    known = {"Enabled": True} | dict(row)
    return {key: "" if value is None else str(value) for key, value in known.items()}
