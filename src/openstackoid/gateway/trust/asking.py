"""Asks the gateways of other clouds whether their assertions, which are used here, still stand."""

import asyncio
import os
from collections.abc import Callable, Sequence
from http import HTTPStatus

import msgspec

from openstackoid.federation import Federation
from openstackoid.gateway.forwarding import questions
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import HttpError, Response
from openstackoid.gateway.trust.confirmed import Times
from openstackoid.identity.confirmation import (
    MAX_ANSWER,
    PATH,
    Asked,
    BadConfirmationError,
    question,
    said_in,
)
from openstackoid.identity.keys import assertion_signers
from openstackoid.routing import Refusal


class Reply(msgspec.Struct, frozen=True):
    """The body of a reply: the answer, signed."""

    answer: str


class Asking:
    """Asks issuers of assertions by one federation file, as the gateway of the cloud `here`."""

    def __init__(
        self, federation: Federation, here: str, upstream: Upstream, seconds: float = Times().answer
    ) -> None:
        self._federation = federation
        self._here = here
        self._upstream = upstream
        self._seconds = seconds

    async def ask(
        self, issuer: str, asked: Sequence[Asked], is_blocked: Callable[[str], bool]
    ) -> str:
        """Return what an issuer says of assertions: a letter for each.

        `is_blocked` says whether the operator has blocked the key with an id. Raises
        BadConfirmationError for everything that is no answer of its own to this question.
        """
        cloud = self._federation.clouds.get(issuer)
        if cloud is None:
            raise BadConfirmationError("it is not in the federation file any more")
        body = question(asked, os.urandom(16))
        try:
            async with asyncio.timeout(self._seconds):
                text = await self._sent(issuer, body)
        except (HttpError, TimeoutError) as error:
            message = f"there is no whole answer within {self._seconds:g} s"
            raise BadConfirmationError(message) from error
        except Refusal as refusal:
            raise BadConfirmationError(refusal.message) from refusal
        signers = [one for one in assertion_signers(cloud.keys) if not is_blocked(one.id)]
        return said_in(text, body, issuer, self._here, signers)

    async def _sent(self, issuer: str, body: bytes) -> str:
        """Send a question, and return the signed answer, which is not verified yet."""
        answer = await questions.asked(
            self._upstream, self._federation, self._here, issuer, PATH, body
        )
        if answer is None:
            raise BadConfirmationError("its cloud has no gateway")
        with answer:
            return await _read(answer)


async def _read(answer: Response) -> str:
    """Return the answer in a reply; raises HttpError, and BadConfirmationError."""
    if answer.status != HTTPStatus.OK:
        raise BadConfirmationError(
            f"it answers {answer.status}; its gateway may be of an older release, and its log may "
            "say why"
        )
    data = bytearray()
    async for piece in answer.body:
        data += piece
        if len(data) > 2 * MAX_ANSWER:
            raise BadConfirmationError("its answer is too long")
    try:
        return msgspec.json.decode(bytes(data), type=Reply).answer
    except (ValueError, RecursionError):
        pass  # the error of a decoder may quote what it has read
    raise BadConfirmationError("its answer is not JSON as gateways write it")
