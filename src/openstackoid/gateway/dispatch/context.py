"""Holds an admitted request, with what dispatch needs to carry it out."""

from typing import NamedTuple

from openstackoid.gateway.admission.peers import Proof
from openstackoid.gateway.dispatch.site import Site
from openstackoid.gateway.dispatch.state import State
from openstackoid.gateway.front import Request
from openstackoid.gateway.reporting.access_record import AccessRecord
from openstackoid.message import Head
from openstackoid.routing import Route


class Context(NamedTuple):
    """An admitted request; `proof` has what proves that it comes from the gateway that it names."""

    request: Request
    record: AccessRecord
    site: Site
    state: State
    head: Head
    route: Route
    proof: Proof

    @property
    def proven(self) -> bool:
        """Whether a signature or certificate proves where the request comes from."""
        return bool(self.proof.by)

    def charge(self, requests: int) -> None:
        """Charge the sender, unless it is a proven gateway, for the work of so many requests."""
        if requests and not self.proven:
            self.state.limits.charge(self.request.remote, requests)
