"""Asks this cloud's Keystone about tokens by the gateway's account, and remembers the answers."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from http import HTTPStatus
from typing import Any

from openstackoid.gateway.trust.local_keystone import AccountError, LocalKeystone
from openstackoid.identity.sealing import is_sealed
from openstackoid.identity.token_document import Distrust, seconds_of, token_of

KNOWN, UNKNOWN = 20.0, 5.0
"""Seconds that an answer is remembered, and that it is that a token is unknown."""

ASKERS = 60.0
"""Seconds that it is remembered whether a service may ask whose a token is."""

MAX_TOKENS = 10_000
"""Tokens of which something is remembered; the one that was asked about first goes first."""

_VALIDATION = "/v3/auth/tokens?nocatalog=1"
_ACCESS_RULES = ("OpenStack-Identity-Access-Rules", "1.0")


class HomeTokens:
    """What the Keystone of this cloud says of tokens."""

    def __init__(self, keystone: LocalKeystone) -> None:
        self._keystone = keystone
        self._answers: OrderedDict[bytes, tuple[float, Any]] = OrderedDict()
        self._asking: dict[bytes, asyncio.Lock] = {}

    async def document(self, token: str, *, late: bool = False) -> dict[str, Any] | None:
        """Return the document of a token, without a catalog; None for one that is not valid.

        `late`: also of a token that has expired. Raises AccountError.
        """
        path = f"{_VALIDATION}&allow_expired=1" if late else _VALIDATION

        async def ask() -> tuple[dict[str, Any] | None, float]:
            status, found = await self._keystone.asked(
                path, [("X-Subject-Token", token), _ACCESS_RULES]
            )
            if status == HTTPStatus.OK:
                return found, KNOWN if late else min(KNOWN, _left(found))
            if status == HTTPStatus.NOT_FOUND:
                return None, UNKNOWN
            raise AccountError(
                f"Keystone answered {status} where the account asked about a token; give its user "
                "the role reader on the system"
            )

        found: dict[str, Any] | None = await self._remembered(_key("late" * late, token), ask)
        return found

    async def is_ours(self, token: str) -> bool:
        """Return whether a token, said to be another cloud's, is one of the Keystone here.

        A gateway without an account cannot tell, and takes it for the other's. Raises AccountError.
        """
        known = self._keystone.has_account and not is_sealed(token)
        return known and await self.document(token) is not None

    async def may_ask(self, token: str) -> HTTPStatus:
        """Return 200 if a token's user may ask whose others' tokens are, else what Keystone says.

        Keystone itself decides, by its policy: it is asked about a token that is another's.
        Raises AccountError.
        """

        async def ask() -> tuple[HTTPStatus, float]:
            status = await self._keystone.answered(_VALIDATION, token)
            if status not in {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
                raise AccountError(f"Keystone answered {status} to a service; see its log")
            return HTTPStatus(status), ASKERS if status == HTTPStatus.OK else UNKNOWN

        status: HTTPStatus = await self._remembered(_key("asker", token), ask)
        return status

    async def _remembered(self, key: bytes, ask: Any) -> Any:
        """Return a remembered answer, or ask once, however many requests wait for it."""
        if (known := self._answers.get(key)) and known[0] > time.monotonic():
            return known[1]
        async with self._asking.setdefault(key, asyncio.Lock()):
            try:
                if (known := self._answers.get(key)) and known[0] > time.monotonic():
                    return known[1]
                answer, seconds = await ask()
                self._answers.pop(key, None)
                self._answers[key] = time.monotonic() + seconds, answer
                if len(self._answers) > MAX_TOKENS:
                    self._answers.popitem(last=False)
                return answer
            finally:
                self._asking.pop(key, None)


def _left(document: object) -> float:
    """Return how many seconds a token is valid yet; 0 if its document does not say."""
    try:
        return seconds_of(token_of(document), "expires_at") - time.time()
    except Distrust:
        return 0.0


def _key(what: str, token: str) -> bytes:
    return hashlib.sha256(f"{what} {token}".encode("utf-8", "surrogatepass")).digest()
