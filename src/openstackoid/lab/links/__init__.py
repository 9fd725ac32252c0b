"""The links between the clouds of a lab, which can be delayed, cut and blackholed.

Each cloud has one process for its links to other clouds. For every port of another cloud's
frontends it listens at an address of its own (`addresses.link`). The cloud's gateway connects to
that address in place of the frontend, and the process forwards the bytes. A link refuses
connections while the frontend does.
"""

from openstackoid.lab.links.condition import BLACKHOLE, CUT, WHOLE, Condition, State

__all__ = ["BLACKHOLE", "CUT", "WHOLE", "Condition", "State"]
