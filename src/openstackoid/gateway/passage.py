"""What one cloud gets of a request: the token, the scope and the path that it can take."""

import time
from dataclasses import dataclass

from openstackoid import identity
from openstackoid.federation import Federation
from openstackoid.gateway.foreign import Foreign, Ids
from openstackoid.gateway.upstream import Upstream
from openstackoid.routing import Head, Route, Target, target


@dataclass(frozen=True, slots=True)
class Passage:
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
) -> Passage:
    """Return a request as a cloud is to get it.

    Raises Refusal, before anything is executed, where the cloud lacks the service or would not take
    the token.
    """
    head, route = identity.exchange(head, route, cloud, federation)
    goal = target(route, cloud, federation, here)
    if not goal.remote:
        head = identity.opened(head, route, here, upstream.peers.keys, time.time())
    route, goal, ids = await foreign.admit(head, route, goal)
    validation = identity.validates_at_home(head, route, goal)
    if validation:
        foreign.check(route, goal)
    return Passage(head, route, goal, ids, validation)
