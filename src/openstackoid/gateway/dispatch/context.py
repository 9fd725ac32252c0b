"""Holds an admitted request, with what dispatch needs to carry it out."""

from typing import NamedTuple

from openstackoid.gateway.admission.limits import Limits
from openstackoid.gateway.dispatch.health import Health
from openstackoid.gateway.dispatch.open_writes import OpenWrites
from openstackoid.gateway.dispatch.site import Site
from openstackoid.gateway.front import Request
from openstackoid.gateway.reporting.access_record import AccessRecord
from openstackoid.message import Head
from openstackoid.routing import Route


class Context(NamedTuple):
    """An admitted request.

    `proven`: a signature or certificate proves that it comes from the gateway that it names.
    """

    request: Request
    record: AccessRecord
    site: Site
    health: Health
    head: Head
    route: Route
    proven: bool
    limits: Limits
    open_writes: OpenWrites

    def charge(self, requests: int) -> None:
        """Charge the sender, unless it is a proven gateway, for the work of so many requests."""
        if requests and not self.proven:
            self.limits.charge(self.request.remote, requests)
