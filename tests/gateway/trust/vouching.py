"""Assertions as a test makes them: of CloudOne, for CloudTwo, with keys that the test has."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.keystone import THEIRS
from gateway.played import Answered, Clouds
from identity.alice import CLAIMS, assertion_key
from msgspec import structs

from openstackoid.gateway.trust.confirming import Confirming
from openstackoid.identity import keys as key_files
from openstackoid.identity.assertion import Claims, sign
from openstackoid.identity.confirmation import Asked, BadConfirmationError
from openstackoid.identity.issuer_secrets import completed
from openstackoid.identity.keys import Keys
from openstackoid.identity.signature import Crossing, Told
from openstackoid.identity.signature import sign as signed
from openstackoid.message import Headers

TOKEN = "gAAAAAB-a-token-that-must-not-be-logged"
SCOPE = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'
BACK = (
    '{"*":"CloudOne","block-storage":"CloudTwo","compute":"CloudTwo","identity":"CloudOne",'
    '"image":"CloudOne","network":"CloudTwo","placement":"CloudTwo"}'
)


@dataclass
class Vouching:
    """The clouds, and the keys of their gateways."""

    clouds: Clouds

    def keys(self, cloud: str) -> Keys:
        """Return the keys of a cloud's gateway."""
        entry = self.clouds.document["clouds"][cloud]
        return key_files.read(Path(self.clouds.file.with_name(entry["own"]["keys"])))

    def claims(self, **changes: object) -> Claims:
        """Return what CloudOne says of alice to CloudTwo, with changes."""
        now = int(time.time())
        claims = structs.replace(
            CLAIMS,
            iss="CloudOne",
            aud="CloudTwo",
            presenter="CloudOne",
            sub="0" * 32,
            project=(THEIRS, "demo", "Default"),
            services=("image",),
            iat=now - 10,
            exp=now + 600,
        )
        return structs.replace(claims, **changes)

    def assertion(self, signer: str = "CloudOne", **changes: object) -> str:
        """Return an assertion that a cloud's gateway has signed."""
        key = assertion_key(self.keys(signer))
        return sign(completed(self.claims(**changes), TOKEN, key), key)

    async def present(
        self,
        assertion: str,
        *more: str,
        at: str = "CloudTwo",
        by: str | None = "CloudOne",
        service: str = "image",
        scope: str = SCOPE,
        path: str = "/v2/images",
        method: str = "GET",
        subject: str | None = None,
        told: Told | None = None,
        body: bytes = b"",
    ) -> Answered:
        """Bring an assertion to a service of a cloud, proven to come from another's gateway."""
        prefix = f"/{service}" if at == "CloudOne" else ""
        headers = [("X-Auth-Token", f"{assertion}!SCOPE!{scope}")] if assertion else []
        if subject is not None:
            headers.append(("X-Subject-Token", f"{subject}!SCOPE!{scope}"))
        if by is not None:
            headers = [("X-Scope", scope), ("X-Scope-Service", service), *headers]
            crossing = Crossing(by, at, service, method, prefix + path, Headers(headers))
            proof = signed(crossing, self.keys(by).sign, time.time(), told)
            headers += [("Via", f"1.1 {by} (openstackoid)"), ("X-Scope-Proof", proof)]
        lines = [f"{name}: {value}" for name, value in headers]
        return await self.clouds.ask(at, service, path, *lines, *more, method=method, body=body)

    def received(self, cloud: str, service: str = "image") -> str:
        """Return the only token that a service has got."""
        (request,) = self.clouds.backends[cloud][service].requests
        (token,) = request.values("x-auth-token")
        return token

    async def whose(self, token: str, at: str = "CloudTwo", *more: str) -> Answered:
        """Ask whose a token is, as a service of a cloud does."""
        asking = (f"X-Subject-Token: {token}", "X-Auth-Token: a-service-s-own", *more)
        return await self.clouds.ask(at, "identity", "/v3/auth/tokens", *asking)


async def no_answer(issuer: str, asked: Sequence[Asked]) -> str:
    """Answer no question, as an issuer that cannot be reached."""
    raise BadConfirmationError(f"{issuer} is away")


def unasked(here: str) -> Confirming:
    """Return the confirmations of a cloud whose questions nobody answers."""
    return Confirming(here, no_answer)


def why(answered: Answered, status: int = 401) -> str:
    """Return the message of a refusal."""
    assert answered.status == status, answered.body
    return str(json.loads(answered.body)["error"]["message"])
