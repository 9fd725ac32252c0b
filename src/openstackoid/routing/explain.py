"""What would happen to a request, hop by hop: a reader of the same decisions as the gateway."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from openstackoid.federation import Federation
from openstackoid.federation.model import DEFAULT_PORTS, host_of
from openstackoid.routing.head import Head
from openstackoid.routing.route import Route, Target, route, target
from openstackoid.routing.via import stamp
from openstackoid.scope import Cloud


@dataclass(frozen=True, slots=True)
class Hop:
    """One gateway's part: what it decided, and where it sends the request.

    `target` is None where the request reaches a backend that only the other cloud's file has.
    """

    gateway: str
    route: Route
    target: Target | None


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
    return Head(method.upper(), f"{parts.path or '/'}{query}", tuple(headers), port)


def hops(head: Head, federation: Federation, start: str) -> Iterator[Hop]:
    """Yield what each gateway on the way does; raises Refusal where one would refuse."""
    here = start
    while True:
        decided = route(head, federation, here)
        if not isinstance(decided.expression, Cloud):  # pragma: no cover  (route refuses them)
            raise TypeError("a composite expression has no single way")
        if here != start and not federation.clouds[here].backends:
            yield Hop(here, decided, None)
            return
        goal = target(decided, decided.expression.name, federation, here)
        yield Hop(here, decided, goal)
        if not goal.remote or decided.scope is None:
            return
        sent = head_of(head.method, goal.url, decided.scope.canonical)
        head = replace(sent, headers=(*sent.headers, ("Via", stamp(here))))
        here = goal.cloud
