"""Checks whether the clouds of a federation are as its file says: `federation check --live`."""

from openstackoid.livecheck.catalogs import Account, accounts
from openstackoid.livecheck.check import Checked, check

__all__ = ["Account", "Checked", "accounts", "check"]
