"""From `openstack endpoint list -f json` to a cloud's entry in a federation file."""

import io
import re
from collections.abc import Mapping, Sequence

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from openstackoid.federation.loader import loads, parse_yaml
from openstackoid.federation.model import PUBLIC, Url
from openstackoid.scope.services import service_type

_VERSION_AND_REST = re.compile(r"/v\d+(\.\d+)?(/.*)?$")
"""An API version, and what a catalog writes behind it (`/v3/$(project_id)s`, `/v1/AUTH_…`)."""


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
    clouds = document.setdefault("clouds", CommentedMap())
    entry = clouds.setdefault(cloud, CommentedMap())
    rows, entry["region"] = _of_region(endpoints, region)
    frontends = entry.setdefault("frontends", CommentedMap())
    for service, interfaces in _frontends(rows).items():
        alone = list(interfaces) == [PUBLIC]
        frontends[service] = interfaces[PUBLIC] if alone else interfaces
    if backends:
        own = entry.setdefault("backends", CommentedMap())
        own.update({service: str(url) for service, url in backends.items()})
    buffer = io.StringIO()
    YAML(typ="rt").dump(document, buffer)
    loads(buffer.getvalue(), name)
    return buffer.getvalue()


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
    return frontends


def _row(row: object) -> dict[str, str]:
    if not isinstance(row, Mapping):
        raise EndpointError(f"{row!r} is no endpoint")
    if missing := {"Region", "Service Type", "Interface", "URL"} - row.keys():
        raise EndpointError(
            f"an endpoint lacks {', '.join(sorted(missing))}; "
            "make the list with: openstack endpoint list -f json"
        )
    return {key: str(value) for key, value in ({"Enabled": True} | dict(row)).items()}
