"""Collaborations that cannot work, refused before anything is created (DESIGN §4)."""

from http import HTTPStatus

from openstackoid.federation import Federation
from openstackoid.routing.head import SAFE_METHODS
from openstackoid.routing.refusal import Refusal
from openstackoid.scope import Cloud, Scope
from openstackoid.scope.model import BOUND, COMPUTE


def check(method: str, service: str, scope: Scope, federation: Federation, here: str) -> None:
    """Refuse to change servers in one cloud with a network, volume or placement of another.

    Reading is always allowed, and so are clouds that share the infrastructure. Raises Refusal.
    """
    compute = scope.resolve(COMPUTE)
    if service != COMPUTE or method in SAFE_METHODS or not isinstance(compute, Cloud):
        return
    for bound in BOUND:
        other = scope.resolve(bound)
        if isinstance(other, Cloud) and not federation.shares(bound, compute.name, other.name):
            raise Refusal(
                HTTPStatus.BAD_REQUEST,
                f"a server in {compute.name} cannot use the {bound} of {other.name}: they are "
                f"different infrastructures. Leave {bound} out of the scope, so that it follows "
                f'compute, or take both in one cloud: {{"compute": "{other.name}"}}. If the two '
                f"clouds do share their {bound}, the federation file can say so under shared.",
                cloud=here,
                service=service,
            )
