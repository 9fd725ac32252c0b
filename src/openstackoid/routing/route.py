"""Decides what to do with a request: makes a Route from its head, and destinations from that.

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
from openstackoid.routing.meant import check_meant
from openstackoid.routing.refusal import Refusal
from openstackoid.routing.scoping import READ_HERE, carried, named
from openstackoid.scope import CloudRef, Expression, Scope, Wallet
from openstackoid.scope.model import EVERYTHING
from openstackoid.services import BOUND, COMPUTE, IDENTITY, special

SLASH = r"(/|\\|%2f|%5c)"
"""A separator of segments as any server may read it."""

DOT_SEGMENT = re.compile(rf"{SLASH}(\.|%2e){{1,2}}({SLASH}|$)", re.IGNORECASE)
"""A dot segment ("." or "..") as any server may read it, with encoded dots and slashes.

This is for HAProxy. Over a long path it takes ten times as long as `has_dot_segment`.
"""

_MAX_NAME = 8192
"""Characters of a path with a name that has dot segments at most; Swift takes 1536 bytes of it."""

_DOTS = frozenset({"", ".", ".."})

_MAX_HOST = 260
"""Characters of a Host header at most: 253 of a name, a colon and the port."""


class Route(NamedTuple):
    """The gateway's decision on a request.

    - `rest`: the request target behind the prefix of the service's frontend.
    - `scope`: the completed scope; None if the request has none and is passed on unchanged.
    - `expression`: where the scope takes the service.
    - `sender`: the cloud whose gateway sent the request, None for a client.
    - `issuer`: the cloud whose Keystone issued the token, None if that is not clear.
    - `wallet`: the user's tokens of several clouds.
    - `outside`: the target lacks the prefix of the frontend, and `rest` is the whole target; only
      possible without a scope.
    - `scheme`: the scheme of the frontend.
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
    """Where a hop is sent: a backend of this cloud, or a frontend of another cloud.

    `address` is the address of the service there, `path` the whole path with its query. `connect`
    is an IP address to connect to instead of the host of `address`, None for the host. `gateway` is
    false for a cloud that has no gateway.
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
    """Return what the gateway of the cloud `here` does with a request; raises Refusal."""
    if head.method == "CONNECT" or not head.target.startswith("/"):
        message = "the request target must be a path; talk to the gateway directly, not as a proxy"
        raise Refusal(HTTPStatus.BAD_REQUEST, message, cloud=here)
    if "_" in "".join(head.headers.names):
        _check_names(head, here)
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
            CloudRef(here),
            None,
            outside=outside,
            scheme=frontend.url.scheme,
        )
    if outside:
        raise _nowhere(federation, here, "this address")
    if "_method" in head.target.partition("?")[2]:
        message = 'the query has "_method", which some services take for the method; send that one'
        raise refuse(HTTPStatus.BAD_REQUEST, message)
    check_meant(head.headers, frontend.service, federation, here, sender)
    if fault := _unclear(head):
        raise refuse(HTTPStatus.BAD_REQUEST, fault)
    if not via.readable(head.headers.all("via")):
        message = f"Via has more than {via.ENTRIES} entries; send less of them"
        raise refuse(HTTPStatus.BAD_REQUEST, message)
    expression = scope.resolve(frontend.service)
    if expression is None:  # pragma: no cover  (a completed scope has "*")
        raise refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "the scope is incomplete")
    if sender is not None and expression != CloudRef(here):
        raise refuse(
            HTTPStatus.LOOP_DETECTED,
            f"the gateway of {sender} sent {here} a request whose scope takes {frontend.service} "
            f"in {expression}; requests cross one border at most. Compare the federation files "
            f"of {sender} and {here}",
        )
    collaboration.check(head.method, frontend.service, scope, federation, here)
    identity = scope.resolve(IDENTITY)
    issuer = identity.name if isinstance(identity, CloudRef) else None
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


def _check_names(head: Head, here: str) -> None:
    """Raise Refusal if a server may take a header for one that the gateway reads."""
    for name, _ in head.headers:
        if "_" in name and name.lower().replace("_", "-") in READ_HERE | {"transfer-encoding"}:
            message = f"some servers take {name} for {name.replace('_', '-')}; send that"
            raise Refusal(HTTPStatus.BAD_REQUEST, message, cloud=here)


def has_dot_segment(path: str) -> bool:
    """Return whether any server may read a segment of a path as a dot segment."""
    if "/." not in path and "%" not in path and "\\" not in path:
        return False
    if "." not in path and "%2e" not in path and "%2E" not in path:
        return False
    read = _decoded(path).replace("\\", "/")
    return "/./" in read or "/../" in read or read.endswith(("/.", "/.."))


def _decoded(path: str) -> str:
    r"""Return a path with its encoded dots decoded, and its encoded slashes as `\\`."""
    if "%" not in path:
        return path
    return path.lower().replace("%2e", ".").replace("%2f", "\\").replace("%5c", "\\")


def narrowed(route: Route, cloud: str) -> Route:
    """Return a route for one of its clouds alone: it takes the service there, and bound services.

    Each server of `{"compute": "A & B"}` is thus on a network of its own cloud.
    """
    scope = route.scope
    if scope is None or route.expression == CloudRef(cloud):
        return route
    bound = BOUND if route.service == COMPUTE else ()
    for service in (route.service, *(s for s in bound if scope.get(s) == route.expression)):
        scope = scope.having(service, CloudRef(cloud))
    return route._replace(scope=scope, expression=CloudRef(cloud))


def destination_of(route: Route, cloud: str, federation: Federation, here: str) -> Destination:
    """Return where a route narrowed to a cloud is sent.

    Raises Refusal if the cloud does not have the service.
    """
    remote = cloud != here
    description = federation.clouds[cloud]
    find = description.frontend if remote else description.backend
    url = find(route.service, PUBLIC if remote else route.interface)
    if url is None:
        # Any cloud may have a frontend without a backend; only of `here` the backends are known.
        ours = federation.clouds[here].backend(route.service, PUBLIC)
        without = {cloud} if ours else {cloud, here}
        others = sorted(set(federation.having(route.service)) - without)
        advice = (
            f'take it where there is one: {{"{route.service}": "{others[0]}"}}'
            if others
            else "no cloud of the federation has one"
        )
        status = HTTPStatus.BAD_REQUEST if remote else HTTPStatus.NOT_FOUND
        message = f"{cloud} has no {route.service} service"
        raise Refusal(
            status,
            f"{message}; take it in a cloud that has one",
            cloud=cloud,
            service=route.service,
            detail=lambda: f"{message}; {advice}",
        )
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
    """Return what in a head is neither ASCII nor UTF-8, so that clouds may read it differently.

    None if there is nothing.
    """
    if not head.target.isascii():
        return "the path or the query is not ASCII; send it percent-encoded"
    for name, value in head.headers:
        if not name.isascii():
            shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            return f"the name of the header {shown} is not ASCII; with a scope, send one that is"
        if not (value.isascii() or _is_text(value)):
            return f"the header {name} is not UTF-8; with a scope, send it percent-encoded"
    return None


def _is_text(value: str) -> bool:
    """Return whether a value has no byte that is not UTF-8, which is a lone surrogate here."""
    try:
        value.encode()  # a regular expression takes ten times as long
    except UnicodeEncodeError:
        return False
    return True


def _leaves(rest: str) -> bool:
    """Return whether the dot segments of a path lead out of the service, as any server reads them.

    Names of Swift's objects may have "." and ".." as segments, which Swift does not resolve, but a
    proxy before it may. A backslash or an encoded slash separates segments only where that leads
    up.
    """
    path = rest.partition("?")[0]
    if len(path) > _MAX_NAME:
        return True
    depth = 0
    for segment in _decoded(path).split("/"):
        if "\\" not in segment and segment not in _DOTS:
            depth += 1
            continue
        parts = segment.split("\\")
        ups = parts.count("..")
        depth -= ups
        if depth < 0:
            return True
        depth += not ups and not {"", "."}.issuperset(parts)
    return False


def _frontend(head: Head, federation: Federation, here: str) -> tuple[Frontend, str, bool]:
    """Return the frontend that a request came in by, the target behind its prefix, and False.

    Of the frontends whose prefix matches, those with the request's Host are chosen (all, if none
    has that host: a proxy may be in front); of these the ones with the client's scheme, if it is
    known; then the longest prefix, and the public interface.
    If no prefix matches, but only one service has the port, the request is for that service: a
    client that talks to it without a gateway can use such paths. Then the whole target and True are
    returned.
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
    # Anybody may see this, so it lists only public addresses, not internal and admin ones.
    addresses = federation.clouds[here].addresses
    known = sorted({str(frontend.url) for frontend in addresses if frontend.interface == PUBLIC})
    message = f"no service of {here} is at {place}; there are: {', '.join(known)}"
    return Refusal(HTTPStatus.NOT_FOUND, message, cloud=here)
