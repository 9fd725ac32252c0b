"""Reads the body of a request that has to be known as a whole."""

from collections.abc import AsyncIterator
from http import HTTPStatus

from openstackoid.gateway.dispatch.context import Context
from openstackoid.routing import Refusal

MAX_REQUEST = 2**20
"""Bytes of a JSON request to several clouds, which is held in memory; uploads are streamed."""


async def read_all(context: Context, body: AsyncIterator[bytes]) -> bytes:
    """Read a body to its end; raises Refusal if it is longer than MAX_REQUEST."""
    data = bytearray()
    async for piece in body:
        data += piece
        if len(data) > MAX_REQUEST:
            message = f"a request to several clouds takes at most {MAX_REQUEST} bytes"
            here, service = context.site.here, context.route.service
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise Refusal(status, message, cloud=here, service=service)
    return bytes(data)
