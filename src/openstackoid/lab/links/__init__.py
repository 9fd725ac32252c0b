"""The links between the clouds of a lab, which can be delayed, cut and blackholed.

Each cloud has one process for the links it starts. For every port of every other cloud's frontends
it listens at an address of its own (`addresses.link`), which the cloud's gateway connects to in
place of the frontend, and passes bytes on. A link refuses connections while the frontend does.
"""

from openstackoid.lab.links.condition import BLACKHOLE, CUT, WHOLE, Condition, State

__all__ = ["BLACKHOLE", "CUT", "WHOLE", "Condition", "State"]
