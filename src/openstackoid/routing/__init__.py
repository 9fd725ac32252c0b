"""The decision what is to happen to a request, from its head alone: pure, no I/O, no clock."""

from openstackoid.routing.refusal import Refusal
from openstackoid.routing.route import Route, Target, narrowed, route, target
from openstackoid.routing.via import stamp as via_stamp

__all__ = [
    "Refusal",
    "Route",
    "Target",
    "narrowed",
    "route",
    "target",
    "via_stamp",
]
