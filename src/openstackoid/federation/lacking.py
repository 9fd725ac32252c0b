"""Names the services of other clouds that users of a cloud cannot reach, for want of a frontend.

A client finds a service at an address of its home alone, so home needs one even for a service that
it has not: a frontend without a backend.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from openstackoid.federation.model import PUBLIC, Federation, Url


class Lacking(NamedTuple):
    """A service that some clouds have, and an address where this cloud could pass it on."""

    service: str
    clouds: tuple[str, ...]
    frontend: Url


def lacking(federation: Federation, here: str) -> Iterator[Lacking]:
    """Yield each service that another cloud of a federation has, and the cloud `here` has not."""
    for service in sorted(federation.services - federation.clouds[here].frontends.keys()):
        clouds = tuple(federation.having(service))
        yield Lacking(service, clouds, _frontend(federation, here, service, clouds[0]))


def _frontend(federation: Federation, here: str, service: str, there: str) -> Url:
    """Return a free address for a service, in the way of the cloud's others.

    It is a path at their port where they share one, and else the port that another cloud has for
    the service, unless something is there.
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
