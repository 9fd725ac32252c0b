"""Finds the ids of resources in requests: in paths, and in the fields of bodies that name one.

Names and free text are never taken for an id, whatever they say.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from openstackoid.replication.apis.table import APIS
from openstackoid.replication.kinds import Recognized

Change = Callable[[str, str], str | None]
"""Takes the kind of what an id is of, and the id; returns another one to take, None for none."""

_FIELDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "compute": (
        ("server.imageRef", "image"),
        ("server.block_device_mapping_v2.uuid", "image"),
        ("server.networks.uuid", "network"),
        ("rebuild.imageRef", "image"),
        ("interfaceAttachment.net_id", "network"),
    ),
    "network": (
        ("subnet.network_id", "network"),
        ("port.network_id", "network"),
        ("port.fixed_ips.subnet_id", "subnet"),
        ("port.security_groups", "security-group"),
        ("router.external_gateway_info.network_id", "network"),
        ("security_group_rule.security_group_id", "security-group"),
        ("security_group_rule.remote_group_id", "security-group"),
        ("subnet_id", "subnet"),
    ),
}
"""By service, where the body of a request names what: the keys on the way there, through lists."""

_WITH_FIELDS = {
    "compute": re.compile(r"/servers(?:/[^/]+/(?:action|os-interface))?\Z"),
    "network": re.compile(r"/(?:subnets|ports|routers|security-group-rules)(?:/|\Z)"),
}
"""What has a body with such fields, by service."""

_VERSION = re.compile(r"/v[0-9.]+")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Meant(NamedTuple):
    """An id in a request, and the kind of what it is of."""

    kind: str
    id: str


def is_plain(identifier: str) -> bool:
    """Return whether an id is one such as services choose: it is no path, and needs no quotes."""
    return _ID.fullmatch(identifier) is not None


def in_path(service: str, target: str) -> Meant | None:
    """Return the id in a target, None if it has none: that of the resource that its path is of."""
    found = _found(service, target)
    return None if found is None else Meant(found[0], found[1]["id"])


def path_with(service: str, target: str, change: Change) -> str:
    """Return a target with another id."""
    found = _found(service, target)
    if found is None:
        return target
    kind, match = found
    new = change(kind, match["id"])
    return target if new is None else f"{match['before']}{new}{match['behind']}"


def may_name(service: str, method: str, target: str) -> bool:
    """Return whether the body of a request may name resources."""
    pattern = _WITH_FIELDS.get(service)
    return method in {"POST", "PUT"} and pattern is not None and bool(pattern.search(target))


def in_document(service: str, document: Any) -> list[Meant]:
    """Return the ids in a body, each with the kind of what it is of."""
    found: list[Meant] = []

    def note(kind: str, identifier: str) -> None:
        found.append(Meant(kind, identifier))

    document_with(service, document, note)
    return found


def document_with(service: str, document: Any, change: Change) -> Any:
    """Return a body with other ids; what is none, or is not named by the table, stays."""
    for way, kind in _FIELDS.get(service, ()):
        document = _changed(document, way.split("."), kind, change)
    return document


def _changed(said: Any, way: list[str], kind: str, change: Change) -> Any:
    if isinstance(said, list):
        return [_changed(one, way, kind, change) for one in said]
    if not way:
        new = change(kind, said) if isinstance(said, str) else None
        return said if new is None else new
    key, *rest = way
    if not isinstance(said, dict) or key not in said:
        return said
    return {**said, key: _changed(said[key], rest, kind, change)}


def _pattern(kind: str) -> re.Pattern[str]:
    """Return what matches a path of one of a kind: also with a project in it, as of Nova's."""
    collection = _VERSION.sub("", APIS[kind].path("")).strip("/")
    return re.compile(
        rf"(?P<before>(?:/v[0-9.]+)?(?:/[0-9a-f]{{32}})?/{collection}/)"
        rf"(?P<id>{_ID.pattern})(?P<behind>(?:[/?].*)?)"
    )


_PATTERNS = [
    (api.service, api.kind.name, _pattern(api.kind.name))
    for api in APIS.values()
    if api.kind.recognized is not Recognized.NAME
]
"""Of kinds whose resources may have another id in each cloud."""


def _found(service: str, target: str) -> tuple[str, re.Match[str]] | None:
    for its, kind, pattern in _PATTERNS:
        if its == service and (match := pattern.fullmatch(target)) is not None:
            return kind, match
    return None
