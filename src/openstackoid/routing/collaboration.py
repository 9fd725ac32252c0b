"""Refuses writes to compute that would need the network or volumes of another cloud.

See docs/decisions/0005-refuse-collaborations-that-cannot-work.md.
"""

from http import HTTPStatus

from openstackoid.federation import Federation
from openstackoid.message import SAFE_METHODS
from openstackoid.routing.refusal import Refusal
from openstackoid.scope import Scope
from openstackoid.scope.expression import clouds
from openstackoid.services import BOUND, COMPUTE


def check(method: str, service: str, scope: Scope, federation: Federation, here: str) -> None:
    """Raise Refusal for a write to compute whose scope takes a bound service in another cloud.

    Reads are always allowed, and so are clouds that share the infrastructure of the service.
    """
    if service != COMPUTE or method in SAFE_METHODS:
        return
    compute = scope.resolve(COMPUTE)
    for bound in BOUND:
        other = scope.resolve(bound)
        if compute is None or other is None or compute == other:
            continue  # the same expression: each server uses the service of its own cloud
        if pair := federation.apart(bound, clouds(compute), clouds(other)):
            one, two = pair
            raise Refusal(
                HTTPStatus.BAD_REQUEST,
                f"a server in {one} cannot use the {bound} of {two}: they are different "
                f"infrastructures. Leave {bound} out of the scope, so that it follows compute, "
                f'or take both in one cloud: {{"compute": "{two}"}}. If the two clouds do '
                f"share their {bound}, the federation file can say so under shared.",
                cloud=here,
                service=service,
            )
