"""Finds services of other clouds that users of a cloud cannot reach, because it has no frontend.

Clients talk only to frontends of home. So home needs a frontend, without a backend, also for a
service that only other clouds have.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from openstackoid.federation.model import PUBLIC, Federation, Url


class Lacking(NamedTuple):
    """A service that only other clouds have, those clouds, and an address for a frontend here."""

    service: str
    clouds: tuple[str, ...]
    frontend: Url


def lacking(federation: Federation, here: str) -> Iterator[Lacking]:
    """Yield each service of the federation for which the cloud `here` has no frontend."""
    for service in sorted(federation.services - federation.clouds[here].frontends.keys()):
        clouds = tuple(federation.having(service))
        yield Lacking(service, clouds, _frontend(federation, here, service, clouds[0]))


def _frontend(federation: Federation, here: str, service: str, there: str) -> Url:
    """Return a free address for a frontend of a service, similar to the cloud's other frontends.

    If those share a port, it is a path there. Else it is the port that another cloud uses for the
    service, unless that port is taken.
    """
    cloud = federation.clouds[here]
    known = [addresses[PUBLIC] for addresses in cloud.frontends.values()]
    behind = [url for addresses in cloud.backends.values() for url in addresses.values()]
    used = {(url.host, url.port) for url in (*behind, *(f.url for f in cloud.addresses))}
    first = known[0]
    (common, services), *_ = Counter(url.netloc for url in known).most_common()
    theirs = federation.clouds[there].frontends[service][PUBLIC]
    if services == 1 and not first.path and (first.host, theirs.port) not in used:
        return Url(first.scheme, first.host, theirs.port, theirs.path)
    shared = next(url for url in known if url.netloc == common)
    return Url(shared.scheme, shared.host, shared.port, f"/{service}")
