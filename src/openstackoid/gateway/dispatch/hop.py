"""What one cloud gets of a request: the token, the scope and the path that it can take."""

import time
from typing import NamedTuple

from openstackoid import identity
from openstackoid.federation import Federation
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.trust.foreign_tokens import Foreign, Ids
from openstackoid.routing import Head, Route, Target, target


class Passage(NamedTuple):
    """A request on its way to one cloud.

    `ids` are project ids, from those there to those that the client knows. `validation` tells that
    a service asks for the token of another cloud.
    """

    head: Head
    route: Route
    goal: Target
    ids: Ids
    validation: bool


async def passage(
    head: Head,
    route: Route,
    cloud: str,
    federation: Federation,
    here: str,
    upstream: Upstream,
    foreign: Foreign,
    *,
    proven: bool,
) -> Passage:
    """Return a request as a cloud is to get it.

    `proven` tells that it comes from the gateway it says, by signature or certificate.
    Raises Refusal, before anything is executed, where the cloud lacks the service or would not take
    the token.
    """
    head, route = identity.exchange(head, route, cloud, federation, here)
    goal = target(route, cloud, federation, here)
    if not goal.remote:
        keys = upstream.peers.keys
        head, route = identity.opened(head, route, here, keys, time.time(), proven=proven)
    route, goal, ids = await foreign.admit(head, route, goal)
    validation = identity.validates_at_home(head, route, goal)
    if validation:
        foreign.check(head.method, route, goal)
    return Passage(head, route, goal, ids, validation)
