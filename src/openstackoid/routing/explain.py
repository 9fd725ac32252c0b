"""What would happen to a request, hop by hop: a reader of the same decisions as the gateway."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from openstackoid.federation import Federation
from openstackoid.federation.model import DEFAULT_PORTS, host_of
from openstackoid.message import Head, Headers
from openstackoid.routing.route import Destination, Route, decide, destination_of, narrowed
from openstackoid.routing.via import via_entry
from openstackoid.scope.expression import clouds


@dataclass(frozen=True, slots=True)
class Step:
    """One gateway's part: what it decided, and where it sends the request.

    `destination` is None where the request reaches a backend that only the gateway's own file has.
    """

    gateway: str
    route: Route
    destination: Destination | None


def head_of(method: str, url: str, scope: str | None) -> Head:
    """Return the head of a request to a URL, as a client sends it; raises ValueError."""
    parts = urlsplit(url)
    host_of(parts.netloc)
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError(f'"{parts.scheme}" is not HTTP')
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    query = f"?{parts.query}" if parts.query else ""
    headers = [("Host", parts.netloc)]
    if scope is not None:
        headers.append(("X-Scope", scope))
    target = f"{parts.path or '/'}{query}"
    return Head(method.upper(), target, Headers(headers), port, scheme=parts.scheme)


def ways(head: Head, federation: Federation, start: str) -> dict[str, Iterator[Step]]:
    """Return what each gateway on the way to each cloud does, in the order the clouds are written.

    Raises Refusal where the first gateway refuses the request; a way raises it where its own part
    would be refused.
    """
    route = decide(head, federation, start)
    return {
        cloud: _steps(head.method, narrowed(route, cloud), cloud, federation, start)
        for cloud in clouds(route.expression)
    }


def _steps(
    method: str, way: Route, cloud: str, federation: Federation, start: str
) -> Iterator[Step]:
    destination = _target(way, cloud, federation, start)
    yield Step(start, way, destination)
    if destination and destination.remote and destination.gateway and way.scope is not None:
        sent = head_of(method, destination.url, way.scope.canonical)
        arrived = replace(sent, headers=Headers((*sent.headers, ("Via", via_entry(start)))))
        yield _last(arrived, federation, cloud)


def _last(head: Head, federation: Federation, here: str) -> Step:
    route = decide(head, federation, here)
    return Step(here, route, _target(route, here, federation, here))


def _target(way: Route, cloud: str, federation: Federation, here: str) -> Destination | None:
    """Return where a gateway sends its part, None if only its own file can tell; raises Refusal."""
    if cloud == here and not federation.clouds[here].backends:
        return None
    return destination_of(way, cloud, federation, here)
