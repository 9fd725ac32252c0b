"""Real, independent OpenStack clouds on one machine, to try OpenStackoïd and to test it."""

from openstackoid.lab.cloud import LabCloud
from openstackoid.lab.errors import LabError
from openstackoid.lab.lab import Lab
from openstackoid.lab.links import BLACKHOLE, CUT, WHOLE, Condition

__all__ = ["BLACKHOLE", "CUT", "WHOLE", "Condition", "Lab", "LabCloud", "LabError"]
