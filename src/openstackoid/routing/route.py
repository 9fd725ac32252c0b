"""Decides where a request goes: its head to a Route.

See docs/explanation/design.md#what-the-gateway-decides-and-how.
"""

import re
from http import HTTPStatus
from typing import NamedTuple

from openstackoid.federation import Federation, Frontend
from openstackoid.federation.model import PUBLIC, Interface, Url
from openstackoid.message import Head
from openstackoid.routing import collaboration, via
from openstackoid.routing.addresses import folded
from openstackoid.routing.refusal import Refusal
from openstackoid.routing.scoping import READ_HERE, carried, named
from openstackoid.scope import Cloud, Expression, Scope, Wallet
from openstackoid.scope.model import EVERYTHING
from openstackoid.services import BOUND, COMPUTE, IDENTITY, special

_SLASH = r"(/|\\|%2f|%5c)"
DOT_SEGMENT = re.compile(rf"{_SLASH}(\.|%2e){{1,2}}({_SLASH}|$)", re.IGNORECASE)
"""What of a path another server may take for a step up, or for nothing at all."""

_HIDDEN_SLASH = re.compile(r"\\|%2f|%5c", re.IGNORECASE)

_MAX_HOST = 260
"""Characters of a host with its port; of a name there are 253 at most."""


class Route(NamedTuple):
    """What a request is about, and where it is to be evaluated.

    `rest` is the target behind the prefix of the service's frontend. `scope` is completed; without
    one the request belongs to this cloud and is passed on unchanged. `sender` is the cloud whose
    gateway sent it, `issuer` the one whose Keystone issued its token, if that is clear; `wallet`
    has the user's tokens of several clouds. If `outside`, the target has another path than the
    frontend's prefix, and `rest` is all of it; only requests without a scope are. `scheme` is that
    of the frontend it came in by.
    """

    service: str
    interface: Interface
    rest: str
    scope: Scope | None
    expression: Expression
    sender: str | None
    issuer: str | None = None
    wallet: Wallet | None = None
    outside: bool = False
    scheme: str = "http"


class Destination(NamedTuple):
    """Where one cloud's part of a route is sent: its backend here, or its frontend elsewhere.

    `address` is the service's there, `path` the whole path with its query. `connect` is the IP
    address to connect to in place of the address's host, None if there is none. `gateway` is false
    where no gateway but the service itself is there.
    """

    cloud: str
    address: Url
    path: str
    remote: bool
    connect: str | None = None
    gateway: bool = True

    @property
    def url(self) -> str:
        """Scheme, host, port and path."""
        return f"{self.origin}{self.path}"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.address.scheme}://{self.address.netloc}"


def decide(head: Head, federation: Federation, here: str) -> Route:
    """Decide what the gateway of the cloud `here` does with a request; raises Refusal."""
    if head.method == "CONNECT" or not head.target.startswith("/"):
        message = "the request target must be a path; talk to the gateway directly, not as a proxy"
        raise Refusal(HTTPStatus.BAD_REQUEST, message, cloud=here)
    for name, _ in head.headers:
        if "_" in name and name.lower().replace("_", "-") in READ_HERE | {"transfer-encoding"}:
            message = f"some servers take {name} for {name.replace('_', '-')}; send that"
            raise Refusal(HTTPStatus.BAD_REQUEST, message, cloud=here)
    frontend, rest, outside = _frontend(head, federation, here)
    sender = via.sender(head.headers.all("via"))
    scope, wallet = carried(head, frontend.service, federation, here, sender)

    def refuse(status: HTTPStatus, message: str) -> Refusal:
        return Refusal(status, message, cloud=here, service=frontend.service)

    if has_dot_segment(head.path) and (
        scope is not None or not special(frontend.service).names_with_dots or _leaves(rest)
    ):
        message = 'the path has "." or ".." as a segment; send the path that is meant'
        raise refuse(HTTPStatus.BAD_REQUEST, message)
    if scope is None:
        return Route(
            frontend.service,
            frontend.interface,
            rest,
            None,
            Cloud(here),
            None,
            outside=outside,
            scheme=frontend.url.scheme,
        )
    if outside:
        raise _nowhere(federation, here, "this address")
    if fault := _unclear(head):
        raise refuse(HTTPStatus.BAD_REQUEST, fault)
    if not via.readable(head.headers.all("via")):
        message = f"Via has more than {via.ENTRIES} entries; send less of them"
        raise refuse(HTTPStatus.BAD_REQUEST, message)
    expression = scope.resolve(frontend.service)
    if expression is None:  # pragma: no cover  (a completed scope has "*")
        raise refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "the scope is incomplete")
    if sender is not None and expression != Cloud(here):
        raise refuse(
            HTTPStatus.LOOP_DETECTED,
            f"the gateway of {sender} sent {here} a request whose scope takes {frontend.service} "
            f"in {expression}; requests cross one border at most. Compare the federation files "
            f"of {sender} and {here}",
        )
    collaboration.check(head.method, frontend.service, scope, federation, here)
    identity = scope.resolve(IDENTITY)
    issuer = identity.name if isinstance(identity, Cloud) else None
    if wallet is not None and wallet.get(EVERYTHING):
        wallet, issuer = named(wallet, here, sender), here
    return Route(
        frontend.service,
        frontend.interface,
        rest,
        scope,
        expression,
        sender,
        issuer,
        wallet,
        scheme=frontend.url.scheme,
    )


def has_dot_segment(path: str) -> bool:
    """Tell whether another server may take a segment of a path for a step."""
    plain = "%" not in path and "\\" not in path
    return not (plain and "/." not in path) and DOT_SEGMENT.search(path) is not None


def narrowed(route: Route, cloud: str) -> Route:
    """Return a route's part in one of its clouds: the service, and what is bound to it, there.

    So a server of `{"compute": "A & B"}` is in each cloud on a network of its own.
    """
    scope = route.scope
    if scope is None or route.expression == Cloud(cloud):
        return route
    bound = BOUND if route.service == COMPUTE else ()
    for service in (route.service, *(s for s in bound if scope.get(s) == route.expression)):
        scope = scope.having(service, Cloud(cloud))
    return route._replace(scope=scope, expression=Cloud(cloud))


def destination_of(route: Route, cloud: str, federation: Federation, here: str) -> Destination:
    """Return where a cloud's part of a route is sent; raises Refusal if it lacks the service."""
    remote = cloud != here
    description = federation.clouds[cloud]
    find = description.frontend if remote else description.backend
    url = find(route.service, PUBLIC if remote else route.interface)
    if url is None:
        # A cloud may have a frontend just to pass requests on; of ours we know that it has no more.
        ours = federation.clouds[here].backend(route.service, PUBLIC)
        without = {cloud} if ours else {cloud, here}
        others = sorted(set(federation.having(route.service)) - without)
        advice = (
            f'take it where there is one: {{"{route.service}": "{others[0]}"}}'
            if others
            else "no cloud of the federation has one"
        )
        status = HTTPStatus.BAD_REQUEST if remote else HTTPStatus.NOT_FOUND
        message = f"{cloud} has no {route.service} service; {advice}"
        raise Refusal(status, message, cloud=cloud, service=route.service)
    prefix = "" if route.outside else url.path
    rest = route.rest if prefix or route.rest.startswith("/") else f"/{route.rest}"
    connect = str(description.connect) if remote and description.connect else None
    return Destination(
        cloud,
        url,
        f"{prefix}{rest}" or "/",
        remote,
        connect,
        not remote or description.gateway,
    )


def _unclear(head: Head) -> str | None:
    """Return what of a head is in no encoding that clouds have agreed on, None if all of it is."""
    if not head.target.isascii():
        return "the path or the query is not ASCII; send it percent-encoded"
    for name, value in head.headers:
        if not name.isascii():
            shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            return f"the name of the header {shown} is not ASCII; with a scope, send one that is"
        if not value.isascii() and any("\udc80" <= c <= "\udcff" for c in value):
            return f"the header {name} is not UTF-8; with a scope, send it percent-encoded"
    return None


def _leaves(rest: str) -> bool:
    """Tell whether some server may take a path for one that leads out of its service.

    Names of objects may have "." and ".." as segments: Swift takes no step for them. Where a server
    before it does, it is to stay with this service. What is a slash to some servers only counts
    where it leads up.
    """
    depth = 0
    for segment in rest.partition("?")[0].lower().replace("%2e", ".").split("/"):
        parts = _HIDDEN_SLASH.split(segment)
        ups = parts.count("..")
        depth -= ups
        if depth < 0:
            return True
        depth += not ups and not {"", "."}.issuperset(parts)
    return False


def _frontend(head: Head, federation: Federation, here: str) -> tuple[Frontend, str, bool]:
    """Return the frontend a request came in by, the target behind its prefix, and False.

    Of those that fit, the ones at the request's Host are meant (all, where no frontend has that
    host: there may be a proxy in front); of these the ones with the client's scheme, if it is
    known; then the longest prefix, and the public interface.
    Where none fits, but one service has the port for itself, whatever else listens there without a
    gateway is that service, too: then it is the whole target, and True.
    """
    every = federation.clouds[here].at(head.port)
    fitting = [(f, rest) for f in every if (rest := f.url.rest(head.target)) is not None]
    if len(fitting) == 1:
        return *fitting[0], False
    outside = not fitting and len({frontend.service for frontend in every}) == 1
    if outside:
        fitting = [(frontend, head.target) for frontend in every]
    netloc = head.headers.first("host") or ""
    host = folded(netloc) if len(netloc) < _MAX_HOST else None
    at_host = [(f, rest) for f, rest in fitting if f.url.host == host]
    fitting = at_host or fitting
    fitting = [(f, rest) for f, rest in fitting if f.url.scheme == head.scheme] or fitting
    if not outside:
        fitting = [(f, rest) for f, rest in fitting if f.url.path == fitting[0][0].url.path]
    services = sorted({frontend.service for frontend, _ in fitting})
    if not services:
        raise _nowhere(federation, here, "this address")
    if len(services) > 1:
        if host is not None and not at_host:
            raise _nowhere(federation, here, host)
        names = " and ".join(services)
        message = f"{names} of {here} are both at this port; say which by the Host header"
        raise Refusal(HTTPStatus.NOT_FOUND, message, cloud=here)
    public = (found for found in fitting if found[0].interface == PUBLIC)
    return *next(public, fitting[0]), outside


def _nowhere(federation: Federation, here: str, place: str) -> Refusal:
    # Anybody may ask: the internal and the admin ones are for those who know them.
    addresses = federation.clouds[here].addresses
    known = sorted({str(frontend.url) for frontend in addresses if frontend.interface == PUBLIC})
    message = f"no service of {here} is at {place}; there are: {', '.join(known)}"
    return Refusal(HTTPStatus.NOT_FOUND, message, cloud=here)
