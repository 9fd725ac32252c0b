"""Holds what a worker remembers from one request to the next, whatever the federation file says."""

from dataclasses import dataclass, field
from pathlib import Path

from openstackoid.gateway.admission.blocklist import Blocklist
from openstackoid.gateway.admission.limits import Limits
from openstackoid.gateway.admission.logins import Logins
from openstackoid.gateway.admission.places import Places
from openstackoid.gateway.admission.users import Users
from openstackoid.gateway.dispatch.open_writes import OpenWrites
from openstackoid.gateway.forwarding.health import Health
from openstackoid.gateway.reporting.turned_away import TurnedAway
from openstackoid.journal.link import Link

QUESTIONS = 64
"""Questions about replicas of one cloud that are answered at a time; some wait for a copy."""


@dataclass(frozen=True, slots=True)
class State:
    """The limits, the clouds that are down, and the users that are known to one worker.

    `journal` is None for a gateway that keeps none, and so is `replicas`, the directory of the
    process that keeps them. `places` are for the questions of other gateways about those.
    """

    limits: Limits
    blocklist: Blocklist
    health: Health
    logins: Logins
    turned_away: TurnedAway
    journal: Link | None = None
    open_writes: OpenWrites = field(default_factory=OpenWrites)
    users: Users = field(default_factory=Users)
    replicas: Path | None = None
    places: Places = field(default_factory=lambda: Places("", QUESTIONS))
