"""Whose an assertion of home's own is: by the answering part alone, with a Keystone's answers."""

import asyncio
from pathlib import Path
from typing import Any, cast

from gateway.trust.strange import documents
from gateway.trust.test_issuing_alone import FEDERATION, KEY, KEYS, Played
from gateway.trust.vouching import unasked
from hypothesis import given, settings
from identity.sizes import HOME, SHORT

from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.trust.assertions import Assertions
from openstackoid.gateway.trust.local_keystone import LocalKeystone
from openstackoid.gateway.trust.made import Made
from openstackoid.identity.assertion import sign
from openstackoid.identity.callers import Reach
from openstackoid.identity.issuer_secrets import completed, stamp_secret
from openstackoid.identity.stamp import stamped
from openstackoid.identity.subject import claims_of
from openstackoid.identity.token_document import role_names, roles_of, token_of
from openstackoid.message import Head, Headers
from openstackoid.routing import decide
from openstackoid.scope import join, parse

SHORT_ROLES = role_names(token_of(SHORT))
CATALOG: list[dict[str, Any]] = [{"type": "image", "endpoints": []}]


class Catalog(LocalKeystone):
    """A Keystone that has a catalog, and nothing else."""

    def __init__(self) -> None:
        """Know nothing but that."""

    async def catalog(self, project_id: str) -> list[dict[str, Any]]:
        """Return it."""
        return CATALOG


class Asked(Played):
    """The Keystone of CloudOne, which lets everybody ask."""

    async def may_ask(self, token: str) -> Any:
        """Return that one may."""
        return 200


def subject() -> str:
    """Return an assertion of CloudOne for itself, as its services have it."""
    reach = Reach(("image",), (), ())
    claims = claims_of(SHORT, reach, (HOME, HOME, "CloudTwo"), longest=3600, now=0)
    token = stamped(sign(completed(claims, "t", KEY), KEY), stamp_secret(KEY))
    return join(token, parse("image=CloudOne").completed(HOME))


@settings(max_examples=200)
@given(documents(SHORT))
def test_a_document_of_any_shape_is_passed_on_with_the_catalog(document: dict[str, Any]) -> None:
    """Home's Keystone says who its user is; the gateway adds where the services are."""
    tokens = cast("Any", Asked({"t": document}))
    made = Made(Path("nowhere"))
    nowhere = cast("Upstream", None)
    answering = Assertions.of(
        FEDERATION, HOME, (KEYS,), Catalog(), tokens, made, nowhere, unasked(HOME)
    ).answering
    headers = Headers(
        [("Host", HOME.lower()), ("X-Auth-Token", "svc"), ("X-Subject-Token", subject())]
    )
    head = Head("GET", "/identity/v3/auth/tokens", headers, 80)
    route = decide(head, FEDERATION, HOME)
    answer = asyncio.run(answering.answer(head, route, proven=False))
    roles = [r for r in roles_of(document["token"]) if r.get("name") in SHORT_ROLES]
    assert answer == {"token": document["token"] | {"catalog": CATALOG, "roles": roles}}
