"""Computes what each gateway would do with a request, by the gateway's own decisions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from openstackoid.federation import Federation
from openstackoid.federation.model import DEFAULT_PORTS, host_of
from openstackoid.message import Head, Headers
from openstackoid.routing.route import Destination, Route, decide, destination_of, narrowed
from openstackoid.routing.via import via_entry
from openstackoid.scope.expression import clouds

_SENDABLE = re.compile(r"[!-~]+")
"""What a URL consists of (RFC 3986, 2); Python drops tabs and line ends (bpo-43882)."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one gateway does with a request: its route and its destination.

    `destination` is None if it is a backend that only the gateway's own file has.
    """

    gateway: str
    route: Route
    destination: Destination | None


def head_of(method: str, url: str, scope: str | None, meant: str | None = None) -> Head:
    """Return the head of a request to a URL, as a client sends it that means a service.

    Raises ValueError.
    """
    if not _SENDABLE.fullmatch(url):
        raise ValueError("percent-encode what is no visible character of ASCII")
    parts = urlsplit(url)
    host_of(parts.netloc)
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError(f'"{parts.scheme}" is not HTTP')
    port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    if port == 0:
        raise ValueError("nobody listens at port 0")
    query = f"?{parts.query}" if parts.query else ""
    headers = [("Host", parts.netloc)]
    if scope is not None:
        headers.append(("X-Scope", scope))
    if meant is not None:
        headers.append(("X-Scope-Service", meant))
    target = f"{parts.path or '/'}{query}"
    return Head(method.upper(), target, Headers(headers), port, scheme=parts.scheme)


def ways(head: Head, federation: Federation, start: str) -> dict[str, Iterator[Step]]:
    """Return the steps to each cloud of a request's expression, in the order they are written.

    Raises Refusal if the first gateway refuses the request. The iterator of a cloud raises it if
    the request to that cloud would be refused.
    """
    route = decide(head, federation, start)
    return {
        cloud: _steps(head.method, narrowed(route, cloud), cloud, federation, start)
        for cloud in clouds(route.expression)
    }


def _steps(
    method: str, route: Route, cloud: str, federation: Federation, start: str
) -> Iterator[Step]:
    destination = _destination(route, cloud, federation, start)
    yield Step(start, route, destination)
    if destination and destination.remote and destination.gateway and route.scope is not None:
        sent = head_of(method, destination.url, route.scope.canonical, route.service)
        arrived = replace(sent, headers=Headers((*sent.headers, ("Via", via_entry(start)))))
        yield _remote_step(arrived, federation, cloud)


def _remote_step(head: Head, federation: Federation, here: str) -> Step:
    route = decide(head, federation, here)
    return Step(here, route, _destination(route, here, federation, here))


def _destination(route: Route, cloud: str, federation: Federation, here: str) -> Destination | None:
    """Return where a gateway sends a narrowed route, None if only its own file has the backend.

    Raises Refusal.
    """
    if cloud == here and not federation.clouds[here].backends:
        return None
    return destination_of(route, cloud, federation, here)
