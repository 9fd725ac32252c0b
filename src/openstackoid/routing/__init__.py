"""Decides from a request's head where it is sent, or refuses it: pure, without I/O or a clock."""

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
