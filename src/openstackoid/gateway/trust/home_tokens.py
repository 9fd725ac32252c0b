"""Asks this cloud's Keystone about tokens by the gateway's account, and remembers the answers."""

import hashlib
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from openstackoid.gateway.trust.remembered import Remembered
from openstackoid.gateway.trust.service_account import AccountError, ServiceAccount
from openstackoid.identity import witness as witnesses
from openstackoid.identity.sealing import is_sealed
from openstackoid.identity.token_document import Distrust, seconds_of, token_of, written
from openstackoid.identity.witness import Witness

KNOWN, UNKNOWN = 20.0, 5.0
"""Seconds that an answer is remembered, and that it is that a token is unknown."""

ASKERS = 60.0
"""Seconds that it is remembered whether a service may ask whose a token is."""

MAX_TOKENS = 10_000
"""Tokens of which something is remembered."""

STANDS = 3600
"""Seconds for which services take a user whose right to an operation stands."""

_VALIDATION = "/v3/auth/tokens?nocatalog=1"
_ACCESS_RULES = ("OpenStack-Identity-Access-Rules", "1.0")


class HomeTokens:
    """What the Keystone of this cloud says of tokens."""

    def __init__(self, account: ServiceAccount) -> None:
        self._account = account
        self._has_asked = False
        self._documents: Remembered[tuple[bytes, bool], dict[str, Any] | None]
        self._documents = Remembered(MAX_TOKENS)
        self._askers: Remembered[bytes, HTTPStatus] = Remembered(MAX_TOKENS)
        self._witnesses: Remembered[Witness, dict[str, Any] | None] = Remembered(MAX_TOKENS)

    async def document(self, token: str, *, late: bool = False) -> dict[str, Any] | None:
        """Return the document of a token, without a catalog; None for one that is not valid.

        It has the key `token`; what is in that may be of any shape. `late`: also of a token that
        has expired. Raises AccountError.
        """

        async def ask() -> tuple[dict[str, Any] | None, float]:
            path = f"{_VALIDATION}&allow_expired=1" if late else _VALIDATION
            status, found = await self._account.asked(
                path, [("X-Subject-Token", token), _ACCESS_RULES]
            )
            if status == HTTPStatus.OK:
                self._has_asked = True
                document = _checked(found)
                return document, KNOWN if late else min(KNOWN, _left(document))
            # 403 is about a token of a Keystone trust, too, whose trustor is disabled or has lost a
            # role (keystone.models.token_model): if the account may ask about others.
            refused = status == HTTPStatus.FORBIDDEN and self._has_asked
            if status == HTTPStatus.NOT_FOUND or refused:
                return None, UNKNOWN
            raise AccountError(
                f"Keystone answered {status} where the account asked about a token; give its user "
                "the role reader on the system"
            )

        return await self._documents.get_or_ask((_digest(token), late), ask)

    async def standing(self, own: str, *, late: bool = False) -> dict[str, Any] | None:
        """Return the document of what an assertion of this cloud has in it; None if it is over.

        That is a token, or what was written down of a user. It must have been decrypted here: a
        user could write it. Raises AccountError.
        """
        witness = witnesses.read(own)
        if witness is None:
            return await self.document(own, late=late)

        async def ask() -> tuple[dict[str, Any] | None, float]:
            if not await self._stands(witness):
                return None, UNKNOWN
            now = int(time.time())
            return witnesses.document_of(witness, written(now), written(now + STANDS)), KNOWN

        return await self._witnesses.get_or_ask(witness, ask)

    async def _stands(self, witness: Witness) -> bool:
        """Return whether a user still is what was written down of him; raises AccountError."""
        user, project = quote(witness.user.id, safe=""), quote(witness.project.id, safe="")
        paths = {f"/v3/users/{user}": "user", f"/v3/projects/{project}": "project"}
        if witness.credential is not None:
            credential = quote(witness.credential, safe="")
            paths[f"/v3/users/{user}/application_credentials/{credential}"] = (
                "application_credential"
            )
        for path, key in paths.items():
            found = await self._found(path, key)
            if found is None or found.get("enabled", True) is not True:
                return False
        query = {"user.id": witness.user.id, "scope.project.id": witness.project.id}
        given = await self._found(f"/v3/role_assignments?{urlencode(query)}&effective", None)
        with self._account.reading():
            roles = {one["role"]["id"] for one in (given or {})["role_assignments"]}
        return roles.issuperset(role.id for role in witness.roles)

    async def _found(self, path: str, key: str | None) -> dict[str, Any] | None:
        """Return what Keystone has at a path, None if nothing; raises AccountError."""
        status, document = await self._account.asked(path)
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status != HTTPStatus.OK:
            raise self._account.failed(
                f"Keystone answered {status} to GET {path.partition('?')[0]}; give its user the "
                "role reader on the system"
            )
        with self._account.reading():
            if not isinstance(document, dict):
                raise TypeError
            return dict(document if key is None else document[key])

    async def is_ours(self, token: str) -> bool:
        """Return whether a token, said to be another cloud's, is one of the Keystone here.

        A gateway without an account cannot tell, and takes it for the other's. Raises AccountError.
        """
        known = self._account.exists and not is_sealed(token)
        return known and await self.document(token) is not None

    async def may_ask(self, token: str) -> HTTPStatus:
        """Return 200 if a token's user may ask whose others' tokens are, else what Keystone says.

        Keystone itself decides, by its policy: it is asked about a token that is another's.
        Raises AccountError.
        """

        async def ask() -> tuple[HTTPStatus, float]:
            status = await self._account.answered(_VALIDATION, token)
            if status not in {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
                raise AccountError(f"Keystone answered {status} to a service; see its log")
            return HTTPStatus(status), ASKERS if status == HTTPStatus.OK else UNKNOWN

        return await self._askers.get_or_ask(_digest(token), ask)


def _checked(document: object) -> dict[str, Any]:
    """Return the document of a token; raises AccountError if it is none."""
    try:
        return {"token": token_of(document)}
    except Distrust as error:
        raise AccountError(
            "Keystone answered 200 where the account asked about a token, and gave no document of "
            "one; look at what answers at its address"
        ) from error


def _left(document: dict[str, Any]) -> float:
    """Return how many seconds a token is valid yet; 0 if its document does not say."""
    try:
        return seconds_of(document["token"], "expires_at") - time.time()
    except Distrust:
        return 0.0


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
