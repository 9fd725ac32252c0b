"""Puts in place of the id of a copy in one cloud the one that it has where a request goes.

A replicated network, say, has another id in each cloud. Its user may name it by any of them.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from openstackoid.gateway.dispatch.bodies import MAX_REQUEST, read_all
from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.dispatch.hop import Body
from openstackoid.gateway.replicas.link import NoReplicasError, ask
from openstackoid.gateway.replicas.messages import Translate, Translated
from openstackoid.message import is_json
from openstackoid.operators.request import Request
from openstackoid.replication.apis import ids
from openstackoid.replication.apis.table import APIS
from openstackoid.routing.scoping import AUTH_TOKEN
from openstackoid.scope import CloudRef, Expression, split
from openstackoid.scope.expression import clouds

MOST = 64
"""Ids of one request that are translated."""


class Translation(NamedTuple):
    """The ids of copies, by the cloud, and the kind and id that stand in the request.

    `taken` is where the services are taken whose resources a body names, by the kind of these.
    """

    service: str
    taken: Mapping[str, Expression | None]
    ids: Mapping[tuple[str, str, str], str]

    def target(self, cloud: str, target: str) -> str:
        """Return a target as it is sent to a cloud."""
        return ids.path_with(
            self.service, target, lambda kind, one: self.ids.get((cloud, kind, one))
        )

    def document(self, cloud: str, document: Any) -> Any:
        """Return a body as it is sent to a cloud: each id is that of where its service is taken."""
        return ids.document_with(
            self.service,
            document,
            lambda kind, one: self.ids.get((_where(self.taken[kind], cloud), kind, one)),
        )


async def translation(context: Context, document: Any) -> Translation | None:
    """Return how the ids in a request are translated, None if there is nothing to translate.

    That is where a user of this cloud takes a service elsewhere, too. If what keeps replicas does
    not answer, a request goes on as it is: ids that a cloud does not know are not found there.
    """
    route, directory = context.route, context.state.replicas
    if not _may_be_translated(context):
        return None
    assert route.scope is not None and directory is not None  # noqa: PT018, S101  (else it may not)
    in_path = ids.in_path(route.service, route.rest)
    in_body = ids.in_document(route.service, document)
    meant = tuple(dict.fromkeys([*([in_path] if in_path else []), *in_body]))[:MOST]
    if not meant:
        return None
    taken = {kind: route.scope.resolve(APIS[kind].service) for kind, _ in meant}
    others = (cloud for one in taken.values() if one is not None for cloud in clouds(one))
    named = tuple(dict.fromkeys((*clouds(route.expression), *others)))
    token = split(context.head.headers.get(AUTH_TOKEN))[0]
    try:
        said = await ask(directory, Translate(token, meant, named))
    except NoReplicasError:
        return None
    found = said.ids if isinstance(said, Translated) else ()
    by = {(cloud, kind, one): its for cloud, kind, one, its in found}
    return Translation(route.service, taken, by)


async def translated(context: Context, cloud: str, body: Body) -> tuple[str | None, Body]:
    """Return the target of a request to one cloud, None if it is as it came, and the body."""
    route, document = context.route, None
    may_name = _may_be_translated(context) and _names_in_its_body(context)
    if may_name and body is not None and not isinstance(body, bytes):
        body = await read_all(context, body)
        document = Request.of(context.head.method, route.rest, body).document
    how = await translation(context, document)
    if how is None:
        return None, body
    new = how.document(cloud, document)
    if new != document:
        body = json.dumps(new).encode()
    return how.target(cloud, route.rest), body


def _may_be_translated(context: Context) -> bool:
    """Return whether a request of a user of this cloud may name copies by ids of another one."""
    route, here = context.route, context.site.here
    if context.state.replicas is None or route.scope is None:
        return False
    if route.sender is not None or route.wallet is not None:
        return False
    return route.issuer in {None, here} and route.expression != CloudRef(here)


def _names_in_its_body(context: Context) -> bool:
    """Return whether a request has JSON, of which the table may name fields, that is not long."""
    headers = context.head.headers
    length = headers.get("content-length")
    is_short = length.isdecimal() and int(length) <= MAX_REQUEST
    return (
        is_short
        and is_json(headers)
        and ids.may_name(context.route.service, context.head.method, context.route.rest)
    )


def _where(taken: Expression | None, cloud: str) -> str:
    """Return the cloud where a request to a cloud takes a service, nothing if nobody says."""
    if isinstance(taken, CloudRef):
        return taken.name
    return cloud if taken is not None and cloud in clouds(taken) else ""
