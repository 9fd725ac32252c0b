"""Says to other clouds' gateways whether assertions of this cloud, which they were given, stand."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from http import HTTPStatus

from openstackoid.gateway.admission.places import Places
from openstackoid.gateway.trust.home_tokens import HomeTokens
from openstackoid.gateway.trust.service_account import AccountError
from openstackoid.identity.assertion import BadAssertionError
from openstackoid.identity.confirmation import (
    LIVES,
    REVOKED,
    UNKNOWN,
    Asked,
    BadConfirmationError,
    answer,
    asked_in,
)
from openstackoid.identity.issuer_secrets import Parties, token_within
from openstackoid.identity.keys import SigningKey
from openstackoid.routing import Refusal
from openstackoid.services import IDENTITY

AT_ONCE = 8
"""Tokens about which Keystone is asked at a time, for one cloud."""

QUESTIONS = 16
"""Questions of one cloud that are answered at a time: each of its workers asks by itself."""

SECONDS = 2.0
"""After so long the answer is given: what Keystone has not said by then is unknown."""


class Standing:
    """Answers for the cloud `here`, by what its Keystone says of the tokens in assertions."""

    def __init__(
        self, here: str, keys: Sequence[SigningKey], tokens: HomeTokens, seconds: float = SECONDS
    ) -> None:
        self._here = here
        self._keys = keys
        self._tokens = tokens
        self._seconds = seconds
        self.place = Places(here, QUESTIONS).place
        self._slots: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(AT_ONCE)
        )

    async def answer(self, sender: str, body: bytes) -> str:
        """Return the signed answer to a question of a cloud that has proven itself.

        Raises Refusal.
        """
        if not self._keys:
            message = (
                f"the gateway of {self._here} has no key for assertions; its operator makes one: "
                "openstackoid federation keys"
            )
            raise self._refusal(HTTPStatus.SERVICE_UNAVAILABLE, message)
        try:
            asked = asked_in(body)
        except BadConfirmationError as error:
            message = f"the question of the gateway of {sender} is not answered: {error}"
            raise self._refusal(HTTPStatus.BAD_REQUEST, message) from error
        said = await self._said(sender, asked)
        return answer(body, said, self._here, sender, self._keys[0])

    async def _said(self, sender: str, asked: Sequence[Asked]) -> str:
        """Return a letter for each assertion, UNKNOWN for what Keystone does not say in time."""
        tasks = [asyncio.create_task(self._letter(sender, one)) for one in asked]
        try:
            done, _ = await asyncio.wait(tasks, timeout=self._seconds)
        finally:
            for task in tasks:
                task.cancel()  # which does nothing to those that are done
        return "".join(task.result() if task in done else UNKNOWN for task in tasks)

    async def _letter(self, sender: str, asked: Asked) -> str:
        """Return what Keystone says of the token in an assertion that a cloud was given."""
        parties = Parties(self._here, sender, asked.presenter, asked.jti)
        try:
            token = token_within(asked.own, parties, self._keys)
            async with self._slots[sender]:
                document = await self._tokens.standing(token, late=True)
        except (AccountError, BadAssertionError):
            return UNKNOWN
        return REVOKED if document is None else LIVES

    def _refusal(self, status: HTTPStatus, message: str) -> Refusal:
        return Refusal(status, message, cloud=self._here, service=IDENTITY, sent=False)
