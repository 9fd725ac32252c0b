"""Real, independent OpenStack clouds on one machine, to try OpenStackoïd and to test it."""

from openstackoid.lab.cloud import LabCloud
from openstackoid.lab.errors import LabError
from openstackoid.lab.lab import Lab

__all__ = ["Lab", "LabCloud", "LabError"]
