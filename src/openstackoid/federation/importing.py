"""Makes or updates a cloud's entry in a federation file from the list of its endpoints."""

import io
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ruamel.yaml.comments import CommentedMap

from openstackoid.federation.endpoints import Endpoint, endpoints
from openstackoid.federation.errors import Fault, FederationError
from openstackoid.federation.loader import loads, parse_yaml, yaml
from openstackoid.federation.model import PUBLIC, Interface, Url, official
from openstackoid.federation.selection import Addresses, named, of_region, select
from openstackoid.scope.errors import printable
from openstackoid.services import IDENTITY


@dataclass(frozen=True, slots=True)
class Imported:
    """The text of a federation file, and remarks for the person who imports: terminal lines."""

    text: str
    remarks: tuple[str, ...]


def extend(
    text: str,
    name: str,
    cloud: str,
    document: object,
    region: str | None,
    backends: Mapping[str, Url],
    *,
    insecure: bool = False,
) -> Imported:
    """Return a federation file with a new or updated entry of a cloud; comments are kept.

    `text` is the file so far, empty for a new one, and `name` its name in messages. `document` is
    the decoded list of endpoints (see `endpoints`). With `insecure` the entry says so; a list never
    does, for it is made by those against whom the default protects. Raises EndpointError and
    FederationError.
    """
    file = parse_yaml(text, name) if text.strip() else CommentedMap()
    clouds = _section(file, "clouds", name)
    entry = _section(clouds, cloud, name)
    found, unreadable = endpoints(document)
    inside, outside, chosen = of_region(found, region)
    if chosen:
        entry["region"] = chosen
    if insecure:
        entry["insecure"] = True
    frontends = _section(entry, "frontends", name)
    before = _addresses(frontends)
    selected, left_out = select(inside, before, _others(clouds, cloud), unreadable)
    for service, addresses in selected.items():
        _put(frontends, service, addresses)
    if backends:
        own = _section(entry, "backends", name)
        for service, url in backends.items():
            _put(own, service, {PUBLIC: url})
    buffer = io.StringIO()
    yaml().dump(file, buffer)
    now = loads(buffer.getvalue(), name).clouds[cloud]
    remarks = [
        *named(left_out),
        *_changes(cloud, before, selected),
        *_missing(cloud, now.frontends, outside),
    ]
    return Imported(buffer.getvalue(), tuple(map(printable, remarks)))


def _section(parent: CommentedMap, key: str, name: str) -> CommentedMap:
    """Return the mapping at a key, a new one if there is none.

    Raises FederationError if something else is there.
    """
    if parent.get(key) is None:
        parent[key] = CommentedMap()
    section = parent[key]
    if not isinstance(section, CommentedMap):
        raise FederationError([Fault(name, parent.lc.key(key)[0] + 1, key, "must be a mapping")])
    return section


def _put(section: CommentedMap, service: str, addresses: Mapping[Interface, Url]) -> None:
    """Set the addresses of a service under the name that the section has; comments are kept."""
    key = next((k for k in section if official(k) == service), service)
    known = section.get(key)
    if _of_service(known) == addresses:
        return
    texts: dict[str, str] = {interface: str(url) for interface, url in addresses.items()}
    if list(addresses) == [PUBLIC]:
        section[key] = texts[PUBLIC]
    elif isinstance(known, CommentedMap):
        for interface in known.keys() - texts.keys():
            del known[interface]
        known.update(texts)
    else:
        section[key] = texts


def _others(clouds: Mapping[object, object], cloud: str) -> dict[Url, str]:
    """Return the frontends of all clouds but one, each with the cloud and the service there."""
    return {
        url: f"{name}'s {service}"
        for name, entry in clouds.items()
        if name != cloud and isinstance(entry, Mapping)
        for service, addresses in _addresses(entry.get("frontends")).items()
        for url in addresses.values()
    }


def _addresses(frontends: object) -> Addresses:
    """Return the readable addresses in a part of the file; `loads` reports the faults later."""
    if not isinstance(frontends, Mapping):
        return {}
    return {str(official(service)): _of_service(value) for service, value in frontends.items()}


def _of_service(value: object) -> dict[Interface, Url]:
    texts = value if isinstance(value, Mapping) else {PUBLIC: value}
    return dict(_readable(texts.items()))


def _readable(texts: Iterable[tuple[Interface, object]]) -> Iterator[tuple[Interface, Url]]:
    for interface, text in texts:
        try:
            yield interface, Url.parse(text)
        except ValueError:
            continue


def _changes(cloud: str, before: Addresses, now: Addresses) -> Iterator[str]:
    """Yield a line for each address that a service no longer has, then what follows from that."""
    changed = False
    for service, addresses in now.items():
        for interface, old in before.get(service, {}).items():
            new = addresses.get(interface)
            if new != old:
                becomes = f"is now {new}" if new else "is gone"
                yield f"{service} ({interface}): {old} {becomes}"
                changed = True
    if changed:
        yield (
            f"The gateway of {cloud} no longer listens at old addresses once it is reloaded; keep "
            "those that users and services still come by, as another interface"
        )


def _missing(cloud: str, frontends: Collection[str], outside: Iterable[Endpoint]) -> Iterator[str]:
    """Yield lines about services that only other regions have, and about a missing Keystone."""
    elsewhere: dict[str, set[str]] = {}
    for endpoint in outside:
        elsewhere.setdefault(str(official(endpoint.type)), set()).add(endpoint.region)
    for service in sorted(elsewhere.keys() - frontends):
        yield f"{service}: only in {', '.join(sorted(elsewhere[service]))}, and so left out"
    if IDENTITY in frontends:
        return
    yield (
        f"{cloud} has no identity service: nobody can log in there by its gateway, and no other "
        "cloud can validate its tokens"
    )
    if IDENTITY in elsewhere:
        yield (
            "Regions of one Keystone are one cloud: import the region that scopes are to reach, "
            "and leave the others as they are"
        )
