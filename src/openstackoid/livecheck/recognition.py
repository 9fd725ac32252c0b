"""Identifies a service by the answer at its root: headers and the list of versions.

Most services name their type in one of three places. Others are identified by their list of
versions, if no other service has a similar one (`services.Versions`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openstackoid.services import Versions, by_versions, service_type

_MEDIA_TYPE = re.compile(r"application/vnd\.openstack\.([a-z-]+?)(?:-v[0-9.]+)?\+json")
_NAME = re.compile(r"OpenStack (\w+) API")
_SWIFT = re.compile(r"tx[0-9a-f]{21}-[0-9a-f]{10}\S*")


@dataclass(frozen=True, slots=True)
class Recognised:
    """An official service type, and whether the answer names it."""

    service: str
    declared: bool


def recognised(headers: Mapping[str, str], body: bytes) -> Recognised | None:
    """Return which service has answered a GET of its root, None if that is unclear.

    The names of `headers` are in lower case.
    """
    document = _document(body)
    versions = list(_versions(document))
    for name in _declared(headers, document, versions):
        if service := service_type(name):
            return Recognised(service, declared=True)
    found = [service for service, mark in by_versions().items() if _has(versions, mark)]
    return Recognised(found[0], declared=False) if len(found) == 1 else None


def _declared(
    headers: Mapping[str, str], document: Mapping[str, Any], versions: list[dict[str, Any]]
) -> Iterator[str]:
    """Yield the service types or project names that an answer names."""
    yield headers.get("openstack-api-version", "").partition(" ")[0]
    if _SWIFT.fullmatch(headers.get("x-trans-id", "")):
        yield "swift"
    if match := _NAME.fullmatch(str(document.get("name"))):
        yield match[1]
    for version in versions:
        for kind in _dicts(version.get("media-types")):
            if match := _MEDIA_TYPE.match(str(kind.get("type"))):
                yield match[1]


def _has(versions: list[dict[str, Any]], mark: Versions) -> bool:
    return bool(versions) and all(
        mark.id.fullmatch(str(version.get("id")))
        and mark.keys <= version.keys()
        and (mark.link is None or any(map(mark.link.fullmatch, _links(version))))
        for version in versions
    )


def _links(version: Mapping[str, Any]) -> Iterator[str]:
    return (str(link.get("href")) for link in _dicts(version.get("links")))


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _versions(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    versions = document.get("versions")
    return _dicts(versions.get("values") if isinstance(versions, dict) else versions)


def _dicts(values: object) -> Iterator[dict[str, Any]]:
    listed = values if isinstance(values, list) else []
    return (one for one in listed if isinstance(one, dict))
