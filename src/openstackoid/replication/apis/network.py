"""Networks, as Neutron has them.

See https://docs.openstack.org/api-ref/network/v2/#networks.
"""

from openstackoid.replication.apis.neutron import AFTERWARDS, TEXTS, Neutron, Part, is_bool
from openstackoid.replication.kinds import Joined, Kind, Recognized

NETWORK = Neutron(
    kind=Kind(
        "network",
        Recognized.MARK,
        {
            "name": Joined.WHOLE,
            "description": Joined.WHOLE,
            "up": Joined.WHOLE,
            "tags": Joined.BY_ELEMENT,
        },
        afterwards=AFTERWARDS,
    ),
    service="network",
    one="network",
    collection="networks",
    parts={**TEXTS, "up": Part("admin_state_up", is_bool, default=True)},
)
