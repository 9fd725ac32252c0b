"""Asks the gateways of other clouds for data, part by part, and believes none of them."""

import asyncio
from collections.abc import Callable

import msgspec

from openstackoid.federation import Federation
from openstackoid.gateway.forwarding import questions
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import HttpError
from openstackoid.gateway.replicas.messages import Part
from openstackoid.message import DATA
from openstackoid.routing import Refusal

PATIENCE = 60.0
"""Seconds that a part may take: whoever is slower, or says nothing, is not waited for."""


class NoPartError(Exception):
    """A cloud does not give a part; the message says why."""


class Sources:
    """The gateways of other clouds; `is_up` says of one whether it is there."""

    def __init__(
        self,
        federation: Federation,
        here: str,
        upstream: Upstream,
        is_up: Callable[[str], bool],
    ) -> None:
        self._federation = federation
        self._here = here
        self._upstream = upstream
        self.is_up = is_up

    async def part(self, cloud: str, part: Part) -> bytes:
        """Return a part as a cloud gives it: as many bytes as it has; raises NoPartError."""
        size = part.end - part.begin
        body = msgspec.json.encode(part)
        data = bytearray()
        try:
            async with asyncio.timeout(PATIENCE):
                response = await questions.asked(
                    self._upstream, self._federation, self._here, cloud, DATA, body
                )
                if response is None:
                    raise NoPartError("it has no gateway")
                with response:
                    if response.status != 200:
                        raise NoPartError(f"it answers {response.status}")
                    async for piece in response.body:
                        data += piece
                        if len(data) > size:
                            raise NoPartError("it gives more than was asked for")
        except Refusal as refusal:
            raise NoPartError(refusal.message) from refusal
        except TimeoutError as error:
            raise NoPartError(f"it has not given a part within {PATIENCE:g} s") from error
        except HttpError as error:
            raise NoPartError("it has broken off") from error
        if len(data) != size:
            raise NoPartError("it gives less than was asked for")
        return bytes(data)
