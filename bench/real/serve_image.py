"""Glance as a WSGI application of a lab's cloud: its argument is the configuration's directory."""

import sys
from pathlib import Path

from openstackoid.lab.serve import applications, sqlite

sqlite.install()
application, _ = applications.image(Path(sys.argv[-1]))
