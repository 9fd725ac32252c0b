"""The decision what is to happen to a request, from its head alone: pure, no I/O, no clock."""

from openstackoid.routing.refusal import Refusal
from openstackoid.routing.route import Destination, Route, decide, destination_of, narrowed
from openstackoid.routing.via import via_entry

__all__ = [
    "Destination",
    "Refusal",
    "Route",
    "decide",
    "destination_of",
    "narrowed",
    "via_entry",
]
