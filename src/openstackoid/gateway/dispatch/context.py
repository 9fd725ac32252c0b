"""One admitted request, with all that carrying it out needs to know of it."""

from dataclasses import dataclass

from openstackoid.gateway.dispatch.health import Health
from openstackoid.gateway.dispatch.site import Site
from openstackoid.gateway.front import Request
from openstackoid.gateway.reporting.access_record import AccessRecord
from openstackoid.message import Head
from openstackoid.routing import Route


@dataclass(frozen=True, slots=True)
class Context:
    """A request on its way through the gateway.

    `proven` tells that it comes from the gateway it says, by signature or certificate.
    """

    request: Request
    record: AccessRecord
    site: Site
    health: Health
    head: Head
    route: Route
    proven: bool
