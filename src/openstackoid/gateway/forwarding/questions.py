"""Sends questions of this gateway itself, in nobody's name, to other clouds' gateways."""

from openstackoid.federation import Federation
from openstackoid.federation.model import PUBLIC
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import Response
from openstackoid.identity.headers import headers_for
from openstackoid.message import JSON, Head, Headers
from openstackoid.routing import Route, destination_of
from openstackoid.scope import CloudRef, Scope
from openstackoid.services import IDENTITY


async def asked(
    upstream: Upstream, federation: Federation, here: str, cloud: str, path: str, body: bytes
) -> Response | None:
    """Send a question to the gateway of a cloud, and return its response, which the caller closes.

    `path` is behind the prefix of its frontend for identity. Return None if the cloud has no
    gateway, or is in the federation no more. Raises Refusal if there is no answer.
    """
    if cloud not in federation.clouds:
        return None
    scope = Scope(((IDENTITY, CloudRef(cloud)),)).completed(here)
    route = Route(IDENTITY, PUBLIC, path, scope, CloudRef(cloud), None, cloud)
    destination = destination_of(route, cloud, federation, here)
    if not destination.gateway:
        return None
    about = Headers([("Content-Type", JSON), ("Content-Length", str(len(body)))])
    headers = headers_for(Head("POST", path, about, 0), route, destination, here)
    return await upstream.send("POST", destination, route, headers, body)
