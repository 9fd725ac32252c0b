"""Gives another gateway a part of the data that a service of this cloud has."""

from http import HTTPStatus

from openstackoid.federation.model import PUBLIC
from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.forwarding.downstream import give
from openstackoid.gateway.http import HttpError
from openstackoid.gateway.replicas.messages import Fetched
from openstackoid.message import Headers
from openstackoid.routing import Refusal, Route, destination_of
from openstackoid.routing.scoping import AUTH_TOKEN
from openstackoid.scope import CloudRef


async def give_part(context: Context, part: Fetched) -> None:
    """Send another gateway a part of the data that a service here has; raises Refusal."""
    site = context.site
    route = Route(part.service, PUBLIC, part.path, None, CloudRef(site.here), None)
    destination = destination_of(route, site.here, site.federation, site.here)
    headers = Headers(
        [
            ("Host", destination.address.netloc),
            (AUTH_TOKEN.title(), part.token),
            ("Range", f"bytes={part.begin}-{part.end - 1}"),
        ]
    )
    response = await site.upstream.send("GET", destination, route, headers, None)
    with response:
        if response.status != HTTPStatus.PARTIAL_CONTENT:
            message = f"{part.service} of {site.here} answers {response.status} to a range"
            raise Refusal(HTTPStatus.BAD_GATEWAY, message, cloud=site.here, service=part.service)
        about = [
            ("Content-Type", "application/octet-stream"),
            ("Content-Length", str(part.end - part.begin)),
        ]
        context.record.status = int(HTTPStatus.OK)
        reply = context.request.answer(HTTPStatus.OK, "OK", [*about, *context.record.extra])
        try:
            async for piece in response.body:
                if not await give(context.request, context.record, reply, piece):
                    return
        except HttpError as error:
            context.record.fields["error"] = f"the data was cut off ({type(error).__name__})"
            context.request.abort()
            return
        reply.end()
