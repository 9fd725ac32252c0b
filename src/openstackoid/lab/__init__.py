"""Runs real, independent OpenStack clouds on one machine, to try and to test OpenStackoïd."""

from openstackoid.lab.cloud import LabCloud
from openstackoid.lab.errors import LabError
from openstackoid.lab.lab import Lab
from openstackoid.lab.links import BLACKHOLE, CUT, WHOLE, Condition

__all__ = ["BLACKHOLE", "CUT", "WHOLE", "Condition", "Lab", "LabCloud", "LabError"]
